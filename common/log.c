#include "common/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/terminal.h>

enum { LINE_MAX_BYTES = 2048 };

static struct {
    const char *program;
    enum pm_log_level level;
    enum pm_log_format format;
    bool coloured; /* on standard error */
    struct pm_log_file *file;
} state = {.program = "poolminer", .level = PM_LOG_INFO};

static struct {
    pthread_mutex_t mutex;
    atomic_bool watches; /* spares the lock where nobody does */
    pm_log_observer *observer;
    void *context;
} watcher = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const format_names[] = {"text", "json"};

void pm_log_init(const char *program, enum pm_log_level level, enum pm_log_format format)
{
    state.program = program;
    state.level = level;
    state.format = format;
    state.coloured = format == PM_LOG_TEXT && pm_terminal_has_colour(STDERR_FILENO);
}

void pm_log_set_file(struct pm_log_file *file)
{
    state.file = file;
}

bool pm_log_has_file(void)
{
    return state.file != NULL;
}

bool pm_log_is_json(void)
{
    return state.format == PM_LOG_JSON;
}

void pm_log_observe(pm_log_observer *observer, void *context)
{
    pthread_mutex_lock(&watcher.mutex);
    watcher.observer = observer;
    watcher.context = context;
    atomic_store(&watcher.watches, observer != NULL);
    pthread_mutex_unlock(&watcher.mutex);
}

static bool is_watched(enum pm_log_level level)
{
    return level >= PM_LOG_INFO && atomic_load(&watcher.watches);
}

static void tell_watcher(enum pm_log_level level, const char *id, const char *message,
                         int64_t unix_ms)
{
    pthread_mutex_lock(&watcher.mutex);
    if (watcher.observer != NULL) {
        watcher.observer(watcher.context, level, id, message, unix_ms);
    }
    pthread_mutex_unlock(&watcher.mutex);
}

const char *pm_log_level_name(enum pm_log_level level)
{
    return level_names[level];
}

bool pm_log_level_parse(const char *text, enum pm_log_level *out, struct pm_error *error)
{
    for (int i = PM_LOG_DEBUG; i <= PM_LOG_ERROR; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum pm_log_level)i;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "log level \"%.40s\": expected debug, info, warn or error", text);
}

bool pm_log_format_parse(const char *text, enum pm_log_format *out, struct pm_error *error)
{
    for (int i = PM_LOG_TEXT; i <= PM_LOG_JSON; i++) {
        if (strcmp(text, format_names[i]) == 0) {
            *out = (enum pm_log_format)i;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID, "log format \"%.40s\": expected text or json", text);
}

/* A line under construction; `reserve` bytes at the end are kept for what closes it. */
struct line {
    char bytes[LINE_MAX_BYTES];
    size_t length, reserve;
};

/* All or nothing, so that no escape and no character is cut in two. */
static bool put(struct line *line, const char *bytes, size_t count)
{
    if (line->length + count > LINE_MAX_BYTES - line->reserve) {
        return false;
    }
    memcpy(line->bytes + line->length, bytes, count);
    line->length += count;
    return true;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static int escape(char out[16], const char *at, size_t length, uint32_t code_point)
{
    bool json = state.format == PM_LOG_JSON;
    if (length == 0) {
        return json ? snprintf(out, 16, "\\ufffd")
                    : snprintf(out, 16, "\\x%02x", (unsigned)(unsigned char)*at);
    }
    if (code_point == '\n') {
        return snprintf(out, 16, "\\n");
    }
    if (code_point == '\t') {
        return snprintf(out, 16, "\\t");
    }
    if (code_point == '\\' || code_point == '"') {
        return snprintf(out, 16, "\\%c", (char)code_point);
    }
    return snprintf(out, 16, "\\u%04x", (unsigned)code_point);
}

/* Appends text from anywhere: bytes that are not UTF-8 and control characters become escapes. */
static void put_escaped(struct line *line, const char *text)
{
    size_t left = strlen(text);
    bool json = state.format == PM_LOG_JSON;
    while (left > 0) {
        uint32_t code_point = 0;
        size_t length = pm_utf8_sequence(text, left, &code_point);
        bool quote = code_point == '\\' || (json && code_point == '"');
        bool fits;
        if (length == 0 || pm_utf8_is_control(code_point) || quote) {
            char escaped[16];
            int count = escape(escaped, text, length, code_point);
            fits = put(line, escaped, (size_t)count);
        } else {
            fits = put(line, text, length);
        }
        if (!fits) {
            return;
        }
        size_t step = length == 0 ? 1 : length;
        text += step;
        left -= step;
    }
}

static void build_text(struct line *line, enum pm_log_level level, const char *time, const char *id,
                       const char *message, bool coloured)
{
    static const char *const names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    static const char *const colours[] = {"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"};
    const char *parts[] = {time,
                           " ",
                           coloured ? colours[level] : "",
                           names[level],
                           coloured ? "\x1b[0m" : "",
                           " ",
                           state.program,
                           " ",
                           id,
                           " "};
    line->reserve = 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        put_text(line, parts[i]);
    }
    put_escaped(line, message);
    line->reserve = 0;
    put_text(line, "\n");
}

static void build_json(struct line *line, enum pm_log_level level, const char *time, const char *id,
                       const char *message)
{
    const char *const parts[][2] = {{"{\"time\":\"", time},
                                    {"\",\"level\":\"", level_names[level]},
                                    {"\",\"program\":\"", state.program},
                                    {"\",\"id\":\"", id},
                                    {"\",\"message\":\"", message}};
    line->reserve = 3;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        put_text(line, parts[i][0]);
        put_escaped(line, parts[i][1]);
    }
    line->reserve = 0;
    put_text(line, "\"}\n");
}

struct event {
    enum pm_log_level level;
    char time[PM_CLOCK_ISO_SIZE];
    const char *id, *message;
};

static void build(struct line *line, const struct event *event, bool coloured)
{
    *line = (struct line){.length = 0};
    if (state.format == PM_LOG_JSON) {
        build_json(line, event->level, event->time, event->id, event->message);
    } else {
        build_text(line, event->level, event->time, event->id, event->message, coloured);
    }
}

static void write_line(enum pm_log_level level, const char *id, const char *message,
                       int64_t unix_ms)
{
    struct event event = {.level = level, .id = id, .message = message};
    struct line line;
    pm_clock_format_iso(unix_ms, event.time);
    if (state.file != NULL) {
        build(&line, &event, false);
        if (pm_log_file_write(state.file, line.bytes, line.length) && level < PM_LOG_WARN) {
            return;
        }
    }
    build(&line, &event, state.coloured);
    /* A log that cannot be written has nobody to be told. */
    ssize_t ignored = write(STDERR_FILENO, line.bytes, line.length);
    (void)ignored;
}

void pm_log(enum pm_log_level level, const char *id, const char *format, ...)
{
    if (level < state.level && !is_watched(level)) {
        return;
    }
    int saved_errno = errno;
    char message[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0) {
        message[0] = '\0';
    }
    va_end(arguments);
    message[pm_utf8_cut(message, strlen(message), sizeof message - 4)] = '\0';

    const int64_t unix_ms = pm_clock_unix_ms();
    if (is_watched(level)) {
        tell_watcher(level, id, message, unix_ms);
    }
    if (level >= state.level) {
        write_line(level, id, message, unix_ms);
    }
    errno = saved_errno;
}
