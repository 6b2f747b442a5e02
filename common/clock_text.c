/* Times as text: ISO 8601, and HTTP dates. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <poolminer/clock.h>

void pm_clock_format_iso(int64_t unix_ms, char out[PM_CLOCK_ISO_SIZE])
{
    /* Years 0 to 9999, so that the form always fits. */
    const int64_t lowest = -62167219200000, highest = 253402300799999;
    if (unix_ms < lowest) {
        unix_ms = lowest;
    } else if (unix_ms > highest) {
        unix_ms = highest;
    }
    int64_t seconds = unix_ms / 1000, milliseconds = unix_ms % 1000;
    if (milliseconds < 0) {
        milliseconds += 1000;
        seconds--;
    }
    time_t when = (time_t)seconds;
    struct tm parts;
    gmtime_r(&when, &parts);
    char text[96]; /* room for any ints, so that the compiler need not know their range */
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
             (int)milliseconds);
    snprintf(out, PM_CLOCK_ISO_SIZE, "%.24s", text);
}

/* Exactly `count` digits; moves *p past them. */
static bool digits(const char **p, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9') {
            return false;
        }
        value = value * 10 + ((*p)[i] - '0');
    }
    *p += count;
    *out = value;
    return true;
}

static bool literal(const char **p, char expected)
{
    if (**p != expected) {
        return false;
    }
    (*p)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool to_unix_seconds(int year, int month, int day, int hour, int minute, int second,
                            int64_t *out)
{
    /* 60 is a leap second: the second after 59, as POSIX counts. */
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    parts.tm_sec = second;
    *out = (int64_t)timegm(&parts);
    return true;
}

static bool parse_fraction(const char **p, int *milliseconds)
{
    *milliseconds = 0;
    if (**p != '.' && **p != ',') {
        return true;
    }
    (*p)++;
    int count = 0, value = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++, count++) {
        if (count < 3) {
            value = value * 10 + (**p - '0');
        }
    }
    for (int i = count; i < 3; i++) {
        value *= 10;
    }
    *milliseconds = value;
    return count >= 1 && count <= 9;
}

static bool parse_zone(const char **p, int64_t *offset_seconds)
{
    *offset_seconds = 0;
    if (**p == '\0') {
        return true;
    }
    if (**p == 'Z' || **p == 'z') {
        (*p)++;
        return true;
    }
    int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
    int hours = 0, minutes = 0;
    if (sign == 0) {
        return false;
    }
    (*p)++;
    if (!digits(p, 2, &hours)) {
        return false;
    }
    if (**p == ':') {
        (*p)++;
    }
    if (!digits(p, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset_seconds = (int64_t)sign * (hours * 3600 + minutes * 60);
    return true;
}

bool pm_clock_parse_iso(const char *text, int64_t *unix_ms)
{
    const char *p = text;
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
    if (!digits(&p, 4, &year) || !literal(&p, '-') || !digits(&p, 2, &month) || !literal(&p, '-') ||
        !digits(&p, 2, &day)) {
        return false;
    }
    if (*p != 'T' && *p != 't' && *p != ' ') {
        return false;
    }
    p++;
    if (!digits(&p, 2, &hour) || !literal(&p, ':') || !digits(&p, 2, &minute) ||
        !literal(&p, ':') || !digits(&p, 2, &second)) {
        return false;
    }
    int64_t offset = 0, seconds = 0;
    if (!parse_fraction(&p, &milliseconds) || !parse_zone(&p, &offset) || *p != '\0' ||
        !to_unix_seconds(year, month, day, hour, minute, second, &seconds)) {
        return false;
    }
    *unix_ms = (seconds - offset) * 1000 + milliseconds;
    return true;
}

static bool name_of(const char **p, const char *const *names, int count, int *index)
{
    for (int i = 0; i < count; i++) {
        if (strncmp(*p, names[i], 3) == 0) {
            *p += 3;
            *index = i;
            return true;
        }
    }
    return false;
}

bool pm_clock_parse_http_date(const char *text, int64_t *unix_ms)
{
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const char *p = text;
    int weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
    if (!name_of(&p, weekdays, 7, &weekday) || !literal(&p, ',') || !literal(&p, ' ') ||
        !digits(&p, 2, &day) || !literal(&p, ' ') || !name_of(&p, months, 12, &month) ||
        !literal(&p, ' ') || !digits(&p, 4, &year) || !literal(&p, ' ') || !digits(&p, 2, &hour) ||
        !literal(&p, ':') || !digits(&p, 2, &minute) || !literal(&p, ':') ||
        !digits(&p, 2, &second) || strcmp(p, " GMT") != 0) {
        return false;
    }
    int64_t seconds = 0;
    if (!to_unix_seconds(year, month + 1, day, hour, minute, second, &seconds)) {
        return false;
    }
    *unix_ms = seconds * 1000;
    return true;
}
