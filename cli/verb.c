#include "cli/verb.h"

#include <stdio.h>

int verb_fail(const struct pm_error *error)
{
    fprintf(stderr, "poolminer: %s\n", error->message);
    return EXIT_FAILED;
}
