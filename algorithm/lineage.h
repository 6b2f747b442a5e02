/* Lineages: by which changes a candidate came about, those that led further than all before them.
 * Candidates share what their ancestors have in common; what no living candidate descends from is
 * forgotten. */
#ifndef ALGORITHM_LINEAGE_H
#define ALGORITHM_LINEAGE_H

#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>

struct pm_lineage;

/* The lineage as one more holds it; NULL is the lineage of a seed. May be called by several threads
 * at once. */
struct pm_lineage *pm_lineage_share(struct pm_lineage *lineage);
void pm_lineage_release(struct pm_lineage *lineage);

/* Puts a step at the end of `*lineage`, whose holder alone sees it; one that does not lead further
 * is left out. */
bool pm_lineage_extend(struct pm_lineage **lineage, const struct pm_lineage_step *step,
                       struct pm_error *error);

/* The steps from the seed on, in malloc'd memory; the last PM_LINEAGE_STEPS_MAX where there are
 * more. */
bool pm_lineage_trace(const struct pm_lineage *lineage, struct pm_lineage_step **out, size_t *count,
                      struct pm_error *error);

/* For whoever writes lineages down: a lineage without its last step (NULL: a seed's), that step,
 * and a number to know it by. The number belongs to the lineage, not to its holder: one thread at a
 * time, which leaves 0. */
struct pm_lineage *pm_lineage_before(const struct pm_lineage *lineage);
struct pm_lineage_step pm_lineage_step(const struct pm_lineage *lineage);
uint32_t pm_lineage_number(const struct pm_lineage *lineage);
void pm_lineage_set_number(struct pm_lineage *lineage, uint32_t number);

#endif
