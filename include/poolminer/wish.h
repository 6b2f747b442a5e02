/* What a person wants the workers to do. It overrides each worker's own rules (guest.h). */
#ifndef POOLMINER_WISH_H
#define POOLMINER_WISH_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_wish {
    PM_WISH_AUTO,   /* each worker follows its own rules: battery, heat, use of the machine */
    PM_WISH_PAUSE,  /* do not compute until there is another wish */
    PM_WISH_ANYWAY, /* compute even where the rules would pause, unless it is too hot */
};
enum { PM_WISH_COUNT = 3 };

/* "auto", "pause", "anyway": in the protocol, on command lines and in settings. */
const char *pm_wish_name(enum pm_wish wish);
/* PM_ERROR_INVALID: no such wish. */
bool pm_wish_parse(const char *name, enum pm_wish *out, struct pm_error *error);

struct pm_wish_state {
    enum pm_wish wish;
    int64_t since_ms; /* when it was set, unix; 0: nobody has set one yet */
};

#endif
