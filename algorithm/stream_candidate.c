/* Candidates as bytes: the program that mutations work on, how it was scored and where it came
 * from. What follows from these (the simplified program, its meaning) is worked out again. */
#include "algorithm/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- lineages ---- */

void pm_stream_clear(struct pm_stream *stream)
{
    for (size_t i = 0; i < stream->lineage_count; i++) {
        if (stream->reading) {
            pm_lineage_release(stream->lineages[i]);
        } else {
            pm_lineage_set_number(stream->lineages[i], 0);
        }
    }
    free(stream->lineages);
    stream->lineages = NULL;
    stream->lineage_count = stream->lineage_capacity = 0;
}

static bool list_lineage(struct pm_stream *stream, struct pm_lineage *lineage)
{
    if (stream->lineage_count == stream->lineage_capacity) {
        const size_t capacity = 2 * stream->lineage_capacity + 64;
        struct pm_lineage **grown =
            reallocarray(stream->lineages, capacity, sizeof(struct pm_lineage *));
        if (grown == NULL) {
            return pm_fail(stream->error, PM_ERROR_MEMORY, "lineages of a checkpoint: no memory");
        }
        stream->lineages = grown;
        stream->lineage_capacity = capacity;
    }
    stream->lineages[stream->lineage_count++] = lineage;
    return true;
}

/* Its number in the list, from 1; 0 is a seed's, which has none. */
static bool transfer_number(struct pm_stream *stream, size_t *number)
{
    return pm_stream_size(stream, number, stream->lineage_count);
}

static bool transfer_step(struct pm_stream *stream, struct pm_lineage_step *step)
{
    int change = (int)step->change;
    const bool done = pm_stream_int(stream, &step->generation, 1, PM_EVOLUTION_GENERATIONS_MAX) &&
                      pm_stream_int(stream, &change, PM_CHANGE_NONE, PM_CHANGE_CROSSING) &&
                      pm_stream_double(stream, &step->fitness);
    step->change = (enum pm_change)change;
    return done;
}

static bool write_new_lineage(struct pm_stream *stream, struct pm_lineage *lineage)
{
    struct pm_lineage *before = pm_lineage_before(lineage);
    struct pm_lineage_step step = pm_lineage_step(lineage);
    size_t number = before != NULL ? pm_lineage_number(before) : 0;
    if (!transfer_number(stream, &number) || !transfer_step(stream, &step) ||
        !list_lineage(stream, lineage)) {
        return false;
    }
    pm_lineage_set_number(lineage, (uint32_t)stream->lineage_count);
    return true;
}

/* The ancestors that are not listed yet, the oldest first; then its number. */
static bool write_lineage(struct pm_stream *stream, struct pm_lineage *lineage)
{
    size_t fresh = 0;
    for (struct pm_lineage *at = lineage; at != NULL && pm_lineage_number(at) == 0;
         at = pm_lineage_before(at)) {
        fresh++;
    }
    if (!pm_stream_size(stream, &fresh, UINT32_MAX)) {
        return false;
    }
    for (; fresh > 0; fresh--) {
        struct pm_lineage *oldest = lineage;
        for (size_t i = 1; i < fresh; i++) {
            oldest = pm_lineage_before(oldest);
        }
        if (!write_new_lineage(stream, oldest)) {
            return false;
        }
    }
    size_t number = lineage != NULL ? pm_lineage_number(lineage) : 0;
    return transfer_number(stream, &number);
}

static struct pm_lineage *share_listed(const struct pm_stream *stream, size_t number)
{
    return number > 0 ? pm_lineage_share(stream->lineages[number - 1]) : NULL;
}

static bool read_new_lineage(struct pm_stream *stream)
{
    size_t number = 0;
    struct pm_lineage_step step = {.generation = 1};
    if (!transfer_number(stream, &number) || !transfer_step(stream, &step)) {
        return false;
    }
    struct pm_lineage *const before = share_listed(stream, number);
    struct pm_lineage *lineage = before;
    if (!pm_lineage_extend(&lineage, &step, stream->error)) {
        pm_lineage_release(before);
        return false;
    }
    if (lineage == before) {
        pm_lineage_release(before);
        return pm_stream_refuse(stream, "a lineage does not rise");
    }
    if (!list_lineage(stream, lineage)) {
        pm_lineage_release(lineage);
        return false;
    }
    return true;
}

static bool read_lineage(struct pm_stream *stream, struct pm_lineage **out)
{
    size_t fresh = 0, number = 0;
    bool done = pm_stream_size(stream, &fresh, UINT32_MAX);
    for (; done && fresh > 0; fresh--) {
        done = read_new_lineage(stream);
    }
    done = done && transfer_number(stream, &number);
    *out = done ? share_listed(stream, number) : NULL;
    return done;
}

/* ---- programs ---- */

/* A register, or none, in one byte: the profile's programs have at most 64 of a kind. */
static bool transfer_operand(struct pm_stream *stream, struct pm_operand *operand, bool used)
{
    enum { INDEX_BITS = 6 };
    const struct pm_operand plain = used ? *operand : (struct pm_operand){.kind = PM_KIND_NONE};
    uint64_t byte = (uint64_t)plain.kind << INDEX_BITS | plain.index;
    if (!pm_stream_u64(stream, &byte, 1, UINT8_MAX)) {
        return false;
    }
    if (stream->reading) {
        *operand = (struct pm_operand){.kind = (uint8_t)(byte >> INDEX_BITS),
                                       .index = byte & ((1 << INDEX_BITS) - 1)};
    }
    return used || (operand->kind == PM_KIND_NONE && operand->index == 0) || !stream->reading ||
           pm_stream_refuse(stream, "an instruction has an operand too many");
}

static bool transfer_constant(struct pm_stream *stream, float *constant)
{
    uint32_t bits;
    memcpy(&bits, constant, sizeof bits);
    uint64_t wide = bits;
    if (!pm_stream_u64(stream, &wide, sizeof bits, UINT32_MAX)) {
        return false;
    }
    bits = (uint32_t)wide;
    memcpy(constant, &bits, sizeof bits);
    return true;
}

static bool transfer_instruction(struct pm_stream *stream, struct pm_instruction *instruction)
{
    uint64_t op = instruction->op, element = instruction->element;
    if (!pm_stream_u64(stream, &op, 1, PM_OP_COUNT - 1)) {
        return false;
    }
    instruction->op = (uint8_t)op;
    const int arity = pm_op_info((enum pm_op)op)->arity;
    const bool done = transfer_operand(stream, &instruction->out, true) &&
                      transfer_operand(stream, &instruction->a, arity > 0) &&
                      transfer_operand(stream, &instruction->b, arity > 1) &&
                      pm_stream_u64(stream, &element, 2, UINT16_MAX) &&
                      transfer_constant(stream, &instruction->c0) &&
                      transfer_constant(stream, &instruction->c1);
    instruction->element = (uint16_t)element;
    return done;
}

/* The memory is the profile's, but for vectors that a seed brought along. */
static bool transfer_meta(struct pm_stream *stream, struct pm_algorithm_meta *meta)
{
    int vector_dim = meta->vector_dim;
    if (!pm_profile_meta(stream->profile, stream->input_dim, meta, stream->error)) {
        return false;
    }
    const int least = meta->vector_dim;
    const int most = stream->profile->vector_dim > 0 ? least : PM_DIM_MAX;
    if (!pm_stream_int(stream, &vector_dim, least, most)) {
        return false;
    }
    meta->vector_dim = vector_dim;
    return true;
}

static bool transfer_lengths(struct pm_stream *stream, int lengths[PM_PHASE_COUNT])
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        uint64_t length = (uint64_t)lengths[phase];
        if (!pm_stream_u64(stream, &length, 2, (uint64_t)stream->profile->max_ops[phase])) {
            return false;
        }
        lengths[phase] = (int)length;
    }
    return true;
}

static bool transfer_instructions(struct pm_stream *stream, struct pm_algorithm *program)
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < program->length[phase]; i++) {
            struct pm_instruction *instruction = &program->phase[phase][i];
            if (!transfer_instruction(stream, instruction)) {
                return false;
            }
            if (stream->reading && (isnan(instruction->c0) || isnan(instruction->c1) ||
                                    !pm_profile_allows(stream->profile, &program->meta,
                                                       (enum pm_phase)phase, instruction))) {
                return pm_stream_refuse(stream, "an instruction is not one of the profile");
            }
        }
    }
    return true;
}

static bool write_program(struct pm_stream *stream, struct pm_algorithm *program)
{
    struct pm_algorithm_meta meta = program->meta;
    return transfer_meta(stream, &meta) && transfer_lengths(stream, program->length) &&
           transfer_instructions(stream, program);
}

static bool read_program(struct pm_stream *stream, struct pm_algorithm **out)
{
    struct pm_algorithm_meta meta = {.vector_dim = stream->input_dim};
    int lengths[PM_PHASE_COUNT] = {0}, capacity = 0;
    if (!transfer_meta(stream, &meta) || !transfer_lengths(stream, lengths)) {
        return false;
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        capacity = lengths[phase] > capacity ? lengths[phase] : capacity;
    }
    struct pm_algorithm *program = pm_algorithm_create(stream->input_dim, &meta, capacity);
    if (program == NULL) {
        return pm_fail(stream->error, PM_ERROR_MEMORY, "reading a checkpoint: out of memory");
    }
    memcpy(program->length, lengths, sizeof lengths);
    if (!transfer_instructions(stream, program)) {
        pm_algorithm_destroy(program);
        return false;
    }
    *out = program;
    return true;
}

/* ---- candidates ---- */

static bool transfer_fitness(struct pm_stream *stream, struct pm_fitness *fitness)
{
    uint64_t scored = (uint64_t)fitness->scored;
    bool done = pm_stream_u64(stream, &scored, 1, PM_SCORED_ALL);
    fitness->scored = (enum pm_scored)scored;
    for (size_t i = 0; i < PM_QUICK_TASKS_MAX; i++) {
        done = done && pm_stream_double(stream, &fitness->first[i]);
    }
    return done && pm_stream_double(stream, &fitness->quick) &&
           pm_stream_double(stream, &fitness->score) && pm_stream_double(stream, &fitness->mean) &&
           pm_stream_u64(stream, &fitness->behaviour, 8, UINT64_MAX);
}

static bool transfer_worth(struct pm_stream *stream, struct pm_candidate *candidate)
{
    if (!transfer_fitness(stream, &candidate->fitness) ||
        !pm_stream_double(stream, &candidate->merit) ||
        !pm_stream_bool(stream, &candidate->complete)) {
        return false;
    }
    return !candidate->complete || candidate->fitness.scored == PM_SCORED_ALL ||
           pm_stream_refuse(stream, "a complete candidate was not scored");
}

static bool transfer_seeds(struct pm_stream *stream, uint64_t *seeds)
{
    const uint64_t all = UINT64_MAX >> (64 - stream->seed_count);
    if (!pm_stream_u64(stream, seeds, 8, all)) {
        return false;
    }
    return *seeds != 0 || pm_stream_refuse(stream, "a candidate descends from nothing");
}

static bool read_candidate(struct pm_stream *stream, struct pm_candidate *candidate)
{
    struct pm_algorithm *program = NULL;
    uint64_t seeds = 0;
    if (!transfer_seeds(stream, &seeds) || !read_program(stream, &program) ||
        !pm_candidate_init(candidate, program, seeds, stream->error)) {
        return false;
    }
    if (transfer_worth(stream, candidate) && read_lineage(stream, &candidate->lineage)) {
        if (stream->cache != NULL && candidate->fitness.scored != PM_SCORED_NOTHING) {
            pm_functional_cache_store(stream->cache, candidate->meaning, &candidate->fitness);
        }
        return true;
    }
    pm_candidate_clear(candidate);
    return false;
}

bool pm_stream_candidate(struct pm_stream *stream, struct pm_candidate *candidate)
{
    if (stream->reading) {
        return read_candidate(stream, candidate);
    }
    return transfer_seeds(stream, &candidate->seeds) && write_program(stream, candidate->program) &&
           transfer_worth(stream, candidate) && write_lineage(stream, candidate->lineage);
}

bool pm_stream_candidates(struct pm_stream *stream, struct pm_candidate *candidates, size_t *count,
                          size_t most)
{
    size_t all = *count;
    if (!pm_stream_size(stream, &all, most)) {
        return false;
    }
    for (size_t i = 0; i < all; i++) {
        if (!pm_stream_candidate(stream, &candidates[i])) {
            return false;
        }
        if (stream->reading) {
            *count = i + 1;
        }
    }
    return true;
}
