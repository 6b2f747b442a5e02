#include "algorithm/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/liveness.h>
#include <poolminer/simplify.h>

/* What is known of a register: that all its elements are one number. */
struct known {
    bool is_known[PM_KIND_NONE][PM_REGISTER_COUNT_MAX];
    float value[PM_KIND_NONE][PM_REGISTER_COUNT_MAX];
};

/* Room for an instruction's operands and result, dim x dim each. */
struct bench {
    int dim;
    float *out, *a, *b, *terms, *product;
    float *memory;
};

static bool bench_init(struct bench *bench, int dim, struct pm_error *error)
{
    const size_t size = (size_t)dim * (size_t)dim;
    *bench = (struct bench){.dim = dim, .memory = calloc(5 * size, sizeof(float))};
    if (bench->memory == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "folding constants: out of memory");
        return false;
    }
    bench->out = bench->memory;
    bench->a = bench->out + size;
    bench->b = bench->a + size;
    bench->terms = bench->b + size;
    bench->product = bench->terms + size;
    return true;
}

/* Numbers are the same only if their bits are: 0 is not -0. */
static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void forget(struct known *known, enum pm_kind kind, unsigned index)
{
    known->is_known[kind][index] = false;
}

static void learn_value(struct known *known, struct pm_operand out, float value)
{
    known->is_known[out.kind][out.index] = true;
    known->value[out.kind][out.index] = value;
}

static bool is_known(const struct known *known, struct pm_operand operand)
{
    return known->is_known[operand.kind][operand.index];
}

static void fill(const struct bench *bench, float *elements, const struct known *known,
                 struct pm_operand operand)
{
    const int count = pm_kind_size((enum pm_kind)operand.kind, bench->dim);
    for (int i = 0; i < count; i++) {
        elements[i] = known->value[operand.kind][operand.index];
    }
}

/* Runs the instruction on what is known of its operands. False unless all elements of the result
 * are one number. */
static bool compute(const struct bench *bench, const struct known *known,
                    const struct pm_algorithm_meta *meta, const struct pm_instruction *i,
                    float *value)
{
    const enum pm_kind out = (enum pm_kind)i->out.kind;
    const int arity = pm_op_info((enum pm_op)i->op)->arity;
    const struct pm_run run = {.dim = bench->dim, .terms = bench->terms, .product = bench->product};
    struct pm_step step = {
        .kernel = pm_kernel_of((enum pm_op)i->op, (enum pm_kind)i->a.kind, out),
        .out = bench->out,
        .a = bench->a,
        .b = bench->b,
        .out_kind = out,
        .result_kind = pm_instruction_effect(i, meta).result,
        .a_kind = (enum pm_kind)i->a.kind,
        .b_kind = arity > 1 ? (enum pm_kind)i->b.kind : PM_KIND_NONE,
        .c0 = i->c0,
        .c1 = i->c1,
    };
    fill(bench, bench->a, known, i->a);
    if (arity > 1) {
        fill(bench, bench->b, known, i->b);
    }
    pm_step_run(&step, &run);
    for (int k = 1; k < pm_kind_size(out, bench->dim); k++) {
        if (bits_of(bench->out[k]) != bits_of(bench->out[0])) {
            return false;
        }
    }
    *value = bench->out[0];
    return !isnan(*value);
}

static bool holds(const struct known *known, struct pm_operand operand, float value)
{
    return bits_of(known->value[operand.kind][operand.index]) == bits_of(value);
}

/* What the instruction leaves in its destination, as far as that is known; the instruction becomes
 * a constant where it always computes the same, and a copy to itself, which is inert, where its
 * destination holds that constant already. Returns whether it changed. */
static bool fold(const struct bench *bench, struct known *known,
                 const struct pm_algorithm_meta *meta, struct pm_instruction *i)
{
    const enum pm_op op = (enum pm_op)i->op;
    const int arity = pm_op_info(op)->arity;
    float value;
    if (op == PM_OP_CONST) {
        const bool again = is_known(known, i->out) && holds(known, i->out, i->c0);
        if (again) {
            *i = (struct pm_instruction){.op = PM_OP_COPY, .out = i->out, .a = i->out};
        }
        learn_value(known, i->out, i->c0);
        return again;
    }
    if (arity == 0 || !is_known(known, i->a) || (arity > 1 && !is_known(known, i->b)) ||
        !compute(bench, known, meta, i, &value)) {
        forget(known, (enum pm_kind)i->out.kind, i->out.index);
        return false;
    }
    *i = (struct pm_instruction){.op = PM_OP_CONST,
                                 .out = i->out,
                                 .a = {.kind = PM_KIND_NONE},
                                 .b = {.kind = PM_KIND_NONE},
                                 .c0 = value};
    learn_value(known, i->out, value);
    return true;
}

static bool fold_phase(const struct bench *bench, struct known *known,
                       struct pm_algorithm *algorithm, enum pm_phase phase)
{
    bool folded = false;
    for (int i = 0; i < algorithm->length[phase]; i++) {
        if (fold(bench, known, &algorithm->meta, &algorithm->phase[phase][i])) {
            folded = true;
        }
    }
    return folded;
}

/* What holds for every example: what setup left in registers that no example writes to. */
static void forget_written(struct known *known, const struct pm_algorithm *algorithm)
{
    forget(known, PM_KIND_VECTOR, 0);
    forget(known, PM_KIND_SCALAR, 1);
    for (int phase = PM_PHASE_PREDICT; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_operand out = algorithm->phase[phase][i].out;
            forget(known, (enum pm_kind)out.kind, out.index);
        }
    }
}

static bool fold_once(const struct bench *bench, struct pm_algorithm *algorithm)
{
    struct known known, of_predict;
    memset(&known, 0, sizeof known);
    memset(known.is_known, true, sizeof known.is_known); /* all registers start at 0 */
    bool folded = fold_phase(bench, &known, algorithm, PM_PHASE_SETUP);
    forget_written(&known, algorithm);
    of_predict = known;
    folded = fold_phase(bench, &of_predict, algorithm, PM_PHASE_PREDICT) || folded;
    return fold_phase(bench, &known, algorithm, PM_PHASE_LEARN) || folded;
}

/* Each round turns at least one instruction into a constant, so there are no more rounds than
 * instructions. */
struct pm_algorithm *pm_fold(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    struct bench bench;
    struct pm_algorithm *simple = pm_simplify(algorithm, error);
    if (simple == NULL || !bench_init(&bench, simple->meta.vector_dim, error)) {
        pm_algorithm_destroy(simple);
        return NULL;
    }
    while (simple != NULL && fold_once(&bench, simple)) {
        struct pm_algorithm *simpler = pm_simplify(simple, error);
        pm_algorithm_destroy(simple);
        simple = simpler;
    }
    free(bench.memory);
    return simple;
}
