#include "algorithm/reading.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>

struct pm_algorithm_meta pm_algorithm_meta_default(int input_dim)
{
    return (struct pm_algorithm_meta){
        .scalar_count = 20,
        .vector_count = 10,
        .matrix_count = 5,
        .vector_dim = input_dim,
        .max_ops = {30, 30, 30},
    };
}

struct pm_algorithm *pm_algorithm_create_exact(int input_dim, const struct pm_algorithm_meta *meta,
                                               const int capacity[PM_PHASE_COUNT])
{
    size_t instructions = 0;
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        assert(capacity[p] >= 0 && capacity[p] <= PM_PHASE_LENGTH_MAX);
        instructions += (size_t)capacity[p];
    }
    /* Not calloc, which takes nothing from its thread's own free blocks. */
    struct pm_algorithm *algorithm =
        malloc(sizeof *algorithm + instructions * sizeof(struct pm_instruction));
    if (algorithm == NULL) {
        return NULL;
    }
    *algorithm = (struct pm_algorithm){.input_dim = input_dim, .meta = *meta};
    struct pm_instruction *next = (struct pm_instruction *)(algorithm + 1);
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        algorithm->phase[p] = next;
        next += capacity[p];
    }
    return algorithm;
}

struct pm_algorithm *pm_algorithm_create(int input_dim, const struct pm_algorithm_meta *meta,
                                         int capacity)
{
    const int same[PM_PHASE_COUNT] = {capacity, capacity, capacity};
    return pm_algorithm_create_exact(input_dim, meta, same);
}

void pm_algorithm_copy(const struct pm_algorithm *from, struct pm_algorithm *to)
{
    to->input_dim = from->input_dim;
    to->meta = from->meta;
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        to->length[p] = from->length[p];
        memcpy(to->phase[p], from->phase[p],
               (size_t)from->length[p] * sizeof(struct pm_instruction));
    }
}

struct pm_algorithm *pm_algorithm_clone(const struct pm_algorithm *algorithm)
{
    struct pm_algorithm *copy =
        pm_algorithm_create_exact(algorithm->input_dim, &algorithm->meta, algorithm->length);
    if (copy != NULL) {
        pm_algorithm_copy(algorithm, copy);
    }
    return copy;
}

void pm_algorithm_destroy(struct pm_algorithm *algorithm)
{
    free(algorithm);
}

static bool same_operand(struct pm_operand a, struct pm_operand b)
{
    return a.kind == b.kind && a.index == b.index;
}

/* The bits, so that -0 differs from +0. */
static uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static bool same_constants(const struct pm_instruction *a, const struct pm_instruction *b,
                           enum pm_form form)
{
    switch (form) {
    case PM_FORM_CONST:
        return float_bits(a->c0) == float_bits(b->c0);
    case PM_FORM_CONST_VEC:
        return float_bits(a->c0) == float_bits(b->c0) && a->element == b->element;
    case PM_FORM_RANDOM:
        return float_bits(a->c0) == float_bits(b->c0) && float_bits(a->c1) == float_bits(b->c1);
    default:
        return true;
    }
}

static bool same_instruction(const struct pm_instruction *a, const struct pm_instruction *b)
{
    if (a->op != b->op || !same_operand(a->out, b->out)) {
        return false;
    }
    const struct pm_op_info *info = pm_op_info((enum pm_op)a->op);
    return (info->arity < 1 || same_operand(a->a, b->a)) &&
           (info->arity < 2 || same_operand(a->b, b->b)) && same_constants(a, b, info->form);
}

static bool same_meta(const struct pm_algorithm_meta *a, const struct pm_algorithm_meta *b)
{
    return a->scalar_count == b->scalar_count && a->vector_count == b->vector_count &&
           a->matrix_count == b->matrix_count && a->vector_dim == b->vector_dim &&
           memcmp(a->max_ops, b->max_ops, sizeof a->max_ops) == 0;
}

int pm_algorithm_length(const struct pm_algorithm *algorithm)
{
    int length = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        length += algorithm->length[phase];
    }
    return length;
}

bool pm_algorithm_equal(const struct pm_algorithm *a, const struct pm_algorithm *b)
{
    if (a->input_dim != b->input_dim || !same_meta(&a->meta, &b->meta)) {
        return false;
    }
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        if (a->length[p] != b->length[p]) {
            return false;
        }
        for (int i = 0; i < a->length[p]; i++) {
            if (!same_instruction(&a->phase[p][i], &b->phase[p][i])) {
                return false;
            }
        }
    }
    return true;
}

const char *pm_inertness_reason(enum pm_inertness inertness)
{
    switch (inertness) {
    case PM_ACTIVE:
        return NULL;
    case PM_INERT_NOOP:
        return "it is a NoOp";
    case PM_INERT_REGISTER:
        return "a register's number is at or past the count of its kind";
    case PM_INERT_KINDS:
        return "the operation does not take operands of these kinds";
    case PM_INERT_NARROW:
        return "the result does not fit into the destination";
    case PM_INERT_ELEMENT:
        return "the element is outside the vector";
    }
    return NULL;
}
