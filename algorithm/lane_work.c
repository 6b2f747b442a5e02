#include "lane_draft.h"

#include <unistd.h>

#include <poolminer/lane_probe.h>

enum { L1_BYTES_USUAL = 32768 }; /* where the system does not say */

/* What one execution of a section's steps computes for one group. */
struct tally {
    struct pm_lane_work work;
    struct pm_lane_slots read, written; /* matrices: counted once, however many steps touch them */
    bool reads_input;
};

static double elements_of(const struct pm_lane_program *program, enum pm_kind kind)
{
    const double dim = program->dim;
    return kind == PM_KIND_SCALAR ? 1 : kind == PM_KIND_VECTOR ? dim : dim * dim;
}

static void count_binary(struct pm_lane_work *work, enum pm_lane_binary which, double n)
{
    if (which == PM_LANE_MUL) {
        work->multiplications += n;
    } else {
        work->additions += n;
    }
    if (which == PM_LANE_DIV) {
        work->functions[PM_FUNCTION_DIVIDE] += n;
    }
}

static void count_unary(struct pm_lane_work *work, enum pm_lane_unary which, double n)
{
    static const enum pm_lane_function functions[PM_LANE_UNARY_COUNT] = {
        [PM_LANE_EXP] = PM_FUNCTION_EXP, [PM_LANE_LOG] = PM_FUNCTION_LOG,
        [PM_LANE_SIN] = PM_FUNCTION_SIN, [PM_LANE_COS] = PM_FUNCTION_COS,
        [PM_LANE_TAN] = PM_FUNCTION_TAN,
    };
    if (which >= PM_LANE_EXP) {
        work->functions[functions[which]] += n;
    } else if (which != PM_LANE_COPY) {
        work->additions += n;
    }
}

static void count_sum(struct pm_lane_work *work, enum pm_lane_op op, double n)
{
    work->additions += n;
    if (op != PM_LANE_MEAN) {
        work->multiplications += n;
    }
    if (op == PM_LANE_DEVIATION) {
        work->additions += 2 * n; /* the mean's sum, and the distances from it */
    }
    if (op == PM_LANE_NORM || op == PM_LANE_DEVIATION) {
        work->functions[PM_FUNCTION_ROOT]++;
    }
    if (op == PM_LANE_MEAN || op == PM_LANE_DEVIATION) {
        work->functions[PM_FUNCTION_DIVIDE]++;
    }
}

static void count_arithmetic(const struct pm_lane_program *program, const struct pm_lane_step *step,
                             struct pm_lane_work *work)
{
    const double n = step->count, rows = program->dim;
    const double out = elements_of(program, pm_slot_kind(step->out_slot));
    switch ((enum pm_lane_op)step->operation.op) {
    case PM_LANE_BINARY:
        count_binary(work, (enum pm_lane_binary)step->operation.which, out);
        break;
    case PM_LANE_UNARY:
        count_unary(work, (enum pm_lane_unary)step->operation.which, n);
        break;
    case PM_LANE_FUSED_EACH:
    case PM_LANE_FUSED_SCALAR:
    case PM_LANE_FUSED_OUTER:
        work->additions += out;
        work->multiplications += out;
        break;
    case PM_LANE_OUTER:
        work->multiplications += out;
        break;
    case PM_LANE_DOT:
    case PM_LANE_NORM:
    case PM_LANE_MEAN:
    case PM_LANE_DEVIATION:
        count_sum(work, (enum pm_lane_op)step->operation.op, n);
        break;
    case PM_LANE_MATRIX_VECTOR:
    case PM_LANE_MATRIX_MATRIX:
        work->additions += out * rows;
        work->multiplications += out * rows;
        break;
    case PM_LANE_GAUSSIAN:
        work->functions[PM_FUNCTION_GAUSSIAN] += n;
        break;
    case PM_LANE_UNIFORM:
        work->functions[PM_FUNCTION_UNIFORM] += n;
        break;
    default:
        break;
    }
}

static void count_step(const struct pm_lane_program *program, const struct pm_lane_step *step,
                       struct tally *tally)
{
    const uint8_t operands[] = {step->a_slot, step->b_slot, step->c_slot};
    const double cells = elements_of(program, PM_KIND_MATRIX);
    count_arithmetic(program, step, &tally->work);
    for (int i = 0; i < 3; i++) {
        tally->reads_input |= operands[i] == PM_SLOT_INPUT;
        if (operands[i] == PM_SLOT_NONE || pm_slot_kind(operands[i]) != PM_KIND_MATRIX ||
            pm_lane_slots_has(&tally->read, operands[i])) {
            continue;
        }
        pm_lane_slots_add(&tally->read, operands[i]);
        tally->work.matrix_reads += cells;
    }
    if (pm_slot_kind(step->out_slot) == PM_KIND_MATRIX &&
        !pm_lane_slots_has(&tally->written, step->out_slot)) {
        pm_lane_slots_add(&tally->written, step->out_slot);
        tally->work.matrix_writes += cells;
    }
}

static double bigger(double a, double b)
{
    return a > b ? a : b;
}

/* Elements of all lanes that the first-level cache has room for. */
static double l1_elements(void)
{
    const long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
    return (double)(bytes > 0 ? bytes : L1_BYTES_USUAL) / PM_LANE_VECTOR_SIZE;
}

static void add_times(struct pm_lane_work *to, const struct pm_lane_work *work, double times)
{
    to->multiplications += times * work->multiplications;
    to->additions += times * work->additions;
    for (int i = 0; i < PM_FUNCTION_COUNT; i++) {
        to->functions[i] += times * work->functions[i];
    }
    to->matrix_reads += times * work->matrix_reads;
    to->matrix_writes += times * work->matrix_writes;
    to->l2_reads += times * work->l2_reads;
    to->inputs += times * work->inputs;
}

struct pm_lane_work pm_lane_program_work(const struct pm_lane_program *program,
                                         uint32_t train_count, uint32_t validation_count)
{
    const double times[PM_LANE_SECTION_COUNT] = {1, train_count, validation_count};
    struct pm_lane_work all = {0};
    for (int section = 0; section < PM_LANE_SECTION_COUNT; section++) {
        const struct pm_lane_step *steps =
            pm_lane_section_steps(program, (enum pm_lane_section)section);
        struct tally tally = {.reads_input = false};
        for (int i = 0; i < program->step_count[section]; i++) {
            count_step(program, &steps[i], &tally);
        }
        if (tally.reads_input) {
            tally.work.inputs = program->input_dim;
        }
        /* The same matrices are read for each example; at best what fits stays where it is. */
        tally.work.l2_reads = bigger(0, tally.work.matrix_reads - l1_elements());
        add_times(&all, &tally.work, times[section]);
    }
    return all;
}

const char *pm_machine_limit_name(enum pm_machine_limit limit)
{
    static const char *const names[PM_MACHINE_LIMITS] = {[PM_LIMIT_ARITHMETIC] = "arithmetic",
                                                         [PM_LIMIT_L1] = "l1",
                                                         [PM_LIMIT_L2] = "l2",
                                                         [PM_LIMIT_INPUT] = "input"};
    return names[limit];
}

double pm_machine_least_seconds(const struct pm_machine *machine, const struct pm_lane_work *work,
                                enum pm_machine_limit *limit)
{
    double least[PM_MACHINE_LIMITS] = {
        [PM_LIMIT_ARITHMETIC] =
            bigger(work->multiplications * machine->multiply, work->additions * machine->add),
        [PM_LIMIT_L1] =
            bigger(work->matrix_reads * machine->read_l1, work->matrix_writes * machine->write_l1),
        [PM_LIMIT_L2] = work->l2_reads * machine->read_l2,
        [PM_LIMIT_INPUT] = work->inputs * machine->read_tasks,
    };
    for (int i = 0; i < PM_FUNCTION_COUNT; i++) {
        least[PM_LIMIT_ARITHMETIC] += work->functions[i] * machine->function[i];
    }
    *limit = PM_LIMIT_ARITHMETIC;
    for (int i = 0; i < PM_MACHINE_LIMITS; i++) {
        if (least[i] > least[*limit]) {
            *limit = (enum pm_machine_limit)i;
        }
    }
    return least[*limit];
}
