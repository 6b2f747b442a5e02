#include "algorithm/candidate.h"

#include <string.h>

#include <poolminer/simplify.h>

/* A step of MurmurHash3's finaliser (Appleby): every bit of either counts. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
    hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53;
    return hash ^ hash >> 33;
}

static uint64_t pack(struct pm_operand operand)
{
    return (uint64_t)operand.kind << 16 | operand.index;
}

static uint64_t hash_instruction(uint64_t hash, const struct pm_instruction *i)
{
    const int arity = pm_op_info((enum pm_op)i->op)->arity;
    uint32_t constants[2];
    memcpy(&constants[0], &i->c0, sizeof constants[0]);
    memcpy(&constants[1], &i->c1, sizeof constants[1]);
    hash = mix(hash, (uint64_t)i->op << 32 | pack(i->out));
    hash = mix(hash, (uint64_t)i->element << 32 | (arity > 0 ? pack(i->a) : 0));
    hash = mix(hash, arity > 1 ? pack(i->b) : 0);
    return mix(hash, (uint64_t)constants[0] << 32 | constants[1]);
}

uint64_t pm_program_hash(const struct pm_algorithm *algorithm)
{
    uint64_t hash = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        hash = mix(hash, (uint64_t)algorithm->length[phase]);
        for (int i = 0; i < algorithm->length[phase]; i++) {
            hash = hash_instruction(hash, &algorithm->phase[phase][i]);
        }
    }
    return hash;
}

bool pm_candidate_init(struct pm_candidate *candidate, struct pm_algorithm *program, uint64_t seeds,
                       struct pm_error *error)
{
    *candidate = (struct pm_candidate){.program = program, .seeds = seeds};
    candidate->simple = pm_simplify(program, error);
    if (candidate->simple != NULL) {
        candidate->hash = pm_program_hash(candidate->simple);
        candidate->insight = pm_algorithm_insight(candidate->simple);
        return true;
    }
    pm_candidate_clear(candidate);
    return false;
}

bool pm_candidate_copy(struct pm_candidate *candidate, const struct pm_candidate *from,
                       struct pm_error *error)
{
    *candidate = *from;
    candidate->program = pm_algorithm_clone(from->program);
    candidate->simple = pm_algorithm_clone(from->simple);
    candidate->lineage = pm_lineage_share(from->lineage);
    candidate->change = PM_CHANGE_NONE;
    if (candidate->program != NULL && candidate->simple != NULL) {
        return true;
    }
    pm_candidate_clear(candidate);
    return pm_fail(error, PM_ERROR_MEMORY, "copying an algorithm: out of memory");
}

void pm_candidate_clear(struct pm_candidate *candidate)
{
    pm_algorithm_destroy(candidate->program);
    pm_algorithm_destroy(candidate->simple);
    pm_lineage_release(candidate->lineage);
    *candidate = (struct pm_candidate){0};
}

int pm_candidate_length(const struct pm_candidate *candidate)
{
    return pm_algorithm_length(candidate->simple);
}

bool pm_candidate_better(const struct pm_candidate *a, const struct pm_candidate *b)
{
    if (a->complete != b->complete) {
        return a->complete;
    }
    if (!a->complete && a->insight != b->insight) {
        return a->insight > b->insight;
    }
    if (a->complete && a->merit != b->merit) {
        return a->merit > b->merit;
    }
    if (a->complete) {
        return pm_candidate_length(a) < pm_candidate_length(b);
    }
    return a->fitness.quick > b->fitness.quick;
}
