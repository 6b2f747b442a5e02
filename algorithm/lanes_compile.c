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
    if (program == NULL) {
        return NULL;
    }
    memset(program, 0, sizeof *program);
    program->level = level;
    program->kernels = pm_lane_kernels(level);
    assert(program->kernels != NULL);
    return program;
}

void pm_lane_program_destroy(struct pm_lane_program *program)
{
    if (program == NULL) {
        return;
    }
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
        .native = {program->native[0].run != NULL, program->native[1].run != NULL,
                   program->native[2].run != NULL},
        .cost = program->cost,
    };
}

/* ---- compilation ---- */

struct compiler {
    struct pm_lane_program *program;
    struct pm_lane_plan plan;
    uint32_t place[PM_SLOT_COUNT];     /* offset in a group's registers, or NO_PLACE */
    uint32_t own_place[PM_SLOT_COUNT]; /* offset in a validation example's, or NO_PLACE */
};

/* ---- places ---- */

static uint32_t slot_bytes(const struct compiler *compiler, uint8_t slot)
{
    return compiler->plan.elements[pm_slot_kind(slot)] * PM_LANE_VECTOR_SIZE;
}

/* Gives a slot the next place behind *end, unless it has one or needs none. */
static void place(const struct compiler *compiler, uint32_t *places, uint8_t slot, size_t *end)
{
    if (slot == PM_SLOT_NONE || slot == PM_SLOT_INPUT || slot == PM_SLOT_LABEL ||
        places[slot] != NO_PLACE) {
        return;
    }
    places[slot] = (uint32_t)*end;
    *end += slot_bytes(compiler, slot);
}

static void place_operands(const struct compiler *compiler, uint32_t *places,
                           const struct pm_lane_drafts *drafts, size_t *end)
{
    for (int i = 0; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->gone) {
            continue;
        }
        place(compiler, places, draft->a, end);
        place(compiler, places, draft->b, end);
        place(compiler, places, draft->c, end);
        place(compiler, places, draft->out, end);
    }
}

/* Whether validation's predict leaves nothing behind that the next example's reads. */
static bool carries_nothing(const struct compiler *compiler, const struct pm_lane_drafts *drafts)
{
    for (int i = 0; i < drafts->count; i++) {
        if (!drafts->items[i].gone &&
            pm_lane_slots_has(&compiler->plan.carried, drafts->items[i].out)) {
            return false;
        }
    }
    return true;
}

static void place_carried(struct compiler *compiler, size_t *end)
{
    for (unsigned slot = 0; slot < PM_SLOT_INPUT; slot++) {
        if (pm_lane_slots_has(&compiler->plan.carried, (uint8_t)slot)) {
            place(compiler, compiler->place, (uint8_t)slot, end);
        }
    }
}

static void place_all(struct compiler *compiler)
{
    struct pm_lane_program *program = compiler->program;
    const struct pm_lane_drafts *drafts = compiler->plan.sections;
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
        /* First of all the prediction: machine code lets the next example overwrite the rest. */
        const uint8_t prediction = pm_slot(PM_KIND_SCALAR, 0);
        for (int i = 0; i < validation->count; i++) {
            if (validation->items[i].out == prediction && !validation->items[i].gone) {
                place(compiler, compiler->own_place, prediction, &program->own_bytes);
            }
        }
        for (int i = 0; i < validation->count; i++) {
            if (!validation->items[i].gone) {
                place(compiler, compiler->own_place, validation->items[i].out, &program->own_bytes);
            }
        }
    } else {
        place_operands(compiler, compiler->place, validation, &end);
    }
    program->state_bytes = end;
}

static size_t side_by_side(size_t bytes, size_t bytes_max, size_t count_max)
{
    size_t count = 1;
    while (count < count_max && 2 * count * bytes <= bytes_max) {
        count *= 2;
    }
    return count;
}

/* ---- steps ---- */

/* Where a slot lies for a section: in validation without carried state, what predict writes is each
 * example's own and the rest is shared. */
static struct pm_lane_place locate(const struct compiler *compiler, uint8_t slot, bool examples)
{
    if (slot == PM_SLOT_NONE) {
        return (struct pm_lane_place){0, PM_LANE_OWN};
    }
    if (slot == PM_SLOT_INPUT || slot == PM_SLOT_LABEL) {
        return (struct pm_lane_place){0, slot == PM_SLOT_INPUT ? PM_LANE_INPUT : PM_LANE_LABEL};
    }
    if (!examples) {
        return (struct pm_lane_place){compiler->place[slot], PM_LANE_OWN};
    }
    if (compiler->own_place[slot] != NO_PLACE) {
        return (struct pm_lane_place){compiler->own_place[slot], PM_LANE_OWN};
    }
    return (struct pm_lane_place){compiler->place[slot], PM_LANE_SHARED};
}

static pm_lane_kernel *kernel_of(const struct pm_lane_kernels *kernels,
                                 struct pm_lane_operation operation)
{
    switch ((enum pm_lane_op)operation.op) {
    case PM_LANE_BINARY:
        return kernels->binary[operation.which][operation.shape];
    case PM_LANE_UNARY:
        return kernels->unary[operation.which];
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
    case PM_LANE_FUSED_OUTER:
        return kernels->fused[operation.op][operation.which];
    default:
        return kernels->other[operation.op];
    }
}

static void write_steps(const struct compiler *compiler, enum pm_lane_section section,
                        struct pm_lane_step **next)
{
    struct pm_lane_program *program = compiler->program;
    const struct pm_lane_drafts *drafts = &compiler->plan.sections[section];
    const bool examples = section == PM_LANE_VALIDATE && program->examples_stateless;
    const struct pm_lane_step *first = *next;
    for (int i = 0; i < drafts->count; i++) {
        const struct pm_lane_draft *draft = &drafts->items[i];
        if (draft->gone) {
            continue;
        }
        struct pm_lane_place out = locate(compiler, draft->out, examples);
        out.offset += draft->offset * PM_LANE_VECTOR_SIZE;
        *(*next)++ = (struct pm_lane_step){
            .kernel = kernel_of(program->kernels, draft->operation),
            .out = out,
            .a = locate(compiler, draft->a, examples),
            .b = locate(compiler, draft->b, examples),
            .c = locate(compiler, draft->c, examples),
            .count = draft->count,
            .c0 = draft->c0,
            .c1 = draft->c1,
            .phase = draft->phase,
            .index = draft->index,
            .operation = draft->operation,
            .out_slot = draft->out,
            .a_slot = draft->a,
            .b_slot = draft->b,
            .c_slot = draft->c,
            .kinds = {draft->kinds[0], draft->kinds[1], draft->kinds[2]},
        };
        if (section != PM_LANE_SETUP) {
            program->cost += draft->cost;
        }
    }
    program->step_count[section] = (int)(*next - first);
    program->live_out[section] = drafts->live_out;
}

static void note_zeroed(const struct compiler *compiler)
{
    struct pm_lane_program *program = compiler->program;
    program->zeroed_count = 0;
    for (unsigned kind = 0; kind < PM_KIND_NONE; kind++) {
        for (uint64_t left = compiler->plan.liveness.at_start.bits[kind]; left != 0;
             left &= left - 1) {
            const uint8_t slot = pm_slot((enum pm_kind)kind, (unsigned)__builtin_ctzll(left));
            if (compiler->place[slot] != NO_PLACE) {
                program->zeroed[program->zeroed_count++] =
                    (struct pm_lane_range){compiler->place[slot], slot_bytes(compiler, slot)};
            }
        }
    }
}

static bool make_room(struct compiler *compiler, const struct pm_algorithm *algorithm)
{
    struct pm_lane_program *program = compiler->program;
    size_t room[PM_LANE_SECTION_COUNT], needed = 0;
    pm_lane_draft_room(algorithm, room);
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        needed += room[section];
    }
    if (needed > program->capacity) {
        struct pm_lane_draft *drafts = realloc(program->drafts, needed * sizeof *drafts);
        if (drafts != NULL) {
            program->drafts = drafts;
        }
        struct pm_lane_step *steps = realloc(program->steps, needed * sizeof *steps);
        if (steps != NULL) {
            program->steps = steps;
        }
        if (drafts == NULL || steps == NULL) {
            return false;
        }
        program->capacity = needed;
    }
    struct pm_lane_draft *next = program->drafts;
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        compiler->plan.sections[section].items = next;
        next += room[section];
    }
    return true;
}

/* Random draws are keyed by the hash of the written form and a task's id: this hashes the first. */
static bool hash_text(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                      struct pm_error *error)
{
    char *text = pm_algorithm_write(algorithm, error);
    if (text == NULL) {
        return false;
    }
    program->kernels->hash_text(&program->text, text, strlen(text));
    free(text);
    return true;
}

bool pm_lane_program_compile(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                             struct pm_error *error)
{
    struct compiler compiler = {.program = program};
    if (!make_room(&compiler, algorithm)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    }
    pm_lane_draft_all(&compiler.plan, algorithm);
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        pm_lane_fuse(&compiler.plan.sections[section]);
    }
    place_all(&compiler);
    if (program->state_bytes + program->own_bytes > PM_LANE_MEMORY_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "the algorithm's registers take %zu bytes in lanes, more than %d",
                       program->state_bytes + program->own_bytes, PM_LANE_MEMORY_MAX);
    }

    program->input_dim = algorithm->input_dim;
    program->dim = compiler.plan.elements[PM_KIND_VECTOR];
    program->carried = compiler.plan.carried;
    program->uniform = compiler.plan.uniform;
    memset(program->native, 0, sizeof program->native);
    program->random = compiler.plan.random;
    program->groups = side_by_side(program->state_bytes, INTERLEAVED_BYTES_MAX, PM_LANE_GROUPS_MAX);
    program->examples = program->examples_stateless
                            ? side_by_side(program->own_bytes, EXAMPLES_BYTES_MAX, EXAMPLES_MAX)
                            : 1;
    program->cost = 0;
    struct pm_lane_step *next = program->steps;
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        write_steps(&compiler, (enum pm_lane_section)section, &next);
    }
    program->output.a = locate(&compiler, pm_slot(PM_KIND_SCALAR, 0), program->examples_stateless);
    program->output.b = (struct pm_lane_place){0, PM_LANE_LABEL};
    note_zeroed(&compiler);
    return !program->random || hash_text(program, algorithm, error);
}
