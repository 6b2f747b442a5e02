/* What a person wants of the workers, whatever the machine they are on would have them do. */
#ifndef POOLMINER_WISH_H
#define POOLMINER_WISH_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_wish {
    PM_WISH_AUTO,   /* each worker goes by its own rules: battery, heat, use of the machine */
    PM_WISH_PAUSE,  /* no computing, until another wish */
    PM_WISH_ANYWAY, /* computing even where the rules would pause, but not where it is too hot */
};
enum { PM_WISH_COUNT = 3 };

/* "auto", "pause", "anyway": in the protocol, on command lines and in settings. */
const char *pm_wish_name(enum pm_wish wish);
/* PM_ERROR_INVALID: no such wish. */
bool pm_wish_parse(const char *name, enum pm_wish *out, struct pm_error *error);

struct pm_wish_state {
    enum pm_wish wish;
    int64_t since_ms; /* unix; 0: nobody has wished for anything yet */
};

#endif
