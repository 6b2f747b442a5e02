#include <string.h>

#include <poolminer/wish.h>

static const char *const NAMES[PM_WISH_COUNT] = {
    [PM_WISH_AUTO] = "auto", [PM_WISH_PAUSE] = "pause", [PM_WISH_ANYWAY] = "anyway"};

const char *pm_wish_name(enum pm_wish wish)
{
    return NAMES[wish];
}

bool pm_wish_parse(const char *name, enum pm_wish *out, struct pm_error *error)
{
    for (int i = 0; i < PM_WISH_COUNT; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *out = (enum pm_wish)i;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID, "\"%.32s\" is no wish; expected auto, pause or anyway",
                   name);
}
