#include "algorithm/lineage.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct pm_lineage {
    struct pm_lineage *before; /* NULL: a seed */
    struct pm_lineage_step step;
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
    struct pm_lineage *longer = malloc(sizeof *longer);
    if (longer == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "keeping a lineage: out of memory");
    }
    longer->before = *lineage;
    longer->step = *step;
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

/* Leaves out the steps that did not lead further. Returns how many remain. */
static size_t keep_rises(struct pm_lineage_step *steps, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || steps[i].fitness > steps[kept - 1].fitness) {
            steps[kept++] = steps[i];
        }
    }
    return kept;
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
    size_t kept = keep_rises(steps, all);
    if (kept > PM_LINEAGE_STEPS_MAX) {
        memmove(steps, &steps[kept - PM_LINEAGE_STEPS_MAX], PM_LINEAGE_STEPS_MAX * sizeof *steps);
        kept = PM_LINEAGE_STEPS_MAX;
    }
    *out = steps;
    *count = kept;
    return true;
}
