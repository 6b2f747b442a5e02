#include <math.h>
#include <string.h>

#include <poolminer/mutator.h>

/* Weights of the three kinds of mutation. Randomising a phase seldom helps once a program does
 * something, so it gets less than the equal third of the paper. */
enum { WEIGHT_INSERT_REMOVE = 5, WEIGHT_RANDOMISE = 1, WEIGHT_CHANGE = 4 };
/* Of 8 insertions and removals, how many insert. */
enum { INSERT_OF_8 = 5 };

/* Constants stay between these magnitudes (or are 0): far from where float32 loses digits. */
static const float CONSTANT_LEAST = 1e-6F, CONSTANT_MOST = 1e6F;

/* How often an instruction is made to fit in: its destination taken from the registers that the
 * program reads, its operands from those that the program or the run writes, rather than from all.
 * By pure chance among 20 + 10 + 5 registers instructions would hardly ever meet. */
static const double FITTING_REGISTER = 0.7;

/* What a new instruction is drawn in view of. */
struct scene {
    const struct pm_profile *profile;
    const struct pm_algorithm_meta *meta;
    struct pm_random *random;
    uint64_t read[PM_KIND_NONE]; /* by some instruction, or as the prediction; a bit a register */
    uint64_t written[PM_KIND_NONE];
};

static void note(uint64_t registers[PM_KIND_NONE], struct pm_operand operand)
{
    registers[operand.kind] |= UINT64_C(1) << operand.index;
}

static struct scene scene_of(const struct pm_profile *profile, const struct pm_algorithm *algorithm,
                             struct pm_random *random)
{
    struct scene scene = {.profile = profile, .meta = &algorithm->meta, .random = random};
    scene.read[PM_KIND_SCALAR] = 1;    /* s0, the prediction */
    scene.written[PM_KIND_SCALAR] = 2; /* s1, the label */
    scene.written[PM_KIND_VECTOR] = 1; /* v0, the input */
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_instruction *instruction = &algorithm->phase[phase][i];
            const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
            note(scene.written, instruction->out);
            if (arity > 0)
                note(scene.read, instruction->a);
            if (arity > 1)
                note(scene.read, instruction->b);
        }
    }
    return scene;
}

static unsigned register_count(const struct pm_algorithm_meta *meta, enum pm_kind kind)
{
    const int counts[PM_KIND_NONE] = {meta->scalar_count, meta->vector_count, meta->matrix_count};
    return (unsigned)counts[kind];
}

static unsigned nth_set_bit(uint64_t bits, uint32_t n)
{
    while (n-- > 0)
        bits &= bits - 1;
    return (unsigned)__builtin_ctzll(bits);
}

static uint32_t count_registers(const uint64_t set[PM_KIND_NONE])
{
    uint32_t count = 0;
    for (int kind = 0; kind < PM_KIND_NONE; kind++)
        count += (uint32_t)__builtin_popcountll(set[kind]);
    return count;
}

/* A register of this kind, by preference one of `fitting`. */
static struct pm_operand random_register(const struct scene *scene, enum pm_kind kind,
                                         const uint64_t fitting[PM_KIND_NONE])
{
    struct pm_operand operand = {.kind = (uint8_t)kind};
    if (kind == PM_KIND_NONE)
        return operand;
    const unsigned count = register_count(scene->meta, kind);
    const uint64_t choices = fitting[kind];
    if (choices != 0 && pm_random_chance(scene->random, FITTING_REGISTER)) {
        const uint32_t nth =
            pm_random_below(scene->random, (uint32_t)__builtin_popcountll(choices));
        operand.index = (uint16_t)nth_set_bit(choices, nth);
    } else {
        operand.index = (uint16_t)pm_random_below(scene->random, count);
    }
    return operand;
}

/* A magnitude whose logarithm is about uniform between 2^-8 and 4, either sign. */
static float random_constant(struct pm_random *random)
{
    const int exponent = (int)pm_random_below(random, 10) - 8;
    const double magnitude = ldexp(1.0 + pm_random_unit(random), exponent);
    return (float)(pm_random_chance(random, 0.5) ? magnitude : -magnitude);
}

/* Half as big to twice as big, now and then with the other sign. */
static float nudged_constant(struct pm_random *random, float value)
{
    double nudged = (double)value * (0.5 + 1.5 * pm_random_unit(random));
    if (pm_random_chance(random, 0.1))
        nudged = -nudged;
    const double magnitude = fabs(nudged);
    if (!(magnitude >= (double)CONSTANT_LEAST && magnitude <= (double)CONSTANT_MOST))
        return random_constant(random);
    return (float)nudged;
}

static void order_bounds(struct pm_instruction *instruction)
{
    if (instruction->op == PM_OP_GAUSSIAN) {
        instruction->c1 = fabsf(instruction->c1);
    } else if (instruction->op == PM_OP_UNIFORM && instruction->c0 > instruction->c1) {
        const float low = instruction->c1;
        instruction->c1 = instruction->c0;
        instruction->c0 = low;
    }
}

static int constant_count(const struct pm_instruction *instruction)
{
    switch (pm_op_info((enum pm_op)instruction->op)->form) {
    case PM_FORM_CONST:
    case PM_FORM_CONST_VEC:
        return 1;
    case PM_FORM_RANDOM:
        return 2;
    default:
        return 0;
    }
}

/* A destination: by preference a register that something reads. */
static struct pm_operand random_destination(const struct scene *scene)
{
    if (pm_random_chance(scene->random, FITTING_REGISTER)) {
        uint32_t nth = pm_random_below(scene->random, count_registers(scene->read));
        for (int kind = 0; kind < PM_KIND_NONE; kind++) {
            const uint32_t here = (uint32_t)__builtin_popcountll(scene->read[kind]);
            if (nth < here) {
                return (struct pm_operand){.kind = (uint8_t)kind,
                                           .index = (uint16_t)nth_set_bit(scene->read[kind], nth)};
            }
            nth -= here;
        }
    }
    const enum pm_kind kind = (enum pm_kind)pm_random_below(scene->random, PM_KIND_NONE);
    return (struct pm_operand){
        .kind = (uint8_t)kind,
        .index = (uint16_t)pm_random_below(scene->random, register_count(scene->meta, kind))};
}

static struct pm_instruction instruction_of_shape(const struct scene *scene, enum pm_op op,
                                                  const struct pm_shape *shape,
                                                  struct pm_operand out)
{
    struct pm_instruction instruction = {
        .op = (uint8_t)op,
        .out = out,
        .a = random_register(scene, shape->a, scene->written),
        .b = random_register(scene, shape->b, scene->written),
    };
    if (op == PM_OP_CONST_VEC) {
        instruction.element =
            (uint16_t)pm_random_below(scene->random, (uint32_t)scene->meta->vector_dim);
    }
    const int constants = constant_count(&instruction);
    if (constants > 0)
        instruction.c0 = random_constant(scene->random);
    if (constants > 1)
        instruction.c1 = random_constant(scene->random);
    order_bounds(&instruction);
    return instruction;
}

/* A copy of a register to itself does nothing and is drawn again. */
static bool useless(const struct pm_instruction *instruction)
{
    return instruction->op == PM_OP_COPY && instruction->out.kind == instruction->a.kind &&
           instruction->out.index == instruction->a.index;
}

static enum pm_op random_op(const struct scene *scene, enum pm_phase phase)
{
    const uint32_t ops = scene->profile->ops[phase];
    const uint32_t choices = (uint32_t)__builtin_popcount(ops);
    return (enum pm_op)nth_set_bit(ops, pm_random_below(scene->random, choices));
}

static struct pm_instruction random_instruction(const struct scene *scene, enum pm_phase phase)
{
    for (;;) {
        struct pm_shape shapes[PM_SHAPES_MAX];
        const struct pm_operand out = random_destination(scene);
        const enum pm_op op = random_op(scene, phase);
        int count = pm_profile_shapes(scene->profile, phase, op, shapes);
        int n = 0;
        for (int i = 0; i < count; i++)
            if (shapes[i].out == out.kind)
                shapes[n++] = shapes[i];
        if (!n)
            continue;
        const uint32_t chosen = pm_random_below(scene->random, (uint32_t)n);
        struct pm_instruction instruction = instruction_of_shape(scene, op, &shapes[chosen], out);
        if (!useless(&instruction))
            return instruction;
    }
}

static void insert_instruction(const struct scene *scene, struct pm_algorithm *algorithm,
                               enum pm_phase phase)
{
    struct pm_instruction *const list = algorithm->phase[phase];
    const int length = algorithm->length[phase];
    const int at = (int)pm_random_below(scene->random, (uint32_t)length + 1);
    memmove(&list[at + 1], &list[at], (size_t)(length - at) * sizeof *list);
    list[at] = random_instruction(scene, phase);
    algorithm->length[phase]++;
}

static void remove_instruction(const struct scene *scene, struct pm_algorithm *algorithm,
                               enum pm_phase phase)
{
    struct pm_instruction *const list = algorithm->phase[phase];
    const int length = --algorithm->length[phase];
    const int at = (int)pm_random_below(scene->random, (uint32_t)length + 1);
    memmove(&list[at], &list[at + 1], (size_t)(length - at) * sizeof *list);
}

static void insert_or_remove(const struct scene *scene, struct pm_algorithm *algorithm,
                             enum pm_phase phase)
{
    const int length = algorithm->length[phase];
    bool insert = pm_random_below(scene->random, 8) < INSERT_OF_8;
    if (length == 0)
        insert = true;
    if (length >= scene->profile->max_ops[phase])
        insert = false;
    if (insert)
        insert_instruction(scene, algorithm, phase);
    else
        remove_instruction(scene, algorithm, phase);
}

static void randomise_phase(const struct scene *scene, struct pm_algorithm *algorithm,
                            enum pm_phase phase)
{
    for (int i = 0; i < algorithm->length[phase]; i++)
        algorithm->phase[phase][i] = random_instruction(scene, phase);
}

/* The other operands stay; the operation may change to another of the same shape. */
static void change_op(const struct scene *scene, struct pm_instruction *instruction,
                      enum pm_phase phase)
{
    const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
    enum pm_op alternatives[PM_OP_COUNT];
    uint32_t count = 0;
    for (int op = 0; op < PM_OP_COUNT; op++) {
        struct pm_instruction changed = *instruction;
        changed.op = (uint8_t)op;
        if (op != instruction->op && pm_op_info((enum pm_op)op)->arity == arity &&
            constant_count(&changed) == constant_count(instruction) && op != PM_OP_CONST_VEC &&
            pm_profile_allows(scene->profile, scene->meta, phase, &changed))
            alternatives[count++] = (enum pm_op)op;
    }
    if (count == 0) {
        *instruction = random_instruction(scene, phase);
        return;
    }
    instruction->op = (uint8_t)alternatives[pm_random_below(scene->random, count)];
    order_bounds(instruction);
}

/* The parts of an instruction that a mutation can change; its operation comes first. */
static void change_part(const struct scene *scene, struct pm_instruction *instruction,
                        enum pm_phase phase)
{
    const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
    const int constants = constant_count(instruction);
    const bool element = instruction->op == PM_OP_CONST_VEC;
    struct pm_instruction changed;
    do {
        changed = *instruction;
        int part = (int)pm_random_below(scene->random,
                                        (uint32_t)(2 + arity + constants + (element ? 1 : 0)));
        if (part == 0) {
            change_op(scene, &changed, phase);
        } else if (part == 1) {
            changed.out = random_register(scene, (enum pm_kind)changed.out.kind, scene->read);
        } else if ((part -= 2) < arity) {
            struct pm_operand *operand = part == 0 ? &changed.a : &changed.b;
            *operand = random_register(scene, (enum pm_kind)operand->kind, scene->written);
        } else if ((part -= arity) < constants) {
            float *constant = part == 0 ? &changed.c0 : &changed.c1;
            *constant = nudged_constant(scene->random, *constant);
            order_bounds(&changed);
        } else {
            changed.element =
                (uint16_t)pm_random_below(scene->random, (uint32_t)scene->meta->vector_dim);
        }
    } while (useless(&changed));
    *instruction = changed;
}

static void change_instruction(const struct scene *scene, struct pm_algorithm *algorithm,
                               enum pm_phase phase)
{
    const int length = algorithm->length[phase];
    const int at = (int)pm_random_below(scene->random, (uint32_t)length);
    change_part(scene, &algorithm->phase[phase][at], phase);
}

static struct pm_algorithm *copy_with_room(const struct pm_algorithm *parent, int capacity)
{
    struct pm_algorithm *copy = pm_algorithm_create(parent->input_dim, &parent->meta, capacity);
    if (!copy)
        return NULL;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        const int length = parent->length[phase];
        if (length > 0)
            memcpy(copy->phase[phase], parent->phase[phase],
                   (size_t)length * sizeof *copy->phase[phase]);
        copy->length[phase] = length;
    }
    return copy;
}

struct pm_algorithm *pm_mutate(const struct pm_profile *profile, const struct pm_algorithm *parent,
                               struct pm_random *random)
{
    int capacity = 1;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        if (profile->max_ops[phase] > capacity)
            capacity = profile->max_ops[phase];
    }
    struct pm_algorithm *child = copy_with_room(parent, capacity);
    if (!child)
        return NULL;
    const struct scene scene = scene_of(profile, child, random);
    const enum pm_phase phase = (enum pm_phase)pm_random_below(random, PM_PHASE_COUNT);
    const uint32_t kind =
        pm_random_below(random, WEIGHT_INSERT_REMOVE + WEIGHT_RANDOMISE + WEIGHT_CHANGE);
    if (child->length[phase] == 0 || kind < WEIGHT_INSERT_REMOVE)
        insert_or_remove(&scene, child, phase);
    else if (kind < WEIGHT_INSERT_REMOVE + WEIGHT_RANDOMISE)
        randomise_phase(&scene, child, phase);
    else
        change_instruction(&scene, child, phase);
    return child;
}
