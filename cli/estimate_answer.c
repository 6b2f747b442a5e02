#include "cli/estimate.h"
#include "cli/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

enum { ROW_DIGITS = 10 };

static void note(struct estimate_answer *answer, bool added)
{
    answer->failed = answer->failed || !added;
}

void estimate_number(struct estimate_answer *answer, const char *key, const char *unit,
                     double value)
{
    note(answer, isfinite(value) ? pm_json_add_number(answer->json, key, value)
                                 : pm_json_add_null(answer->json, key));
    if (isfinite(value)) {
        char text[NUMBER_TEXT_SIZE];
        number_digits(value, ROW_DIGITS, text);
        pm_text_append(&answer->rows, "%-22s %s%s%s\n", key, text, unit[0] != '\0' ? " " : "",
                       unit);
    } else {
        pm_text_append(&answer->rows, "%-22s never\n", key);
    }
}

void estimate_word(struct estimate_answer *answer, const char *key, const char *word)
{
    note(answer, pm_json_add_string(answer->json, key, word));
    pm_text_append(&answer->rows, "%-22s %s\n", key, word);
}

void estimate_bool(struct estimate_answer *answer, const char *key, bool value)
{
    note(answer, pm_json_add_bool(answer->json, key, value));
    pm_text_append(&answer->rows, "%-22s %s\n", key, value ? "yes" : "no");
}

void estimate_measured(struct estimate_answer *answer, const char *option, double value)
{
    char key[64];
    snprintf(key, sizeof key, "%s", option);
    for (char *at = strchr(key, '-'); at != NULL; at = strchr(at, '-')) {
        *at = '_';
    }
    estimate_number(answer, key, "", value);
}

const char *estimate_sign(enum pm_sign sign)
{
    static const char *const words[] = {
        [PM_SIGN_GOOD] = "good", [PM_SIGN_FAIR] = "fair", [PM_SIGN_BAD] = "bad"};
    return words[sign];
}

void estimate_verdict(struct estimate_answer *answer, const char *format, ...)
{
    char sentence[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    note(answer, pm_json_add_string(answer->json, "verdict", sentence));
    pm_text_append(&answer->rows, "%s\n", sentence);
}
