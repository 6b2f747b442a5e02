#include "lane_draft.h"

#include <string.h>

static const struct pm_operand V0 = {.kind = PM_KIND_VECTOR, .index = 0};
static const struct pm_operand S0 = {.kind = PM_KIND_SCALAR, .index = 0};
static const struct pm_operand S1 = {.kind = PM_KIND_SCALAR, .index = 1};

enum { ANYWHERE = PM_LIVE_TRAINING | PM_LIVE_VALIDATION };

/* ---- what is used where ---- */

static bool alive(const struct pm_lane_plan *plan, enum pm_phase phase, int i, unsigned mark)
{
    return (plan->liveness.flags[phase][i] & mark) != 0;
}

static bool names(struct pm_operand operand, struct pm_operand r)
{
    return operand.kind == r.kind && operand.index == r.index;
}

/* Whether an instruction of the phase that is alive where `mark` says writes the register. */
static bool writes(const struct pm_lane_plan *plan, enum pm_phase phase, unsigned mark,
                   struct pm_operand r)
{
    for (int i = 0; i < plan->algorithm->length[phase]; i++) {
        if (alive(plan, phase, i, mark) && names(plan->algorithm->phase[phase][i].out, r)) {
            return true;
        }
    }
    return false;
}

static bool reads(const struct pm_lane_plan *plan, enum pm_phase phase, unsigned mark,
                  struct pm_operand r)
{
    for (int i = 0; i < plan->algorithm->length[phase]; i++) {
        const struct pm_instruction *instruction = &plan->algorithm->phase[phase][i];
        const uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
        if (alive(plan, phase, i, mark) &&
            ((arity > 0 && names(instruction->a, r)) || (arity > 1 && names(instruction->b, r)))) {
            return true;
        }
    }
    return false;
}

static bool is_constant(const struct pm_instruction *instruction)
{
    return instruction->op == PM_OP_CONST;
}

/* Registers that keep one value in all their elements once setup is over: nothing writes them, or
 * one constant in setup alone. */
static void find_uniform(struct pm_lane_plan *plan)
{
    struct pm_lane_slots written = {{0}};
    memset(&plan->uniform, 0xFF, sizeof plan->uniform);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < plan->algorithm->length[phase]; i++) {
            const struct pm_instruction *instruction = &plan->algorithm->phase[phase][i];
            if (!alive(plan, (enum pm_phase)phase, i, ANYWHERE)) {
                continue;
            }
            const uint8_t slot =
                pm_slot((enum pm_kind)instruction->out.kind, instruction->out.index);
            if (phase != PM_PHASE_SETUP || !is_constant(instruction) ||
                pm_lane_slots_has(&written, slot)) {
                pm_lane_slots_drop(&plan->uniform, slot);
            }
            pm_lane_slots_add(&written, slot);
        }
    }
    /* The loops write these. */
    pm_lane_slots_drop(&plan->uniform, pm_slot(PM_KIND_VECTOR, 0));
    pm_lane_slots_drop(&plan->uniform, pm_slot(PM_KIND_SCALAR, 1));
    for (unsigned slot = PM_SLOT_INPUT; slot < PM_SLOT_COUNT; slot++) {
        pm_lane_slots_drop(&plan->uniform, (uint8_t)slot);
    }
}

static void analyse(struct pm_lane_plan *plan)
{
    const struct pm_algorithm *algorithm = plan->algorithm;
    const uint32_t dim = (uint32_t)algorithm->meta.vector_dim;
    plan->elements[PM_KIND_SCALAR] = 1;
    plan->elements[PM_KIND_VECTOR] = dim;
    plan->elements[PM_KIND_MATRIX] = dim * dim;
    pm_liveness_analyse(algorithm, &plan->liveness);
    plan->input_fills = algorithm->meta.vector_dim == algorithm->input_dim;
    plan->input_stays = plan->input_fills && !writes(plan, PM_PHASE_PREDICT, ANYWHERE, V0) &&
                        !writes(plan, PM_PHASE_LEARN, ANYWHERE, V0);
    plan->label_stays =
        !writes(plan, PM_PHASE_LEARN, ANYWHERE, S1) && !reads(plan, PM_PHASE_PREDICT, ANYWHERE, S1);
    plan->label_used =
        reads(plan, PM_PHASE_PREDICT, ANYWHERE, S1) || reads(plan, PM_PHASE_LEARN, ANYWHERE, S1);
    find_uniform(plan);
}

/* ---- instructions ---- */

/* The section being written. A result of a smaller kind fills its destination, which then holds no
 * more than that: a matrix filled with a scalar is read as a scalar, its first element, and one
 * filled with a vector as a vector, its first row, as long as that is known. */
struct writer {
    struct pm_lane_plan *plan;
    struct pm_lane_drafts *drafts;
    enum pm_phase phase;
    uint8_t holds[PM_SLOT_COUNT]; /* enum pm_kind of what a register holds at this point */
};

static uint8_t slot_of(const struct writer *writer, struct pm_operand operand)
{
    if (writer->phase != PM_PHASE_SETUP && writer->plan->input_stays && names(operand, V0)) {
        return PM_SLOT_INPUT;
    }
    if (writer->phase == PM_PHASE_LEARN && writer->plan->label_stays && names(operand, S1)) {
        return PM_SLOT_LABEL;
    }
    return operand.kind == PM_KIND_NONE ? PM_SLOT_NONE
                                        : pm_slot((enum pm_kind)operand.kind, operand.index);
}

static struct pm_lane_draft *append(struct writer *writer, struct pm_lane_draft draft)
{
    struct pm_lane_draft *place = &writer->drafts->items[writer->drafts->count++];
    *place = draft;
    return place;
}

/* out = a, of kind `kind`, element by element or spread over a bigger out. */
static struct pm_lane_draft *append_move(struct writer *writer, enum pm_lane_op op, uint8_t out,
                                         uint8_t a, enum pm_kind kind, uint32_t count)
{
    return append(writer, (struct pm_lane_draft){.operation = {(uint8_t)op, PM_LANE_COPY, 0},
                                                 .out = out,
                                                 .a = a,
                                                 .b = PM_SLOT_NONE,
                                                 .c = PM_SLOT_NONE,
                                                 .kinds = {(uint8_t)kind},
                                                 .count = count});
}

/* A result of kind `kind` fills out. */
static void append_spread(struct writer *writer, uint8_t out, uint8_t a, enum pm_kind kind)
{
    const uint32_t *elements = writer->plan->elements;
    if (kind == PM_KIND_SCALAR) {
        append_move(writer, PM_LANE_SPREAD_SCALAR, out, a, kind, elements[pm_slot_kind(out)]);
    } else {
        append_move(writer, PM_LANE_SPREAD_ROW, out, a, kind, elements[PM_KIND_VECTOR]);
    }
}

/* What is read of an operand of an element-wise operation. A row of the destination's own cannot be
 * read while the rows are written. */
static enum pm_kind read_kind(const struct writer *writer, struct pm_operand operand, uint8_t out)
{
    const uint8_t slot = slot_of(writer, operand);
    const enum pm_kind holds = (enum pm_kind)writer->holds[slot];
    return slot == out && holds == PM_KIND_VECTOR ? (enum pm_kind)operand.kind : holds;
}

/* The kind of the result, which may be smaller than the instruction's. */
static enum pm_kind draft_binary(const struct writer *writer,
                                 const struct pm_instruction *instruction,
                                 enum pm_lane_binary which, struct pm_lane_draft *draft)
{
    enum pm_kind a = read_kind(writer, instruction->a, draft->out);
    enum pm_kind b = read_kind(writer, instruction->b, draft->out);
    enum pm_lane_shape shape = PM_LANE_EACH;
    draft->count = writer->plan->elements[a > b ? a : b];
    if (which == PM_LANE_MUL && a > b && b == PM_KIND_SCALAR) { /* the same product */
        const uint8_t slot = draft->a;
        draft->a = draft->b;
        draft->b = slot;
        b = a;
        a = PM_KIND_SCALAR;
    }
    if (a != b && (a == PM_KIND_SCALAR || b == PM_KIND_SCALAR)) {
        shape = a < b ? PM_LANE_SCALAR_LEFT : PM_LANE_SCALAR_RIGHT;
    } else if (a != b) {
        shape = a < b ? PM_LANE_ROW_LEFT : PM_LANE_ROW_RIGHT;
        draft->count = writer->plan->elements[PM_KIND_VECTOR];
    }
    draft->kinds[0] = (uint8_t)a;
    draft->kinds[1] = (uint8_t)b;
    draft->operation = (struct pm_lane_operation){PM_LANE_BINARY, (uint8_t)which, (uint8_t)shape};
    return a > b ? a : b;
}

static enum pm_kind draft_unary(const struct writer *writer,
                                const struct pm_instruction *instruction, enum pm_lane_unary which,
                                struct pm_lane_draft *draft)
{
    const enum pm_kind a = read_kind(writer, instruction->a, draft->out);
    draft->kinds[0] = (uint8_t)a;
    draft->operation = (struct pm_lane_operation){PM_LANE_UNARY, (uint8_t)which, 0};
    draft->count = writer->plan->elements[a];
    return a;
}

static void draft_over(struct pm_lane_draft *draft, enum pm_lane_op op, uint32_t count)
{
    draft->operation = (struct pm_lane_operation){(uint8_t)op, 0, 0};
    draft->count = count;
}

/* Operation and count; out and the operands are there. Returns the kind of the result. */
static enum pm_kind draft_operation(const struct writer *writer,
                                    const struct pm_instruction *instruction,
                                    struct pm_lane_draft *draft)
{
    enum pm_kind result = pm_instruction_effect(instruction, &writer->plan->algorithm->meta).result;
    const struct pm_lane_plan *plan = writer->plan;
    const uint32_t dim = plan->elements[PM_KIND_VECTOR];
    const uint32_t out = plan->elements[instruction->out.kind];
    const uint32_t a = instruction->a.kind < PM_KIND_NONE ? plan->elements[instruction->a.kind] : 0;
    switch ((enum pm_op)instruction->op) {
    case PM_OP_ADD:
        result = draft_binary(writer, instruction, PM_LANE_ADD, draft);
        break;
    case PM_OP_SUB:
        result = draft_binary(writer, instruction, PM_LANE_SUB, draft);
        break;
    case PM_OP_MUL:
        result = draft_binary(writer, instruction, PM_LANE_MUL, draft);
        break;
    case PM_OP_DIV:
        result = draft_binary(writer, instruction, PM_LANE_DIV, draft);
        break;
    case PM_OP_MIN:
        result = draft_binary(writer, instruction, PM_LANE_MIN, draft);
        break;
    case PM_OP_MAX:
        result = draft_binary(writer, instruction, PM_LANE_MAX, draft);
        break;
    case PM_OP_COPY:
        if (instruction->a.kind > instruction->out.kind) {
            draft_over(draft, PM_LANE_NORM, a);
        } else {
            result = draft_unary(writer, instruction, PM_LANE_COPY, draft);
        }
        break;
    case PM_OP_ABS:
        result = draft_unary(writer, instruction, PM_LANE_ABS, draft);
        break;
    case PM_OP_HEAVISIDE:
        result = draft_unary(writer, instruction, PM_LANE_HEAVISIDE, draft);
        break;
    case PM_OP_EXP:
        result = draft_unary(writer, instruction, PM_LANE_EXP, draft);
        break;
    case PM_OP_LOG:
        result = draft_unary(writer, instruction, PM_LANE_LOG, draft);
        break;
    case PM_OP_SIN:
        result = draft_unary(writer, instruction, PM_LANE_SIN, draft);
        break;
    case PM_OP_COS:
        result = draft_unary(writer, instruction, PM_LANE_COS, draft);
        break;
    case PM_OP_TAN:
        result = draft_unary(writer, instruction, PM_LANE_TAN, draft);
        break;
    case PM_OP_CONST:
        draft_over(draft, PM_LANE_CONSTANT, out);
        break;
    case PM_OP_CONST_VEC:
        draft_over(draft, PM_LANE_CONSTANT, 1);
        draft->offset = instruction->element;
        draft->partial = dim > 1;
        break;
    case PM_OP_GAUSSIAN:
        draft_over(draft, PM_LANE_GAUSSIAN, out);
        break;
    case PM_OP_UNIFORM:
        draft_over(draft, PM_LANE_UNIFORM, out);
        break;
    case PM_OP_DOT:
        draft_over(draft, PM_LANE_DOT, dim);
        break;
    case PM_OP_MATMUL:
        draft_over(draft,
                   instruction->b.kind == PM_KIND_VECTOR ? PM_LANE_MATRIX_VECTOR
                                                         : PM_LANE_MATRIX_MATRIX,
                   dim);
        break;
    case PM_OP_OUTER:
        draft_over(draft, PM_LANE_OUTER, dim);
        break;
    case PM_OP_NORM:
        draft_over(draft, PM_LANE_NORM, a);
        break;
    case PM_OP_MEAN:
        draft_over(draft, PM_LANE_MEAN, a);
        break;
    case PM_OP_STD:
        draft_over(draft, PM_LANE_DEVIATION, a);
        break;
    case PM_OP_NOOP:
    case PM_OP_COUNT:
        break;
    }
    return result;
}

/* Cycles for a group of tasks, roughly as measured at AVX-512: what batches are ordered by. */
static uint32_t cost_of(const struct pm_lane_plan *plan, const struct pm_instruction *instruction)
{
    enum { DISPATCH = 12, ELEMENT = 3, ELEMENTARY = 60, RANDOM = 100 };
    const uint32_t dim = plan->elements[PM_KIND_VECTOR];
    const uint32_t out = plan->elements[instruction->out.kind];
    const uint32_t a = instruction->a.kind < PM_KIND_NONE ? plan->elements[instruction->a.kind] : 1;
    switch ((enum pm_op)instruction->op) {
    case PM_OP_EXP:
    case PM_OP_LOG:
    case PM_OP_SIN:
    case PM_OP_COS:
    case PM_OP_TAN:
        return DISPATCH + ELEMENTARY * a;
    case PM_OP_GAUSSIAN:
    case PM_OP_UNIFORM:
        return DISPATCH + RANDOM * out;
    case PM_OP_MATMUL:
        return DISPATCH + out * dim;
    default:
        return DISPATCH + ELEMENT * (out > a ? out : a);
    }
}

static void draft_instruction(struct writer *writer, int i)
{
    const struct pm_instruction *instruction = &writer->plan->algorithm->phase[writer->phase][i];
    const uint8_t out = slot_of(writer, instruction->out);
    const enum pm_kind kind = (enum pm_kind)instruction->out.kind;
    struct pm_lane_draft draft = {
        .out = out,
        .a = slot_of(writer, instruction->a),
        .b = slot_of(writer, instruction->b),
        .c = PM_SLOT_NONE,
        .kinds = {instruction->a.kind, instruction->b.kind, PM_KIND_NONE},
        .c0 = instruction->c0,
        .c1 = instruction->c1,
        .phase = (uint16_t)writer->phase,
        .index = (uint16_t)i,
        .cost = cost_of(writer->plan, instruction),
    };
    const enum pm_kind result = draft_operation(writer, instruction, &draft);
    const bool in_place = instruction->op == PM_OP_MATMUL && (draft.a == out || draft.b == out);
    writer->plan->random |=
        draft.operation.op == PM_LANE_GAUSSIAN || draft.operation.op == PM_LANE_UNIFORM;
    writer->holds[out] = (uint8_t)(is_constant(instruction) ? PM_KIND_SCALAR
                                   : draft.partial          ? kind
                                                            : result);
    if (result < kind && draft.operation.op == PM_LANE_UNARY &&
        draft.operation.which == PM_LANE_COPY) {
        append_spread(writer, out, draft.a, result);
        return;
    }
    if (result < kind || in_place) {
        draft.out = (uint8_t)(PM_SLOT_SCRATCH + result);
    }
    append(writer, draft);
    if (result < kind) {
        append_spread(writer, out, draft.out, result);
    } else if (in_place) {
        append_move(writer, PM_LANE_UNARY, out, draft.out, result, writer->plan->elements[result]);
    }
}

static void draft_phase(struct writer *writer, enum pm_phase phase, unsigned mark)
{
    writer->phase = phase;
    for (int i = 0; i < writer->plan->algorithm->length[phase]; i++) {
        if (alive(writer->plan, phase, i, mark)) {
            draft_instruction(writer, i);
        }
    }
}

/* ---- sections ---- */

/* Adds the registers live when an example begins, before its input is there. */
static void add_live(const struct pm_lane_plan *plan, const struct pm_register_set *live,
                     struct pm_lane_slots *out)
{
    for (int kind = 0; kind < PM_KIND_NONE; kind++) {
        out->bits[kind] |= live->bits[kind];
    }
    if (plan->input_fills) {
        pm_lane_slots_drop(out, pm_slot(PM_KIND_VECTOR, 0));
    }
}

/* v0 = input, where somebody reads it and cannot read it in place. */
static void load_input(struct writer *writer, bool read)
{
    if (writer->plan->input_stays || !read) {
        return;
    }
    struct pm_lane_draft *draft =
        append_move(writer, PM_LANE_UNARY, pm_slot(PM_KIND_VECTOR, 0), PM_SLOT_INPUT,
                    PM_KIND_VECTOR, (uint32_t)writer->plan->algorithm->input_dim);
    writer->holds[pm_slot(PM_KIND_VECTOR, 0)] = PM_KIND_VECTOR;
    draft->partial = !writer->plan->input_fills;
}

static void draft_setup(struct writer *writer)
{
    draft_phase(writer, PM_PHASE_SETUP, PM_LIVE_TRAINING);
    add_live(writer->plan, &writer->plan->liveness.training, &writer->drafts->live_out);
    add_live(writer->plan, &writer->plan->liveness.validation, &writer->drafts->live_out);
}

static void draft_training(struct writer *writer)
{
    const struct pm_lane_plan *plan = writer->plan;
    const bool copies_label = plan->label_used && !plan->label_stays;
    const uint8_t s1 = pm_slot(PM_KIND_SCALAR, 1);
    load_input(writer, reads(plan, PM_PHASE_PREDICT, PM_LIVE_TRAINING, V0) ||
                           reads(plan, PM_PHASE_LEARN, PM_LIVE_TRAINING, V0));
    draft_phase(writer, PM_PHASE_PREDICT, PM_LIVE_TRAINING);
    if (copies_label) {
        append_move(writer, PM_LANE_UNARY, s1, PM_SLOT_LABEL, PM_KIND_SCALAR, 1);
    }
    draft_phase(writer, PM_PHASE_LEARN, PM_LIVE_TRAINING);
    if (copies_label) {
        append_move(writer, PM_LANE_CONSTANT, s1, PM_SLOT_NONE, PM_KIND_NONE, 1);
    }
    add_live(plan, &plan->liveness.training, &writer->drafts->live_out);
    add_live(plan, &plan->liveness.validation, &writer->drafts->live_out);
}

static void draft_validation(struct writer *writer)
{
    const struct pm_lane_plan *plan = writer->plan;
    load_input(writer, reads(plan, PM_PHASE_PREDICT, PM_LIVE_VALIDATION, V0));
    draft_phase(writer, PM_PHASE_PREDICT, PM_LIVE_VALIDATION);
    add_live(plan, &plan->liveness.validation, &writer->drafts->live_out);
    pm_lane_slots_add(&writer->drafts->live_out, pm_slot((enum pm_kind)S0.kind, S0.index));
}

/* What registers hold at a section's start, whichever way it is reached: before setup, zeros; in
 * the loops, all that they can, unless they never change. */
static void forget_holdings(struct writer *writer, enum pm_lane_section section)
{
    for (unsigned slot = 0; slot < PM_SLOT_COUNT; slot++) {
        const bool same = section == PM_LANE_SETUP
                              ? slot < PM_SLOT_INPUT
                              : pm_lane_slots_has(&writer->plan->uniform, (uint8_t)slot);
        writer->holds[slot] = same ? PM_KIND_SCALAR : (uint8_t)pm_slot_kind((uint8_t)slot);
    }
}

/* An instruction becomes at most two drafts; loops add three of their own. */
void pm_lane_draft_room(const struct pm_algorithm *algorithm, size_t room[PM_LANE_SECTION_COUNT])
{
    const size_t predict = 2 * (size_t)algorithm->length[PM_PHASE_PREDICT] + 1;
    room[PM_LANE_SETUP] = 2 * (size_t)algorithm->length[PM_PHASE_SETUP];
    room[PM_LANE_TRAIN] = predict + 2 * (size_t)algorithm->length[PM_PHASE_LEARN] + 2;
    room[PM_LANE_VALIDATE] = predict;
}

void pm_lane_draft_all(struct pm_lane_plan *plan, const struct pm_algorithm *algorithm)
{
    struct writer writer = {.plan = plan};
    plan->algorithm = algorithm;
    plan->random = false;
    analyse(plan);
    memset(&plan->carried, 0, sizeof plan->carried);
    add_live(plan, &plan->liveness.validation, &plan->carried);
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        forget_holdings(&writer, (enum pm_lane_section)section);
        writer.drafts = &plan->sections[section];
        writer.drafts->count = 0;
        memset(&writer.drafts->live_out, 0, sizeof writer.drafts->live_out);
        if (section == PM_LANE_SETUP) {
            draft_setup(&writer);
        } else if (section == PM_LANE_TRAIN) {
            draft_training(&writer);
        } else {
            draft_validation(&writer);
        }
    }
}
