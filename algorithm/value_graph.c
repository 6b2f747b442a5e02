#include "algorithm/value_graph.h"

#include "algorithm/kernels.h"

#include <math.h>
#include <string.h>

enum { TERMS_MAX = 256 }; /* of sums of constants that are folded */

/* Numbers are the same only if their bits are: 0 is not -0. */
static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static uint16_t add(struct pm_value_graph *graph, struct pm_value value)
{
    if (graph->count == PM_VALUES_MAX) {
        graph->full = true;
        return 0;
    }
    graph->values[graph->count] = value;
    return (uint16_t)graph->count++;
}

uint16_t pm_value_constant(struct pm_value_graph *graph, float number)
{
    return add(graph, (struct pm_value){.source = PM_VALUE_CONSTANT,
                                        .number = number,
                                        .hash = pm_value_fold(PM_VALUE_CONSTANT, bits_of(number))});
}

bool pm_value_is_constant(const struct pm_value_graph *graph, uint16_t value, uint16_t other)
{
    const struct pm_value *x = &graph->values[value], *y = &graph->values[other];
    return x->source == PM_VALUE_CONSTANT && y->source == PM_VALUE_CONSTANT &&
           bits_of(x->number) == bits_of(y->number);
}

uint16_t pm_value_given(struct pm_value_graph *graph, enum pm_value_source source)
{
    return add(graph, (struct pm_value){.source = (uint8_t)source,
                                        .hash = pm_value_fold((uint64_t)source, 0)});
}

uint16_t pm_value_held(struct pm_value_graph *graph, enum pm_value_source source, enum pm_kind kind,
                       unsigned index, uint16_t first)
{
    const uint64_t what = (uint64_t)source | (uint64_t)kind << 8;
    return add(graph, (struct pm_value){.source = (uint8_t)source,
                                        .kind = (uint8_t)kind,
                                        .index = (uint16_t)index,
                                        .hash = pm_value_fold(what, graph->values[first].hash)});
}

/* ---- results ---- */

static uint16_t add_result(struct pm_value_graph *graph, struct pm_value value)
{
    value.source = PM_VALUE_RESULT;
    const uint64_t what = (uint64_t)value.source | (uint64_t)value.op << 8 |
                          (uint64_t)value.kind << 16 | (uint64_t)value.a_kind << 24 |
                          (uint64_t)value.b_kind << 32 | (uint64_t)value.index << 40;
    value.hash = pm_value_fold(what, bits_of(value.number));
    if (value.a != PM_VALUE_NONE) {
        value.hash = pm_value_fold(value.hash, graph->values[value.a].hash);
    }
    if (value.b != PM_VALUE_NONE) {
        value.hash = pm_value_fold(value.hash, graph->values[value.b].hash);
    }
    return add(graph, value);
}

uint16_t pm_value_input_part(struct pm_value_graph *graph, uint16_t held)
{
    return add_result(graph, (struct pm_value){.op = PM_VALUE_INPUT_PART,
                                               .kind = PM_KIND_VECTOR,
                                               .a = held,
                                               .b = PM_VALUE_NONE});
}

/* An operation's result for one element, computed by its own kernel. */
static float compute_element(enum pm_op op, float a, float b)
{
    float result;
    const struct pm_run run = {.dim = 1};
    const struct pm_step step = {.out = &result, .a = &a, .b = &b}; /* all kinds: scalar */
    pm_kernel_of(op, PM_KIND_SCALAR, PM_KIND_SCALAR)(&step, &run);
    return result;
}

/* A sum over `count` elements that are all a, and b. */
static float compute_sum(enum pm_op op, int count, float a, float b)
{
    float left[TERMS_MAX], right[TERMS_MAX], terms[TERMS_MAX], result;
    for (int i = 0; i < count; i++) {
        left[i] = a;
        right[i] = b;
    }
    const struct pm_run run = {.dim = count, .terms = terms};
    const struct pm_step step = {.out = &result,
                                 .a = left,
                                 .b = right,
                                 .result_kind = PM_KIND_SCALAR,
                                 .a_kind = PM_KIND_VECTOR,
                                 .b_kind = PM_KIND_VECTOR};
    pm_kernel_of(op, PM_KIND_VECTOR, PM_KIND_SCALAR)(&step, &run);
    return result;
}

/* The number that every element of the result is; false if it is not known to be one. */
static bool compute(const struct pm_value_graph *graph, const struct pm_value *value, float *out)
{
    const enum pm_op op = (enum pm_op)value->op;
    const float a = graph->values[value->a].number;
    const float b = value->b != PM_VALUE_NONE ? graph->values[value->b].number : 0.0f;
    const int terms = pm_kind_size((enum pm_kind)value->a_kind, graph->dim);
    const bool shrinks = value->a_kind != PM_KIND_SCALAR && value->kind == PM_KIND_SCALAR;
    switch (op) {
    case PM_OP_COPY:
        if (shrinks && terms > TERMS_MAX) {
            return false;
        }
        *out = shrinks ? compute_sum(PM_OP_NORM, terms, a, 0.0f) : a;
        break;
    case PM_OP_OUTER:
        *out = compute_element(PM_OP_MUL, a, b);
        break;
    case PM_OP_DOT:
    case PM_OP_MATMUL:
        if (graph->dim > TERMS_MAX) {
            return false;
        }
        *out = compute_sum(PM_OP_DOT, graph->dim, a, b);
        break;
    case PM_OP_NORM:
    case PM_OP_MEAN:
    case PM_OP_STD:
        if (terms > TERMS_MAX) {
            return false;
        }
        *out = compute_sum(op, terms, a, 0.0f);
        break;
    default:
        *out = compute_element(op, a, b);
    }
    return !isnan(*out);
}

static bool is_number(const struct pm_value_graph *graph, uint16_t value, float number)
{
    return graph->values[value].source == PM_VALUE_CONSTANT &&
           bits_of(graph->values[value].number) == bits_of(number);
}

/* Whether the second operand changes no element of the first, which fills the destination. */
static bool changes_nothing(const struct pm_value_graph *graph, const struct pm_value *value)
{
    if (value->kind != value->a_kind) {
        return false;
    }
    switch ((enum pm_op)value->op) {
    case PM_OP_COPY:
        return true;
    case PM_OP_ADD:
        return is_number(graph, value->b, -0.0f);
    case PM_OP_SUB:
        return is_number(graph, value->b, 0.0f);
    case PM_OP_MUL:
        return is_number(graph, value->b, 1.0f);
    default:
        return false;
    }
}

static bool commutes(const struct pm_value *value)
{
    return value->op == PM_OP_ADD || value->op == PM_OP_MUL || value->op == PM_OP_DOT;
}

/* Constants second; others by their hashes. */
static void sort_operands(const struct pm_value_graph *graph, struct pm_value *value)
{
    const struct pm_value *a = &graph->values[value->a], *b = &graph->values[value->b];
    const bool constant_first = a->source == PM_VALUE_CONSTANT && b->source != PM_VALUE_CONSTANT;
    const bool constant_second = b->source == PM_VALUE_CONSTANT && a->source != PM_VALUE_CONSTANT;
    if (constant_first || (!constant_second && a->hash > b->hash)) {
        const uint16_t other = value->a;
        const uint8_t other_kind = value->a_kind;
        value->a = value->b;
        value->a_kind = value->b_kind;
        value->b = other;
        value->b_kind = other_kind;
    }
}

static bool all_constant(const struct pm_value_graph *graph, const struct pm_value *value)
{
    return graph->values[value->a].source == PM_VALUE_CONSTANT &&
           (value->b == PM_VALUE_NONE || graph->values[value->b].source == PM_VALUE_CONSTANT);
}

static bool adds_zero(const struct pm_value_graph *graph, const struct pm_value *value)
{
    return value->op == PM_OP_ADD && value->kind == value->a_kind &&
           is_number(graph, value->b, 0.0f);
}

uint16_t pm_value_result(struct pm_value_graph *graph, const struct pm_instruction *instruction,
                         uint16_t a, uint16_t b, uint16_t held)
{
    const enum pm_op op = (enum pm_op)instruction->op;
    const uint8_t arity = pm_op_info(op)->arity;
    struct pm_value value = {.op = (uint8_t)op,
                             .kind = instruction->out.kind,
                             .a_kind = arity > 0 ? instruction->a.kind : PM_KIND_NONE,
                             .b_kind = arity > 1 ? instruction->b.kind : PM_KIND_NONE,
                             .a = arity > 0 ? a : PM_VALUE_NONE,
                             .b = arity > 1 ? b : PM_VALUE_NONE};
    float number;
    if (op == PM_OP_CONST) {
        return pm_value_constant(graph, instruction->c0);
    }
    if (op == PM_OP_CONST_VEC) {
        value.a = held;
        value.index = instruction->element;
        value.number = instruction->c0;
        return add_result(graph, value);
    }
    if (all_constant(graph, &value) && compute(graph, &value, &number)) {
        return pm_value_constant(graph, number);
    }
    if (commutes(&value)) {
        sort_operands(graph, &value);
    }
    if (changes_nothing(graph, &value)) {
        return value.a;
    }
    if (adds_zero(graph, &value)) {
        if (graph->values[value.a].source == PM_VALUE_RESULT &&
            graph->values[value.a].op == PM_VALUE_PLUS_ZERO) {
            return value.a;
        }
        value.op = PM_VALUE_PLUS_ZERO;
        value.b = PM_VALUE_NONE;
        value.b_kind = PM_KIND_NONE;
    }
    return add_result(graph, value);
}
