#include "lane_draft.h"
#include "lane_kernels.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Side by side there is room for what stays in a first-level cache. */
    INTERLEAVED_BYTES_MAX = 12 * 1024,
    EXAMPLES_BYTES_MAX = 8 * 1024,
    EXAMPLES_MAX = 16,
    NO_PLACE = UINT32_MAX,
};

struct pm_lane_program *pm_lane_program_create(enum pm_simd_level level)
{
    struct pm_lane_program *program =
        aligned_alloc(_Alignof(struct pm_lane_program), sizeof *program);
    if (program == NULL)
        return NULL;
    memset(program, 0, sizeof *program);
    program->level = level;
    program->kernels = pm_lane_kernels(level);
    assert(program->kernels != NULL);
    return program;
}

void pm_lane_program_destroy(struct pm_lane_program *program)
{
    if (program == NULL)
        return;
    free(program->steps);
    free(program->drafts);
    free(program);
}

struct pm_lane_program_info pm_lane_program_info(const struct pm_lane_program *program)
{
    return (struct pm_lane_program_info){
        .steps = {program->step_count[0], program->step_count[1], program->step_count[2]},
        .memory_bytes = program->state_bytes,
        .interleaved_groups = (int)program->groups,
        .validation_examples = (int)program->examples,
        .random = program->random,
        .cost = program->cost,
    };
}

/* ---- compilation ---- */

struct compiler {
    struct pm_lane_program *program;
    const struct pm_algorithm *algorithm;
    const struct pm_lane_kernels *kernels;
    struct pm_liveness liveness;
    uint32_t elements[PM_KIND_NONE]; /* of a register */
    bool input_fills;                /* v0 is as long as the input */
    bool input_stays; /* nothing in the loops writes v0: it is read where the input lies */
    bool label_stays; /* s1 is nothing but the label, in learn */
    bool label_used;  /* somebody reads s1 */
    struct pm_lane_drafts *drafts; /* of the section being written */
    enum pm_phase phase;
    uint64_t carried[PM_KIND_NONE];    /* registers that training hands to validation */
    uint32_t place[PM_SLOT_COUNT];     /* offset in a group's registers, or NO_PLACE */
    uint32_t own_place[PM_SLOT_COUNT]; /* offset in a validation example's, or NO_PLACE */
};

static bool alive(const struct compiler *compiler, enum pm_phase phase, int i, unsigned mark)
{
    return (compiler->liveness.flags[phase][i] & mark) != 0;
}

static bool names(struct pm_operand operand, struct pm_operand r)
{
    return operand.kind == r.kind && operand.index == r.index;
}

/* Whether an instruction of the phase that is alive where `mark` says writes the register. */
static bool writes(const struct compiler *compiler, enum pm_phase phase, unsigned mark,
                   struct pm_operand r)
{
    for (int i = 0; i < compiler->algorithm->length[phase]; i++)
        if (alive(compiler, phase, i, mark) && names(compiler->algorithm->phase[phase][i].out, r))
            return true;
    return false;
}

static bool reads(const struct compiler *compiler, enum pm_phase phase, unsigned mark,
                  struct pm_operand r)
{
    for (int i = 0; i < compiler->algorithm->length[phase]; i++) {
        const struct pm_instruction *instruction = &compiler->algorithm->phase[phase][i];
        const uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
        if (alive(compiler, phase, i, mark) &&
            ((arity > 0 && names(instruction->a, r)) || (arity > 1 && names(instruction->b, r))))
            return true;
    }
    return false;
}

static const struct pm_operand V0 = {.kind = PM_KIND_VECTOR, .index = 0};
static const struct pm_operand S0 = {.kind = PM_KIND_SCALAR, .index = 0};
static const struct pm_operand S1 = {.kind = PM_KIND_SCALAR, .index = 1};

enum { ANYWHERE = PM_LIVE_TRAINING | PM_LIVE_VALIDATION };

static void see_input_and_label(struct compiler *compiler)
{
    const struct pm_algorithm *algorithm = compiler->algorithm;
    compiler->input_fills = algorithm->meta.vector_dim == algorithm->input_dim;
    compiler->input_stays = compiler->input_fills &&
                            !writes(compiler, PM_PHASE_PREDICT, ANYWHERE, V0) &&
                            !writes(compiler, PM_PHASE_LEARN, ANYWHERE, V0);
    compiler->label_stays = !writes(compiler, PM_PHASE_LEARN, ANYWHERE, S1) &&
                            !reads(compiler, PM_PHASE_PREDICT, ANYWHERE, S1);
    compiler->label_used = reads(compiler, PM_PHASE_PREDICT, ANYWHERE, S1) ||
                           reads(compiler, PM_PHASE_LEARN, ANYWHERE, S1);
}

static uint8_t slot_of(const struct compiler *compiler, struct pm_operand operand)
{
    if (compiler->phase != PM_PHASE_SETUP && compiler->input_stays &&
        operand.kind == PM_KIND_VECTOR && operand.index == 0)
        return PM_SLOT_INPUT;
    if (compiler->phase == PM_PHASE_LEARN && compiler->label_stays &&
        operand.kind == PM_KIND_SCALAR && operand.index == 1)
        return PM_SLOT_LABEL;
    return pm_slot((enum pm_kind)operand.kind, operand.index);
}

static struct pm_lane_draft *append(struct compiler *compiler, struct pm_lane_draft draft)
{
    struct pm_lane_draft *place = &compiler->drafts->items[compiler->drafts->count++];
    *place = draft;
    return place;
}

static struct pm_lane_draft *append_map(struct compiler *compiler, pm_lane_kernel *kernel,
                                        uint8_t out, uint8_t a, uint32_t count)
{
    return append(compiler, (struct pm_lane_draft){.kernel = kernel,
                                                   .out = out,
                                                   .a = a,
                                                   .b = PM_SLOT_NONE,
                                                   .c = PM_SLOT_NONE,
                                                   .count = count});
}

/* ---- instructions ---- */

static const enum pm_lane_unary unary_of[PM_OP_COUNT] = {
    [PM_OP_COPY] = PM_LANE_COPY, [PM_OP_ABS] = PM_LANE_ABS,
    [PM_OP_EXP] = PM_LANE_EXP,   [PM_OP_LOG] = PM_LANE_LOG,
    [PM_OP_SIN] = PM_LANE_SIN,   [PM_OP_COS] = PM_LANE_COS,
    [PM_OP_TAN] = PM_LANE_TAN,   [PM_OP_HEAVISIDE] = PM_LANE_HEAVISIDE,
};

static const enum pm_lane_binary binary_of[PM_OP_COUNT] = {
    [PM_OP_ADD] = PM_LANE_ADD, [PM_OP_SUB] = PM_LANE_SUB, [PM_OP_MUL] = PM_LANE_MUL,
    [PM_OP_DIV] = PM_LANE_DIV, [PM_OP_MIN] = PM_LANE_MIN, [PM_OP_MAX] = PM_LANE_MAX,
};

static void draft_binary(const struct compiler *compiler, const struct pm_instruction *instruction,
                         struct pm_lane_draft *draft)
{
    const enum pm_kind a = (enum pm_kind)instruction->a.kind, b = (enum pm_kind)instruction->b.kind;
    enum pm_lane_shape shape = PM_LANE_EACH;
    draft->count = compiler->elements[a > b ? a : b];
    if (a != b && (a == PM_KIND_SCALAR || b == PM_KIND_SCALAR))
        shape = a < b ? PM_LANE_SCALAR_LEFT : PM_LANE_SCALAR_RIGHT;
    else if (a != b) {
        shape = a < b ? PM_LANE_ROW_LEFT : PM_LANE_ROW_RIGHT;
        draft->count = compiler->elements[PM_KIND_VECTOR];
    }
    if (instruction->op == PM_OP_MUL && shape == PM_LANE_SCALAR_RIGHT) {
        shape = PM_LANE_SCALAR_LEFT; /* the same product */
        draft->a = slot_of(compiler, instruction->b);
        draft->b = slot_of(compiler, instruction->a);
    }
    draft->kernel = compiler->kernels->binary[binary_of[instruction->op]][shape];
    if (instruction->op == PM_OP_MUL && shape == PM_LANE_EACH)
        draft->role = PM_DRAFT_PRODUCT_EACH;
    else if (instruction->op == PM_OP_MUL && shape == PM_LANE_SCALAR_LEFT)
        draft->role = PM_DRAFT_PRODUCT_SCALAR;
    else if (instruction->op == PM_OP_ADD && shape == PM_LANE_EACH)
        draft->role = PM_DRAFT_SUM;
    else if (instruction->op == PM_OP_SUB && shape == PM_LANE_EACH)
        draft->role = PM_DRAFT_DIFFERENCE;
}

/* Kernel and count of everything but the element-wise operations of two operands. */
static void draft_other(struct compiler *compiler, const struct pm_instruction *instruction,
                        struct pm_lane_draft *draft)
{
    const struct pm_lane_kernels *kernels = compiler->kernels;
    const uint32_t dim = compiler->elements[PM_KIND_VECTOR];
    const uint32_t a_elements =
        instruction->a.kind < PM_KIND_NONE ? compiler->elements[instruction->a.kind] : 0;
    const uint32_t out_elements = compiler->elements[instruction->out.kind];
    switch ((enum pm_op)instruction->op) {
    case PM_OP_CONST:
        draft->kernel = kernels->constant;
        draft->count = out_elements;
        break;
    case PM_OP_CONST_VEC:
        draft->kernel = kernels->constant;
        draft->count = 1;
        draft->offset = instruction->element;
        draft->partial = dim > 1;
        break;
    case PM_OP_GAUSSIAN:
    case PM_OP_UNIFORM:
        draft->kernel = instruction->op == PM_OP_GAUSSIAN ? kernels->gaussian : kernels->uniform;
        draft->count = out_elements;
        compiler->program->random = true;
        break;
    case PM_OP_DOT:
        draft->kernel = kernels->dot;
        draft->count = dim;
        break;
    case PM_OP_MATMUL:
        draft->kernel =
            instruction->b.kind == PM_KIND_VECTOR ? kernels->matrix_vector : kernels->matrix_matrix;
        draft->count = dim;
        break;
    case PM_OP_OUTER:
        draft->kernel = kernels->outer;
        draft->count = dim;
        draft->role = PM_DRAFT_PRODUCT_OUTER;
        break;
    case PM_OP_NORM:
        draft->kernel = kernels->norm;
        draft->count = a_elements;
        break;
    case PM_OP_MEAN:
        draft->kernel = kernels->mean;
        draft->count = a_elements;
        break;
    case PM_OP_STD:
        draft->kernel = kernels->deviation;
        draft->count = a_elements;
        break;
    default:
        draft->kernel = instruction->op == PM_OP_COPY &&
                                instruction->a.kind != instruction->out.kind &&
                                instruction->out.kind == PM_KIND_SCALAR
                            ? kernels->norm
                            : kernels->unary[unary_of[instruction->op]];
        draft->count = a_elements;
    }
}

/* Cycles for a group of tasks, roughly as measured at AVX-512: what batches are ordered by. */
static uint32_t cost_of(const struct compiler *compiler, const struct pm_instruction *instruction)
{
    enum { DISPATCH = 12, ELEMENT = 3, ELEMENTARY = 60, RANDOM = 100 };
    const uint32_t dim = compiler->elements[PM_KIND_VECTOR];
    const uint32_t out = compiler->elements[instruction->out.kind];
    const uint32_t a =
        instruction->a.kind < PM_KIND_NONE ? compiler->elements[instruction->a.kind] : 1;
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

/* A result of a smaller kind fills its destination. */
static void widen(struct compiler *compiler, enum pm_kind from, uint8_t scratch, uint8_t out)
{
    if (from == PM_KIND_SCALAR)
        append_map(compiler, compiler->kernels->spread_scalar, out, scratch,
                   compiler->elements[pm_slot_kind(out)]);
    else
        append_map(compiler, compiler->kernels->spread_row, out, scratch,
                   compiler->elements[PM_KIND_VECTOR]);
}

static void compile_instruction(struct compiler *compiler, int i)
{
    const struct pm_instruction *instruction = &compiler->algorithm->phase[compiler->phase][i];
    const uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
    const struct pm_instruction_effect effect =
        pm_instruction_effect(instruction, &compiler->algorithm->meta);
    const uint8_t out = slot_of(compiler, instruction->out);

    struct pm_lane_draft draft = {
        .out = out,
        .a = arity > 0 ? slot_of(compiler, instruction->a) : PM_SLOT_NONE,
        .b = arity > 1 ? slot_of(compiler, instruction->b) : PM_SLOT_NONE,
        .c = PM_SLOT_NONE,
        .c0 = instruction->c0,
        .c1 = instruction->c1,
        .phase = (uint16_t)compiler->phase,
        .index = (uint16_t)i,
        .cost = cost_of(compiler, instruction),
    };
    const bool widens = (uint8_t)effect.result != instruction->out.kind;
    const bool in_place = instruction->op == PM_OP_MATMUL && (draft.a == out || draft.b == out);
    if (pm_op_info((enum pm_op)instruction->op)->signature == PM_SIGNATURE_ELEMENTWISE)
        draft_binary(compiler, instruction, &draft);
    else
        draft_other(compiler, instruction, &draft);
    if (widens || in_place) {
        draft.out = (uint8_t)(PM_SLOT_SCRATCH + effect.result);
        draft.role = PM_DRAFT_OTHER;
    }
    append(compiler, draft);
    if (widens)
        widen(compiler, effect.result, draft.out, out);
    else if (in_place)
        append_map(compiler, compiler->kernels->unary[PM_LANE_COPY], out, draft.out,
                   compiler->elements[effect.result]);
}

static void compile_phase(struct compiler *compiler, enum pm_phase phase, unsigned mark)
{
    compiler->phase = phase;
    for (int i = 0; i < compiler->algorithm->length[phase]; i++)
        if (alive(compiler, phase, i, mark))
            compile_instruction(compiler, i);
}

/* ---- sections ---- */

/* Registers live at the start of an example, before its input is there. */
static void set_live_out(const struct compiler *compiler, const struct pm_register_set *live,
                         struct pm_lane_drafts *drafts)
{
    for (int kind = 0; kind < PM_KIND_NONE; kind++)
        drafts->live_out[kind] |= live->bits[kind];
    if (compiler->input_fills)
        drafts->live_out[PM_KIND_VECTOR] &= ~UINT64_C(1);
}

/* v0 = input, where somebody reads it and cannot read it in place. */
static void load_input(struct compiler *compiler, bool read)
{
    if (compiler->input_stays || !read)
        return;
    struct pm_lane_draft *draft =
        append_map(compiler, compiler->kernels->unary[PM_LANE_COPY], pm_slot(PM_KIND_VECTOR, 0),
                   PM_SLOT_INPUT, (uint32_t)compiler->algorithm->input_dim);
    draft->partial = !compiler->input_fills;
}

static void draft_setup(struct compiler *compiler, struct pm_lane_drafts *drafts)
{
    compiler->drafts = drafts;
    compile_phase(compiler, PM_PHASE_SETUP, PM_LIVE_TRAINING);
    set_live_out(compiler, &compiler->liveness.training, drafts);
    set_live_out(compiler, &compiler->liveness.validation, drafts);
}

static void draft_training(struct compiler *compiler, struct pm_lane_drafts *drafts)
{
    const bool copies_label = compiler->label_used && !compiler->label_stays;
    compiler->drafts = drafts;
    load_input(compiler, reads(compiler, PM_PHASE_PREDICT, PM_LIVE_TRAINING, V0) ||
                             reads(compiler, PM_PHASE_LEARN, PM_LIVE_TRAINING, V0));
    compile_phase(compiler, PM_PHASE_PREDICT, PM_LIVE_TRAINING);
    if (copies_label)
        append_map(compiler, compiler->kernels->unary[PM_LANE_COPY], pm_slot(PM_KIND_SCALAR, 1),
                   PM_SLOT_LABEL, 1);
    compile_phase(compiler, PM_PHASE_LEARN, PM_LIVE_TRAINING);
    if (copies_label)
        append_map(compiler, compiler->kernels->constant, pm_slot(PM_KIND_SCALAR, 1), PM_SLOT_NONE,
                   1);
    set_live_out(compiler, &compiler->liveness.training, drafts);
    set_live_out(compiler, &compiler->liveness.validation, drafts);
}

static void draft_validation(struct compiler *compiler, struct pm_lane_drafts *drafts)
{
    compiler->drafts = drafts;
    load_input(compiler, reads(compiler, PM_PHASE_PREDICT, PM_LIVE_VALIDATION, V0));
    compile_phase(compiler, PM_PHASE_PREDICT, PM_LIVE_VALIDATION);
    set_live_out(compiler, &compiler->liveness.validation, drafts);
    drafts->live_out[S0.kind] |= UINT64_C(1) << S0.index;
}

/* ---- places ---- */

static uint32_t slot_bytes(const struct compiler *compiler, uint8_t slot)
{
    return compiler->elements[pm_slot_kind(slot)] * PM_LANE_VECTOR_SIZE;
}

/* Gives a slot the next place behind *end, unless it has one or needs none. */
static void place(const struct compiler *compiler, uint32_t *places, uint8_t slot, size_t *end)
{
    if (slot == PM_SLOT_NONE || slot == PM_SLOT_INPUT || slot == PM_SLOT_LABEL ||
        places[slot] != NO_PLACE)
        return;
    places[slot] = (uint32_t)*end;
    *end += slot_bytes(compiler, slot);
}

static void place_operands(const struct compiler *compiler, uint32_t *places,
                           const struct pm_lane_drafts *drafts, size_t *end)
{
    for (int i = 0; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->role == PM_DRAFT_GONE)
            continue;
        place(compiler, places, draft->a, end);
        place(compiler, places, draft->b, end);
        place(compiler, places, draft->c, end);
        place(compiler, places, draft->out, end);
    }
}

static bool in_set(const uint64_t set[PM_KIND_NONE], uint8_t slot)
{
    return slot < PM_SLOT_INPUT &&
           (set[slot / PM_REGISTER_COUNT_MAX] >> slot % PM_REGISTER_COUNT_MAX & 1) != 0;
}

/* Whether validation's predict leaves nothing behind that the next example's reads. */
static bool carries_nothing(const struct compiler *compiler, const struct pm_lane_drafts *drafts)
{
    for (int i = 0; i < drafts->count; i++) {
        const uint8_t out = drafts->items[i].out;
        if (drafts->items[i].role != PM_DRAFT_GONE && in_set(compiler->carried, out))
            return false;
    }
    return true;
}

static void place_carried(struct compiler *compiler, size_t *end)
{
    for (unsigned kind = 0; kind < PM_KIND_NONE; kind++)
        for (unsigned index = 0; index < PM_REGISTER_COUNT_MAX; index++)
            if ((compiler->carried[kind] >> index & 1) != 0)
                place(compiler, compiler->place, pm_slot((enum pm_kind)kind, index), end);
}

static void place_all(struct compiler *compiler, const struct pm_lane_drafts *drafts)
{
    struct pm_lane_program *program = compiler->program;
    const struct pm_lane_drafts *validation = &drafts[PM_LANE_VALIDATE];
    memset(compiler->place, 0xFF, sizeof compiler->place);
    memset(compiler->own_place, 0xFF, sizeof compiler->own_place);

    size_t end = 0;
    place_carried(compiler, &end);
    program->carried_bytes = end;
    place_operands(compiler, compiler->place, &drafts[PM_LANE_SETUP], &end);
    place_operands(compiler, compiler->place, &drafts[PM_LANE_TRAIN], &end);

    program->own_bytes = 0;
    program->examples_stateless = carries_nothing(compiler, validation);
    if (program->examples_stateless) {
        for (int i = 0; i < validation->count; i++)
            if (validation->items[i].role != PM_DRAFT_GONE)
                place(compiler, compiler->own_place, validation->items[i].out, &program->own_bytes);
    } else {
        place_operands(compiler, compiler->place, validation, &end);
    }
    program->state_bytes = end;
}

static size_t side_by_side(size_t bytes, size_t bytes_max, size_t count_max)
{
    size_t count = 1;
    while (count < count_max && 2 * count * bytes <= bytes_max)
        count *= 2;
    return count;
}

/* ---- steps ---- */

/* Where a slot lies for a section: in validation without carried state, what predict writes is each
 * example's own and the rest is shared. */
static struct pm_lane_place locate(const struct compiler *compiler, uint8_t slot, bool examples)
{
    if (slot == PM_SLOT_NONE)
        return (struct pm_lane_place){0, PM_LANE_OWN};
    if (slot == PM_SLOT_INPUT || slot == PM_SLOT_LABEL)
        return (struct pm_lane_place){0, slot == PM_SLOT_INPUT ? PM_LANE_INPUT : PM_LANE_LABEL};
    if (!examples)
        return (struct pm_lane_place){compiler->place[slot], PM_LANE_OWN};
    if (compiler->own_place[slot] != NO_PLACE)
        return (struct pm_lane_place){compiler->own_place[slot], PM_LANE_OWN};
    return (struct pm_lane_place){compiler->place[slot], PM_LANE_SHARED};
}

static void write_steps(const struct compiler *compiler, enum pm_lane_section section,
                        const struct pm_lane_drafts *drafts, struct pm_lane_step **next)
{
    struct pm_lane_program *program = compiler->program;
    const bool examples = section == PM_LANE_VALIDATE && program->examples_stateless;
    const struct pm_lane_step *first = *next;
    for (int i = 0; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->role == PM_DRAFT_GONE)
            continue;
        struct pm_lane_place out = locate(compiler, draft->out, examples);
        out.offset += draft->offset * PM_LANE_VECTOR_SIZE;
        *(*next)++ = (struct pm_lane_step){
            .kernel = draft->kernel,
            .out = out,
            .a = locate(compiler, draft->a, examples),
            .b = locate(compiler, draft->b, examples),
            .c = locate(compiler, draft->c, examples),
            .count = draft->count,
            .c0 = draft->c0,
            .c1 = draft->c1,
            .phase = draft->phase,
            .index = draft->index,
        };
        if (section != PM_LANE_SETUP)
            program->cost += draft->cost;
    }
    program->step_count[section] = (int)(*next - first);
}

static void note_zeroed(const struct compiler *compiler)
{
    struct pm_lane_program *program = compiler->program;
    program->zeroed_count = 0;
    for (unsigned kind = 0; kind < PM_KIND_NONE; kind++)
        for (uint64_t left = compiler->liveness.at_start.bits[kind]; left != 0; left &= left - 1) {
            const uint8_t slot = pm_slot((enum pm_kind)kind, (unsigned)__builtin_ctzll(left));
            if (compiler->place[slot] != NO_PLACE)
                program->zeroed[program->zeroed_count++] =
                    (struct pm_lane_range){compiler->place[slot], slot_bytes(compiler, slot)};
        }
}

/* An instruction becomes at most two drafts; loops add three of their own. */
static bool make_room(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                      struct pm_lane_drafts drafts[PM_LANE_SECTION_COUNT])
{
    const size_t predict = 2 * (size_t)algorithm->length[PM_PHASE_PREDICT] + 1;
    const size_t setup = 2 * (size_t)algorithm->length[PM_PHASE_SETUP];
    const size_t learn = 2 * (size_t)algorithm->length[PM_PHASE_LEARN] + 2;
    const size_t needed = setup + 2 * predict + learn;
    if (needed > program->capacity) {
        struct pm_lane_draft *items = realloc(program->drafts, needed * sizeof *items);
        if (items != NULL)
            program->drafts = items;
        struct pm_lane_step *steps = realloc(program->steps, needed * sizeof *steps);
        if (steps != NULL)
            program->steps = steps;
        if (items == NULL || steps == NULL)
            return false;
        program->capacity = needed;
    }
    drafts[PM_LANE_SETUP] = (struct pm_lane_drafts){.items = program->drafts};
    drafts[PM_LANE_TRAIN] = (struct pm_lane_drafts){.items = program->drafts + setup};
    drafts[PM_LANE_VALIDATE] =
        (struct pm_lane_drafts){.items = program->drafts + setup + predict + learn};
    return true;
}

/* Random draws are keyed by the hash of the written form and a task's id: this hashes the first. */
static bool hash_text(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                      struct pm_error *error)
{
    char *text = pm_algorithm_write(algorithm, error);
    if (text == NULL)
        return false;
    crypto_generichash_blake2b_init(&program->text, NULL, 0, sizeof(uint64_t));
    crypto_generichash_blake2b_update(&program->text, (const unsigned char *)text, strlen(text));
    free(text);
    return true;
}

static void analyse(struct compiler *compiler)
{
    const struct pm_algorithm *algorithm = compiler->algorithm;
    const uint32_t dim = (uint32_t)algorithm->meta.vector_dim;
    compiler->elements[PM_KIND_SCALAR] = 1;
    compiler->elements[PM_KIND_VECTOR] = dim;
    compiler->elements[PM_KIND_MATRIX] = dim * dim;
    pm_liveness_analyse(algorithm, &compiler->liveness);
    see_input_and_label(compiler);
    memcpy(compiler->carried, compiler->liveness.validation.bits, sizeof compiler->carried);
    if (compiler->input_fills)
        compiler->carried[V0.kind] &= ~(UINT64_C(1) << V0.index);
}

bool pm_lane_program_compile(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                             struct pm_error *error)
{
    struct compiler compiler = {
        .program = program, .algorithm = algorithm, .kernels = program->kernels};
    struct pm_lane_drafts drafts[PM_LANE_SECTION_COUNT];
    if (!make_room(program, algorithm, drafts))
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    program->input_dim = algorithm->input_dim;
    program->random = false;
    program->cost = 0;
    analyse(&compiler);
    draft_setup(&compiler, &drafts[PM_LANE_SETUP]);
    draft_training(&compiler, &drafts[PM_LANE_TRAIN]);
    draft_validation(&compiler, &drafts[PM_LANE_VALIDATE]);
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++)
        pm_lane_fuse(&drafts[section], program->kernels);

    place_all(&compiler, drafts);
    if (program->state_bytes + program->own_bytes > PM_LANE_MEMORY_MAX)
        return pm_fail(error, PM_ERROR_LIMIT,
                       "the algorithm's registers take %zu bytes in lanes, more than %d",
                       program->state_bytes + program->own_bytes, PM_LANE_MEMORY_MAX);
    program->groups = side_by_side(program->state_bytes, INTERLEAVED_BYTES_MAX, PM_LANE_GROUPS_MAX);
    program->examples = program->examples_stateless
                            ? side_by_side(program->own_bytes, EXAMPLES_BYTES_MAX, EXAMPLES_MAX)
                            : 1;
    struct pm_lane_step *next = program->steps;
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++)
        write_steps(&compiler, (enum pm_lane_section)section, &drafts[section], &next);
    program->output.b = (struct pm_lane_place){0, PM_LANE_LABEL};
    program->output.a =
        locate(&compiler, pm_slot((enum pm_kind)S0.kind, S0.index), program->examples_stateless);
    note_zeroed(&compiler);
    return !program->random || hash_text(program, algorithm, error);
}
