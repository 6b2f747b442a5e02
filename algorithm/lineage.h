/* Lineages: by which changes a candidate came about. Candidates share what their ancestors have in
 * common; what no living candidate descends from is forgotten. */
#ifndef ALGORITHM_LINEAGE_H
#define ALGORITHM_LINEAGE_H

#include <stddef.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>

struct pm_lineage;

/* The lineage as one more holds it; NULL is the lineage of a seed. May be called by several threads
 * at once. */
struct pm_lineage *pm_lineage_share(struct pm_lineage *lineage);
void pm_lineage_release(struct pm_lineage *lineage);

/* Puts a step at the end of `*lineage`, whose holder alone sees it. */
bool pm_lineage_extend(struct pm_lineage **lineage, const struct pm_lineage_step *step,
                       struct pm_error *error);

/* The steps that led further than all before them, from the seed on, in malloc'd memory; the last
 * PM_LINEAGE_STEPS_MAX where there are more. */
bool pm_lineage_trace(const struct pm_lineage *lineage, struct pm_lineage_step **out, size_t *count,
                      struct pm_error *error);

#endif
