#include "pool/seeds.h"

const struct pm_seed pm_seeds[] = {
#include "seeds.inc"
};
const size_t pm_seed_count = sizeof pm_seeds / sizeof *pm_seeds;
