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
    for (int i = 0; i < plan->algorithm->length[phase]; i++)
        if (alive(plan, phase, i, mark) && names(plan->algorithm->phase[phase][i].out, r))
            return true;
    return false;
}

static bool reads(const struct pm_lane_plan *plan, enum pm_phase phase, unsigned mark,
                  struct pm_operand r)
{
    for (int i = 0; i < plan->algorithm->length[phase]; i++) {
        const struct pm_instruction *instruction = &plan->algorithm->phase[phase][i];
        const uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
        if (alive(plan, phase, i, mark) &&
            ((arity > 0 && names(instruction->a, r)) || (arity > 1 && names(instruction->b, r))))
            return true;
    }
    return false;
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
}

/* ---- instructions ---- */

/* The section being written. */
struct writer {
    struct pm_lane_plan *plan;
    struct pm_lane_drafts *drafts;
    enum pm_phase phase;
};

static uint8_t slot_of(const struct writer *writer, struct pm_operand operand)
{
    if (writer->phase != PM_PHASE_SETUP && writer->plan->input_stays && names(operand, V0))
        return PM_SLOT_INPUT;
    if (writer->phase == PM_PHASE_LEARN && writer->plan->label_stays && names(operand, S1))
        return PM_SLOT_LABEL;
    return operand.kind == PM_KIND_NONE ? PM_SLOT_NONE
                                        : pm_slot((enum pm_kind)operand.kind, operand.index);
}

static struct pm_lane_draft *append(struct writer *writer, struct pm_lane_draft draft)
{
    struct pm_lane_draft *place = &writer->drafts->items[writer->drafts->count++];
    *place = draft;
    return place;
}

/* out = a, element by element, or spread over a bigger out. */
static struct pm_lane_draft *append_move(struct writer *writer, enum pm_lane_op op, uint8_t out,
                                         uint8_t a, uint32_t count)
{
    return append(writer, (struct pm_lane_draft){.operation = {(uint8_t)op, PM_LANE_COPY, 0},
                                                 .out = out,
                                                 .a = a,
                                                 .b = PM_SLOT_NONE,
                                                 .c = PM_SLOT_NONE,
                                                 .count = count});
}

static void draft_binary(const struct writer *writer, const struct pm_instruction *instruction,
                         enum pm_lane_binary which, struct pm_lane_draft *draft)
{
    const enum pm_kind a = (enum pm_kind)instruction->a.kind, b = (enum pm_kind)instruction->b.kind;
    enum pm_lane_shape shape = PM_LANE_EACH;
    draft->count = writer->plan->elements[a > b ? a : b];
    if (a != b && (a == PM_KIND_SCALAR || b == PM_KIND_SCALAR)) {
        shape = a < b ? PM_LANE_SCALAR_LEFT : PM_LANE_SCALAR_RIGHT;
    } else if (a != b) {
        shape = a < b ? PM_LANE_ROW_LEFT : PM_LANE_ROW_RIGHT;
        draft->count = writer->plan->elements[PM_KIND_VECTOR];
    }
    if (which == PM_LANE_MUL && shape == PM_LANE_SCALAR_RIGHT) { /* the same product */
        shape = PM_LANE_SCALAR_LEFT;
        draft->a = slot_of(writer, instruction->b);
        draft->b = slot_of(writer, instruction->a);
    }
    draft->operation = (struct pm_lane_operation){PM_LANE_BINARY, (uint8_t)which, (uint8_t)shape};
}

static void draft_unary(const struct writer *writer, const struct pm_instruction *instruction,
                        enum pm_lane_unary which, struct pm_lane_draft *draft)
{
    draft->operation = (struct pm_lane_operation){PM_LANE_UNARY, (uint8_t)which, 0};
    draft->count = writer->plan->elements[instruction->a.kind];
}

static void draft_over(struct pm_lane_draft *draft, enum pm_lane_op op, uint32_t count)
{
    draft->operation = (struct pm_lane_operation){(uint8_t)op, 0, 0};
    draft->count = count;
}

/* Operation and count; out and the operands are there. */
static void draft_operation(const struct writer *writer, const struct pm_instruction *instruction,
                            struct pm_lane_draft *draft)
{
    const struct pm_lane_plan *plan = writer->plan;
    const uint32_t dim = plan->elements[PM_KIND_VECTOR];
    const uint32_t out = plan->elements[instruction->out.kind];
    const uint32_t a = instruction->a.kind < PM_KIND_NONE ? plan->elements[instruction->a.kind] : 0;
    switch ((enum pm_op)instruction->op) {
    case PM_OP_ADD:
        draft_binary(writer, instruction, PM_LANE_ADD, draft);
        break;
    case PM_OP_SUB:
        draft_binary(writer, instruction, PM_LANE_SUB, draft);
        break;
    case PM_OP_MUL:
        draft_binary(writer, instruction, PM_LANE_MUL, draft);
        break;
    case PM_OP_DIV:
        draft_binary(writer, instruction, PM_LANE_DIV, draft);
        break;
    case PM_OP_MIN:
        draft_binary(writer, instruction, PM_LANE_MIN, draft);
        break;
    case PM_OP_MAX:
        draft_binary(writer, instruction, PM_LANE_MAX, draft);
        break;
    case PM_OP_COPY:
        if (instruction->a.kind > instruction->out.kind)
            draft_over(draft, PM_LANE_NORM, a);
        else
            draft_unary(writer, instruction, PM_LANE_COPY, draft);
        break;
    case PM_OP_ABS:
        draft_unary(writer, instruction, PM_LANE_ABS, draft);
        break;
    case PM_OP_HEAVISIDE:
        draft_unary(writer, instruction, PM_LANE_HEAVISIDE, draft);
        break;
    case PM_OP_EXP:
        draft_unary(writer, instruction, PM_LANE_EXP, draft);
        break;
    case PM_OP_LOG:
        draft_unary(writer, instruction, PM_LANE_LOG, draft);
        break;
    case PM_OP_SIN:
        draft_unary(writer, instruction, PM_LANE_SIN, draft);
        break;
    case PM_OP_COS:
        draft_unary(writer, instruction, PM_LANE_COS, draft);
        break;
    case PM_OP_TAN:
        draft_unary(writer, instruction, PM_LANE_TAN, draft);
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
    const enum pm_kind result =
        pm_instruction_effect(instruction, &writer->plan->algorithm->meta).result;
    const uint8_t out = slot_of(writer, instruction->out);
    struct pm_lane_draft draft = {
        .out = out,
        .a = slot_of(writer, instruction->a),
        .b = slot_of(writer, instruction->b),
        .c = PM_SLOT_NONE,
        .c0 = instruction->c0,
        .c1 = instruction->c1,
        .phase = (uint16_t)writer->phase,
        .index = (uint16_t)i,
        .cost = cost_of(writer->plan, instruction),
    };
    draft_operation(writer, instruction, &draft);
    const bool random =
        draft.operation.op == PM_LANE_GAUSSIAN || draft.operation.op == PM_LANE_UNIFORM;
    const bool widens = (uint8_t)result != instruction->out.kind;
    const bool in_place = instruction->op == PM_OP_MATMUL && (draft.a == out || draft.b == out);
    if (widens || in_place)
        draft.out = (uint8_t)(PM_SLOT_SCRATCH + result);
    writer->plan->random |= random;
    append(writer, draft);
    /* A result of a smaller kind fills its destination. */
    if (widens && result == PM_KIND_SCALAR)
        append_move(writer, PM_LANE_SPREAD_SCALAR, out, draft.out,
                    writer->plan->elements[instruction->out.kind]);
    else if (widens)
        append_move(writer, PM_LANE_SPREAD_ROW, out, draft.out,
                    writer->plan->elements[PM_KIND_VECTOR]);
    else if (in_place)
        append_move(writer, PM_LANE_UNARY, out, draft.out, writer->plan->elements[result]);
}

static void draft_phase(struct writer *writer, enum pm_phase phase, unsigned mark)
{
    writer->phase = phase;
    for (int i = 0; i < writer->plan->algorithm->length[phase]; i++)
        if (alive(writer->plan, phase, i, mark))
            draft_instruction(writer, i);
}

/* ---- sections ---- */

/* Adds the registers live when an example begins, before its input is there. */
static void add_live(const struct pm_lane_plan *plan, const struct pm_register_set *live,
                     struct pm_lane_slots *out)
{
    for (int kind = 0; kind < PM_KIND_NONE; kind++)
        out->bits[kind] |= live->bits[kind];
    if (plan->input_fills)
        pm_lane_slots_drop(out, pm_slot(PM_KIND_VECTOR, 0));
}

/* v0 = input, where somebody reads it and cannot read it in place. */
static void load_input(struct writer *writer, bool read)
{
    if (writer->plan->input_stays || !read)
        return;
    struct pm_lane_draft *draft =
        append_move(writer, PM_LANE_UNARY, pm_slot(PM_KIND_VECTOR, 0), PM_SLOT_INPUT,
                    (uint32_t)writer->plan->algorithm->input_dim);
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
    if (copies_label)
        append_move(writer, PM_LANE_UNARY, s1, PM_SLOT_LABEL, 1);
    draft_phase(writer, PM_PHASE_LEARN, PM_LIVE_TRAINING);
    if (copies_label)
        append_move(writer, PM_LANE_CONSTANT, s1, PM_SLOT_NONE, 1);
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
        writer.drafts = &plan->sections[section];
        writer.drafts->count = 0;
        memset(&writer.drafts->live_out, 0, sizeof writer.drafts->live_out);
        if (section == PM_LANE_SETUP)
            draft_setup(&writer);
        else if (section == PM_LANE_TRAIN)
            draft_training(&writer);
        else
            draft_validation(&writer);
    }
}
