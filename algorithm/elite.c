#include "algorithm/elite.h"

#include <stdlib.h>
#include <string.h>

bool pm_elite_init(struct pm_elite *elite, size_t capacity, struct pm_error *error)
{
    *elite = (struct pm_elite){.capacity = capacity};
    elite->members = calloc(capacity, sizeof *elite->members);
    if (elite->members == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "keeping the best candidates: out of memory");
    }
    return true;
}

void pm_elite_clear(struct pm_elite *elite)
{
    for (size_t i = 0; i < elite->count; i++) {
        pm_candidate_clear(&elite->members[i]);
    }
    free(elite->members);
    free(elite->barred);
    *elite = (struct pm_elite){0};
}

bool pm_elite_bar(struct pm_elite *elite, uint64_t mark, struct pm_error *error)
{
    if (elite->barred_count == elite->barred_capacity) {
        const size_t capacity = 2 * elite->barred_capacity + 8;
        uint64_t *grown = reallocarray(elite->barred, capacity, sizeof *grown);
        if (grown == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "keeping the best candidates: out of memory");
        }
        elite->barred = grown;
        elite->barred_capacity = capacity;
    }
    elite->barred[elite->barred_count++] = mark;
    return true;
}

static bool is_barred(const struct pm_elite *elite, uint64_t mark)
{
    for (size_t i = 0; i < elite->barred_count; i++) {
        if (elite->barred[i] == mark) {
            return true;
        }
    }
    return false;
}

static bool ranks_before(const struct pm_candidate *a, const struct pm_candidate *b)
{
    if (a->fitness.mean != b->fitness.mean) {
        return a->fitness.mean > b->fitness.mean;
    }
    return pm_candidate_length(a) < pm_candidate_length(b);
}

/* The member that scores the same task by task, or elite->count. */
static size_t find_behaviour(const struct pm_elite *elite, uint64_t behaviour)
{
    size_t i = 0;
    while (i < elite->count && elite->members[i].fitness.behaviour != behaviour) {
        i++;
    }
    return i;
}

static void remove_member(struct pm_elite *elite, size_t at)
{
    pm_candidate_clear(&elite->members[at]);
    elite->count--;
    memmove(&elite->members[at], &elite->members[at + 1],
            (elite->count - at) * sizeof *elite->members);
}

bool pm_elite_offer(struct pm_elite *elite, const struct pm_candidate *candidate,
                    struct pm_error *error)
{
    if (!candidate->complete || is_barred(elite, candidate->meaning) ||
        is_barred(elite, candidate->fitness.behaviour)) {
        return true;
    }
    size_t worst = find_behaviour(elite, candidate->fitness.behaviour);
    if (worst == elite->count && elite->count == elite->capacity) {
        worst = elite->count - 1;
    }
    if (worst < elite->count && !ranks_before(candidate, &elite->members[worst])) {
        return true;
    }

    struct pm_candidate copy;
    if (!pm_candidate_copy(&copy, candidate, error)) {
        return false;
    }
    if (worst < elite->count) {
        remove_member(elite, worst);
    }
    size_t at = elite->count;
    while (at > 0 && ranks_before(&copy, &elite->members[at - 1])) {
        at--;
    }
    memmove(&elite->members[at + 1], &elite->members[at],
            (elite->count - at) * sizeof *elite->members);
    elite->members[at] = copy;
    elite->count++;
    return true;
}
