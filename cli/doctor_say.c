/* How a finding of `poolminer doctor` is shown. */
#include "cli/doctor.h"
#include "cli/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/terminal.h>

enum { FOUND_SIZE = 768 };

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return pm_json_add(object, name, text != NULL ? shown_json(text) : cJSON_CreateNull());
}

static void print_json(struct doctor *doctor, const char *check, enum doctor_state state,
                       const char *found, const char *remedy)
{
    static const char *const words[DOCTOR_STATE_COUNT] = {"pass", "warn", "fail", "unknown"};
    cJSON *line = cJSON_CreateObject();
    bool built = line != NULL && pm_json_add_string(line, "check", check) &&
                 pm_json_add_string(line, "result", words[state]) &&
                 add_text(line, "found", found) && add_text(line, "remedy", remedy);
    pm_json_line_print_built(line, built, &doctor->error);
}

static void print_line(const char *check, enum doctor_state state, const char *found,
                       const char *remedy)
{
    static const char *const words[DOCTOR_STATE_COUNT] = {"pass", "warn", "FAIL", "-"};
    static const char *const colours[DOCTOR_STATE_COUNT] = {"\x1b[32m", "\x1b[33m", "\x1b[1;31m",
                                                            "\x1b[2m"};
    const bool coloured = pm_terminal_has_colour(STDOUT_FILENO);
    printf("%s%-4s%s  %-9s  ", coloured ? colours[state] : "", words[state],
           coloured ? "\x1b[0m" : "", check);
    shown_print(found, stdout);
    if (remedy != NULL) {
        fputs("; ", stdout);
        shown_print(remedy, stdout);
    }
    putchar('\n');
    fflush(stdout);
}

void doctor_say(struct doctor *doctor, const char *check, enum doctor_state state,
                const char *remedy, const char *format, ...)
{
    char found[FOUND_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    doctor->count[state]++;
    if (doctor->json) {
        print_json(doctor, check, state, found, remedy);
    } else {
        print_line(check, state, found, remedy);
    }
}
