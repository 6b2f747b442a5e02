#include "algorithm/lineage.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pm_lineage {
    struct pm_lineage *before; /* NULL: a seed */
    struct pm_lineage_step step;
    uint32_t number;     /* of whoever writes it down */
    atomic_uint holders; /* candidates and later steps */
};

struct pm_lineage *pm_lineage_share(struct pm_lineage *lineage)
{
    if (lineage != NULL) {
        atomic_fetch_add(&lineage->holders, 1);
    }
    return lineage;
}

void pm_lineage_release(struct pm_lineage *lineage)
{
    while (lineage != NULL && atomic_fetch_sub(&lineage->holders, 1) == 1) {
        struct pm_lineage *before = lineage->before;
        free(lineage);
        lineage = before;
    }
}

bool pm_lineage_extend(struct pm_lineage **lineage, const struct pm_lineage_step *step,
                       struct pm_error *error)
{
    if (*lineage != NULL && step->fitness <= (*lineage)->step.fitness) {
        return true;
    }
    struct pm_lineage *longer = malloc(sizeof *longer);
    if (longer == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "keeping a lineage: out of memory");
    }
    longer->before = *lineage;
    longer->step = *step;
    longer->number = 0;
    atomic_init(&longer->holders, 1);
    *lineage = longer;
    return true;
}

static size_t count_steps(const struct pm_lineage *lineage)
{
    size_t count = 0;
    for (; lineage != NULL; lineage = lineage->before) {
        count++;
    }
    return count;
}

bool pm_lineage_trace(const struct pm_lineage *lineage, struct pm_lineage_step **out, size_t *count,
                      struct pm_error *error)
{
    const size_t all = count_steps(lineage);
    struct pm_lineage_step *steps = calloc(all + 1, sizeof *steps);
    if (steps == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "telling a lineage: out of memory");
    }
    for (size_t at = all; at > 0; lineage = lineage->before) {
        steps[--at] = lineage->step;
    }
    *count = all;
    if (all > PM_LINEAGE_STEPS_MAX) {
        memmove(steps, &steps[all - PM_LINEAGE_STEPS_MAX], PM_LINEAGE_STEPS_MAX * sizeof *steps);
        *count = PM_LINEAGE_STEPS_MAX;
    }
    *out = steps;
    return true;
}

struct pm_lineage *pm_lineage_before(const struct pm_lineage *lineage)
{
    return lineage->before;
}

struct pm_lineage_step pm_lineage_step(const struct pm_lineage *lineage)
{
    return lineage->step;
}

uint32_t pm_lineage_number(const struct pm_lineage *lineage)
{
    return lineage->number;
}

void pm_lineage_set_number(struct pm_lineage *lineage, uint32_t number)
{
    lineage->number = number;
}
