#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/explain.h>
#include <poolminer/liveness.h>

enum { NAME_SIZE = 48 };

/* What a register is to the program. */
enum role {
    ROLE_PASSING, /* written and read again within an example */
    ROLE_ZERO,    /* never written */
    ROLE_SETTLED, /* written in setup alone */
    ROLE_LEARNED, /* written in learn, and read in predict before that writes it */
    ROLE_CARRIED, /* holds something from one example to the next */
};

struct explanation {
    const struct pm_algorithm *algorithm;
    struct pm_liveness liveness;
    struct pm_register_set written[PM_PHASE_COUNT];
    enum pm_phase phase; /* of the line under way */
};

static void find_written(struct explanation *explanation)
{
    const struct pm_algorithm *algorithm = explanation->algorithm;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_operand out = algorithm->phase[phase][i].out;
            explanation->written[phase].bits[out.kind] |= UINT64_C(1) << out.index;
        }
    }
}

static enum role role_of(const struct explanation *explanation, struct pm_operand r)
{
    const struct pm_register_set *written = explanation->written;
    const bool in_predict = pm_register_set_has(&written[PM_PHASE_PREDICT], r);
    const bool in_learn = pm_register_set_has(&written[PM_PHASE_LEARN], r);
    if (!in_predict && !in_learn) {
        return pm_register_set_has(&written[PM_PHASE_SETUP], r) ? ROLE_SETTLED : ROLE_ZERO;
    }
    if (!pm_register_set_has(&explanation->liveness.training, r)) {
        return ROLE_PASSING;
    }
    return in_learn ? ROLE_LEARNED : ROLE_CARRIED;
}

static bool is_scalar(struct pm_operand r, unsigned index)
{
    return r.kind == PM_KIND_SCALAR && r.index == index;
}

static bool is_input(struct pm_operand r)
{
    return r.kind == PM_KIND_VECTOR && r.index == 0;
}

static void name(const struct explanation *explanation, struct pm_operand r, char out[NAME_SIZE])
{
    static const char *const SUFFIXES[] = {"", " (always 0)", " (fixed)", " (learned)",
                                           " (carried on)"};
    if (is_input(r)) {
        snprintf(out, NAME_SIZE, "the input");
    } else if (is_scalar(r, 0)) {
        snprintf(out, NAME_SIZE, "the prediction");
    } else if (is_scalar(r, 1) && explanation->phase == PM_PHASE_LEARN) {
        snprintf(out, NAME_SIZE, "the label");
    } else {
        snprintf(out, NAME_SIZE, "%c%u%s", pm_kind_letter((enum pm_kind)r.kind), (unsigned)r.index,
                 SUFFIXES[role_of(explanation, r)]);
    }
}

static bool same(struct pm_operand a, struct pm_operand b)
{
    return a.kind == b.kind && a.index == b.index;
}

/* An operation that changes its destination by another register. */
static bool say_update(const struct explanation *explanation, const struct pm_instruction *i,
                       struct pm_text *out)
{
    const bool first = same(i->out, i->a);
    const bool commutes = i->op == PM_OP_ADD || i->op == PM_OP_MUL;
    if (!first && !(commutes && same(i->out, i->b))) {
        return false;
    }
    char self[NAME_SIZE], other[NAME_SIZE];
    name(explanation, i->out, self);
    name(explanation, first ? i->b : i->a, other);
    switch ((enum pm_op)i->op) {
    case PM_OP_ADD:
        pm_text_append(out, "adds %s to %s", other, self);
        return true;
    case PM_OP_SUB:
        pm_text_append(out, "takes %s from %s", other, self);
        return true;
    case PM_OP_MUL:
        pm_text_append(out, "scales %s by %s", self, other);
        return true;
    case PM_OP_DIV:
        pm_text_append(out, "divides %s by %s", self, other);
        return true;
    default:
        return false;
    }
}

/* In the order of enum pm_op; %1 and %2 stand for the operands. */
static const char *const PHRASES[PM_OP_COUNT] = {
    [PM_OP_COPY] = "a copy of %1",
    [PM_OP_ADD] = "%1 plus %2",
    [PM_OP_SUB] = "%1 minus %2",
    [PM_OP_MUL] = "%1 times %2",
    [PM_OP_DIV] = "%1 divided by %2",
    [PM_OP_MIN] = "the smaller of %1 and %2",
    [PM_OP_MAX] = "the larger of %1 and %2",
    [PM_OP_ABS] = "the magnitude of %1",
    [PM_OP_EXP] = "e to the power of %1, which is kept within 10",
    [PM_OP_LOG] = "the logarithm of the magnitude of %1",
    [PM_OP_SIN] = "the sine of %1",
    [PM_OP_COS] = "the cosine of %1",
    [PM_OP_TAN] = "the tangent of %1",
    [PM_OP_HEAVISIDE] = "1 where %1 is above 0, else 0",
    [PM_OP_DOT] = "%1 weighed by %2, summed up",
    [PM_OP_MATMUL] = "the product of %1 and %2",
    [PM_OP_OUTER] = "all products of an element of %1 and one of %2",
    [PM_OP_NORM] = "the length of %1",
    [PM_OP_MEAN] = "the mean of %1",
    [PM_OP_STD] = "the standard deviation of %1",
};

static void say_phrase(const struct explanation *explanation, const struct pm_instruction *i,
                       struct pm_text *out)
{
    for (const char *at = PHRASES[i->op]; *at != '\0'; at++) {
        if (*at == '%') {
            char operand[NAME_SIZE];
            name(explanation, *++at == '1' ? i->a : i->b, operand);
            pm_text_append(out, "%s", operand);
        } else {
            pm_text_append(out, "%c", *at);
        }
    }
}

static void say_random(const struct explanation *explanation, const struct pm_instruction *i,
                       struct pm_text *out)
{
    const char *when = explanation->phase == PM_PHASE_SETUP ? "" : ", new ones every time";
    if (i->op == PM_OP_GAUSSIAN) {
        pm_text_append(out, "normal random numbers, mean %g, standard deviation %g%s",
                       (double)i->c0, (double)i->c1, when);
    } else {
        pm_text_append(out, "random numbers from %g to %g%s", (double)i->c0, (double)i->c1, when);
    }
}

static void say_constant(const struct explanation *explanation, const struct pm_instruction *i,
                         struct pm_text *out)
{
    const enum role role = role_of(explanation, i->out);
    if (i->op == PM_OP_CONST_VEC) {
        pm_text_append(out, "one element");
    } else if (explanation->phase != PM_PHASE_SETUP) {
        pm_text_append(out, "the same for every example");
    } else {
        pm_text_append(out, role == ROLE_SETTLED ? "a constant" : "where it starts from");
    }
}

static bool is_error(const struct explanation *explanation, const struct pm_instruction *i)
{
    return explanation->phase == PM_PHASE_LEARN && i->op == PM_OP_SUB &&
           ((is_scalar(i->a, 1) && is_scalar(i->b, 0)) ||
            (is_scalar(i->a, 0) && is_scalar(i->b, 1)));
}

static void say(const struct explanation *explanation, const struct pm_instruction *i,
                struct pm_text *out)
{
    switch ((enum pm_op)i->op) {
    case PM_OP_NOOP:
        pm_text_append(out, "nothing");
        return;
    case PM_OP_CONST:
    case PM_OP_CONST_VEC:
        say_constant(explanation, i, out);
        return;
    case PM_OP_GAUSSIAN:
    case PM_OP_UNIFORM:
        say_random(explanation, i, out);
        return;
    default:
        break;
    }
    if (is_error(explanation, i)) {
        pm_text_append(out, "the error: ");
    }
    if (is_scalar(i->out, 0) && explanation->phase == PM_PHASE_PREDICT) {
        pm_text_append(out, "prediction: ");
    }
    if (!say_update(explanation, i, out)) {
        say_phrase(explanation, i, out);
    }
}

static void explain_phase(struct explanation *explanation, enum pm_phase phase, struct pm_text *out)
{
    static const char *const HEADERS[] = {"def Setup():", "def Predict():", "def Learn():"};
    const struct pm_algorithm *algorithm = explanation->algorithm;
    explanation->phase = phase;
    pm_text_append(out, "%s\n", HEADERS[phase]);
    if (algorithm->length[phase] == 0) {
        pm_text_append(out, "  NoOp()\n");
    }
    for (int i = 0; i < algorithm->length[phase]; i++) {
        char statement[PM_STATEMENT_SIZE];
        pm_instruction_write(&algorithm->phase[phase][i], statement);
        pm_text_append(out, "  %-28s  # ", statement);
        say(explanation, &algorithm->phase[phase][i], out);
        pm_text_append(out, "\n");
    }
}

void pm_explain(const struct pm_algorithm *algorithm, struct pm_text *out)
{
    const struct pm_algorithm_meta *meta = &algorithm->meta;
    struct explanation explanation = {.algorithm = algorithm};
    pm_liveness_analyse(algorithm, &explanation.liveness);
    find_written(&explanation);
    pm_text_append(out,
                   "# meta: scalar_count=%d vector_count=%d matrix_count=%d vector_dim=%d "
                   "setup_max_ops=%d predict_max_ops=%d learn_max_ops=%d\n",
                   meta->scalar_count, meta->vector_count, meta->matrix_count, meta->vector_dim,
                   meta->max_ops[PM_PHASE_SETUP], meta->max_ops[PM_PHASE_PREDICT],
                   meta->max_ops[PM_PHASE_LEARN]);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        explain_phase(&explanation, (enum pm_phase)phase, out);
    }
}
