#include "asked_number.h"

#include "cmocka_include.h"

#include <stdlib.h>

static const long asked_max = 1000000000;

long pm_test_asked_number(const char *variable, long minimum, long otherwise)
{
    const char *text = getenv(variable);
    char *end = NULL;
    if (text == NULL) {
        return otherwise;
    }
    const long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < minimum || number > asked_max) {
        fail_msg("%s=%s: a whole number from %ld to %ld is wanted", variable, text, minimum,
                 asked_max);
    }
    return number;
}
