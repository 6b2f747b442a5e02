#include "algorithm/draw.h"
#include "algorithm/idiom.h"

#include <string.h>

#include <poolminer/mutator.h>

/* Weights of AutoML-Zero's three kinds of mutation. Randomising a phase seldom helps once a program
 * does something, so it gets less than the equal third of the paper. */
enum { WEIGHT_INSERT_REMOVE = 5, WEIGHT_RANDOMISE = 1, WEIGHT_CHANGE = 4 };
/* Of 8 insertions and removals, how many insert. */
enum { INSERT_OF_8 = 5 };

static int random_place(const struct pm_scene *scene, int count)
{
    return (int)pm_random_below(scene->random, (uint32_t)count);
}

/* There must be room. */
static void insert_at(struct pm_algorithm *algorithm, enum pm_phase phase, int at,
                      const struct pm_instruction *instructions, int count)
{
    struct pm_instruction *const list = algorithm->phase[phase];
    memmove(&list[at + count], &list[at], (size_t)(algorithm->length[phase] - at) * sizeof *list);
    memcpy(&list[at], instructions, (size_t)count * sizeof *list);
    algorithm->length[phase] += count;
}

static void remove_one(const struct pm_scene *scene, struct pm_algorithm *algorithm,
                       enum pm_phase phase)
{
    struct pm_instruction *const list = algorithm->phase[phase];
    const int at = random_place(scene, algorithm->length[phase]);
    const int length = --algorithm->length[phase];
    memmove(&list[at], &list[at + 1], (size_t)(length - at) * sizeof *list);
}

static void insert_or_remove(const struct pm_scene *scene, struct pm_algorithm *algorithm,
                             enum pm_phase phase)
{
    const int length = algorithm->length[phase];
    bool insert = pm_random_below(scene->random, 8) < INSERT_OF_8;
    if (length == 0) {
        insert = true;
    }
    if (length >= scene->profile->max_ops[phase]) {
        insert = false;
    }
    if (insert) {
        const struct pm_instruction instruction = pm_draw_instruction(scene, phase);
        insert_at(algorithm, phase, random_place(scene, length + 1), &instruction, 1);
    } else {
        remove_one(scene, algorithm, phase);
    }
}

/* How many steps from `first` on are of the same phase. */
static int run_length(const struct pm_idiom_step *steps, int count, int first)
{
    int end = first + 1;
    while (end < count && steps[end].phase == steps[first].phase) {
        end++;
    }
    return end - first;
}

static bool has_room(const struct pm_scene *scene, const struct pm_algorithm *algorithm,
                     const struct pm_idiom_step *steps, int count)
{
    int more[PM_PHASE_COUNT] = {0};
    for (int i = 0; i < count; i++) {
        const enum pm_phase phase = steps[i].phase;
        if (algorithm->length[phase] + ++more[phase] > scene->profile->max_ops[phase]) {
            return false;
        }
    }
    return true;
}

/* False when the idiom has no room, or the profile no word for it. */
static bool insert_idiom(const struct pm_scene *scene, struct pm_algorithm *algorithm)
{
    struct pm_idiom_step steps[PM_IDIOM_LENGTH_MAX];
    const int count = pm_draw_idiom(scene, steps);
    if (count == 0 || !has_room(scene, algorithm, steps, count)) {
        return false;
    }
    for (int first = 0; first < count;) {
        struct pm_instruction instructions[PM_IDIOM_LENGTH_MAX];
        const int length = run_length(steps, count, first);
        const enum pm_phase phase = steps[first].phase;
        for (int i = 0; i < length; i++) {
            instructions[i] = steps[first + i].instruction;
        }
        insert_at(algorithm, phase, random_place(scene, algorithm->length[phase] + 1), instructions,
                  length);
        first += length;
    }
    return true;
}

static void randomise_phase(const struct pm_scene *scene, struct pm_algorithm *algorithm,
                            enum pm_phase phase)
{
    for (int i = 0; i < algorithm->length[phase]; i++) {
        algorithm->phase[phase][i] = pm_draw_instruction(scene, phase);
    }
}

/* Another operation on the same registers; where there is none, another instruction. */
static struct pm_instruction with_another_op(const struct pm_scene *scene, enum pm_phase phase,
                                             struct pm_instruction instruction)
{
    const enum pm_op old = (enum pm_op)instruction.op;
    uint8_t alternatives[PM_OP_COUNT];
    uint32_t count = 0;
    for (int op = 0; op < PM_OP_COUNT; op++) {
        instruction.op = (uint8_t)op;
        if (op != (int)old && op != PM_OP_CONST_VEC &&
            pm_op_info((enum pm_op)op)->arity == pm_op_info(old)->arity &&
            pm_constant_count((enum pm_op)op) == pm_constant_count(old) &&
            pm_profile_allows(scene->profile, scene->meta, phase, &instruction)) {
            alternatives[count++] = (uint8_t)op;
        }
    }
    if (count == 0) {
        return pm_draw_instruction(scene, phase);
    }
    instruction.op = alternatives[pm_random_below(scene->random, count)];
    instruction.element = 0;
    pm_order_bounds(&instruction);
    return instruction;
}

/* The parts of an instruction are its operation, its destination, its operands, its numbers and,
 * for CONST_VEC, the element. */
static struct pm_instruction with_another_part(const struct pm_scene *scene, enum pm_phase phase,
                                               struct pm_instruction instruction)
{
    const enum pm_op op = (enum pm_op)instruction.op;
    const int operands = pm_op_info(op)->arity;
    const int constants = pm_constant_count(op);
    const int elements = op == PM_OP_CONST_VEC ? 1 : 0;
    int part = random_place(scene, 2 + operands + constants + elements);
    if (part == 0) {
        return with_another_op(scene, phase, instruction);
    }
    if (part == 1) {
        instruction.out = pm_draw_register(scene, (enum pm_kind)instruction.out.kind, &scene->read);
        return instruction;
    }
    part -= 2;
    if (part < operands) {
        struct pm_operand *operand = part == 0 ? &instruction.a : &instruction.b;
        *operand = pm_draw_register(scene, (enum pm_kind)operand->kind, &scene->written);
        return instruction;
    }
    part -= operands;
    if (part < constants) {
        float *constant = part == 0 ? &instruction.c0 : &instruction.c1;
        *constant = pm_nudge_constant(scene->random, *constant);
        pm_order_bounds(&instruction);
        return instruction;
    }
    instruction.element =
        (uint16_t)pm_random_below(scene->random, (uint32_t)scene->meta->vector_dim);
    return instruction;
}

static void change_one(const struct pm_scene *scene, struct pm_algorithm *algorithm,
                       enum pm_phase phase)
{
    struct pm_instruction *place =
        &algorithm->phase[phase][random_place(scene, algorithm->length[phase])];
    struct pm_instruction changed;
    do {
        changed = with_another_part(scene, phase, *place);
    } while (!pm_profile_allows(scene->profile, scene->meta, phase, &changed));
    *place = changed;
}

static struct pm_algorithm *copy_with_room(const struct pm_profile *profile,
                                           const struct pm_algorithm *parent)
{
    struct pm_algorithm *copy =
        pm_algorithm_create_exact(parent->input_dim, &parent->meta, profile->max_ops);
    if (copy != NULL) {
        pm_algorithm_copy(parent, copy);
    }
    return copy;
}

static void mutate(const struct pm_scene *scene, struct pm_algorithm *algorithm)
{
    const enum pm_phase phase = (enum pm_phase)pm_random_below(scene->random, PM_PHASE_COUNT);
    const uint32_t kind =
        pm_random_below(scene->random, WEIGHT_INSERT_REMOVE + WEIGHT_RANDOMISE + WEIGHT_CHANGE);
    if (algorithm->length[phase] == 0 || kind < WEIGHT_INSERT_REMOVE) {
        insert_or_remove(scene, algorithm, phase);
    } else if (kind < WEIGHT_INSERT_REMOVE + WEIGHT_RANDOMISE) {
        randomise_phase(scene, algorithm, phase);
    } else {
        change_one(scene, algorithm, phase);
    }
}

struct pm_algorithm *pm_tune(const struct pm_profile *profile, const struct pm_algorithm *parent,
                             struct pm_random *random)
{
    struct pm_algorithm *child = copy_with_room(profile, parent);
    for (int phase = 0; child != NULL && phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < child->length[phase]; i++) {
            struct pm_instruction *instruction = &child->phase[phase][i];
            const int constants = pm_constant_count((enum pm_op)instruction->op);
            if (constants > 0 && pm_random_chance(random, 0.5)) {
                instruction->c0 = pm_tune_constant(random, instruction->c0);
            }
            if (constants > 1 && pm_random_chance(random, 0.5)) {
                instruction->c1 = pm_tune_constant(random, instruction->c1);
                pm_order_bounds(instruction);
            }
        }
    }
    return child;
}

void pm_mutate_in_place(const struct pm_profile *profile, struct pm_algorithm *algorithm,
                        double idiom_probability, struct pm_random *random)
{
    const struct pm_scene scene = pm_scene_of(profile, algorithm, random);
    if (!pm_random_chance(random, idiom_probability) || !insert_idiom(&scene, algorithm)) {
        mutate(&scene, algorithm);
    }
}

struct pm_algorithm *pm_mutate(const struct pm_profile *profile, const struct pm_algorithm *parent,
                               double idiom_probability, struct pm_random *random)
{
    struct pm_algorithm *child = copy_with_room(profile, parent);
    if (child != NULL) {
        pm_mutate_in_place(profile, child, idiom_probability, random);
    }
    return child;
}
