/* The tables of NumPy's ziggurat for the standard normal distribution. Private to algorithm/. */
#ifndef POOLMINER_ZIGGURAT_H
#define POOLMINER_ZIGGURAT_H

#include <stdint.h>

enum { PM_ZIGGURAT_LEVELS = 256 };

/* Where the base strip's rectangle ends and the tail begins, and its inverse. */
#define PM_ZIGGURAT_TAIL 3.6541528853610087963519472518
#define PM_ZIGGURAT_TAIL_INVERSE 0.27366123732975827203338247596

struct pm_ziggurat {
    uint64_t accept[PM_ZIGGURAT_LEVELS]; /* a 52-bit mantissa below this lies under the curve */
    double width[PM_ZIGGURAT_LEVELS];    /* x = mantissa * width */
    double density[PM_ZIGGURAT_LEVELS];  /* exp(-x^2 / 2) at the level's edge */
};

/* Derived at the first call, by whichever thread comes first; the same bits on every machine. */
const struct pm_ziggurat *pm_ziggurat_normal(void);

#endif
