#include <assert.h>
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/cost.h>
#include <poolminer/executor.h>
#include <poolminer/liveness.h>
#include <poolminer/suite.h>

/* Scoring compiles algorithms and runs them on groups of tasks. A piece of work is one algorithm on
 * a few groups; pieces are handed out one at a time, expensive algorithms first, so that threads
 * end together, and groups in the outer loop, so that a group's data serve many algorithms. Who
 * gets an algorithm's first piece compiles it: no thread waits for all to be compiled. Only
 * what takes seconds comes last, algorithm by algorithm: time may be over before it is done, and
 * should then have been spent on what could be finished. */

enum {
    BATCH_MAX = 256,       /* algorithms compiled at a time */
    PIECES_PER_THREAD = 8, /* as long as there are that many, groups are kept together */
    CODE_BYTES = 4 << 20,  /* of machine code that a thread may write */
    NATIVE_CYCLES = 40000, /* of interpretation, from which on machine code pays */
};

/* Of a training and a validation example, up to which machine code pays: beyond, it saves nothing
 * worth mentioning, and could not be interrupted for too long. */
static const double NATIVE_EXAMPLE_CYCLES_MAX = 5e7;

/* Multiply-adds a training example, from which on an algorithm takes seconds. */
static const double SLOW_COST = 1e6;

struct work {
    const struct pm_algorithm *algorithm;
    struct pm_lane_program *program; /* NULL: for the reference executor */
    double cost;                     /* multiply-adds of an example; of a quick one, live ones */
    bool slow;
    double *task_scores;
};

/* How far an algorithm is. */
enum state { WAITING, COMPILING, COMPILED, FAILED };

struct scoring {
    const struct pm_suite *suite;
    const struct pm_until *until;
    struct work *work;
    atomic_int state[BATCH_MAX];
    size_t count, slow_count; /* after sorting, slow ones are at the end */
    uint32_t groups_together;
    struct pm_lane_code **codes; /* each thread's machine code, which all run; NULL: interpret */
    atomic_bool failed;
    struct pm_error first_error;
};

/* What a thread needs to run algorithms. */
struct bench {
    struct pm_lanes *lanes;
    struct pm_executor *executor;
    float *predictions;       /* where they are needed: of the reference executor, in regression */
    float **task_predictions; /* in regression: by task */
};

static void give_up(struct scoring *scoring, const struct pm_error *error)
{
#pragma omp critical(pm_suite_score_give_up)
    if (!atomic_exchange(&scoring->failed, true)) {
        scoring->first_error = *error;
    }
}

/* ---- one piece ---- */

static size_t most_validation_examples(const struct pm_suite *suite)
{
    return suite->lanes->validation_capacity > 0 ? suite->lanes->validation_capacity : 1;
}

static bool make_room_for_predictions(struct bench *bench, const struct pm_suite *suite,
                                      struct pm_error *error)
{
    const size_t count = PM_LANES * most_validation_examples(suite);
    if (bench->predictions == NULL) {
        bench->predictions = malloc(count * sizeof *bench->predictions);
    }
    if (bench->task_predictions == NULL) {
        bench->task_predictions = calloc(suite->count, sizeof *bench->task_predictions);
    }
    if (bench->predictions == NULL || bench->task_predictions == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for scoring");
    }
    return true;
}

static bool prepare_reference(struct bench *bench, const struct scoring *scoring,
                              struct pm_error *error)
{
    if (bench->executor == NULL) {
        bench->executor = pm_executor_create();
    }
    if (bench->executor == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for scoring");
    }
    pm_executor_set_until(bench->executor, scoring->until);
    return make_room_for_predictions(bench, scoring->suite, error);
}

static bool run_reference(const struct scoring *scoring, const struct work *work, uint32_t group,
                          struct bench *bench, struct pm_error *error)
{
    const struct pm_suite *suite = scoring->suite;
    if (!prepare_reference(bench, scoring, error)) {
        return false;
    }
    for (size_t lane = 0; lane < PM_LANES; lane++) {
        uint32_t task = suite->lanes->groups[group].task[lane];
        if (task == UINT32_MAX) {
            continue;
        }
        if (pm_until_over(scoring->until)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "scoring was interrupted");
        }
        if (!pm_executor_run(bench->executor, work->algorithm, &suite->tasks[task],
                             bench->predictions, error)) {
            return false;
        }
        work->task_scores[task] = pm_task_score(&suite->tasks[task], bench->predictions);
    }
    return true;
}

/* Regression is scored by its predictions, which the fast executor writes a group at a time. */
static bool run_regression(const struct scoring *scoring, const struct work *work, uint32_t group,
                           struct bench *bench, struct pm_error *error)
{
    const struct pm_suite *suite = scoring->suite;
    const uint32_t *tasks = suite->lanes->groups[group].task;
    const size_t most = most_validation_examples(suite);
    if (!make_room_for_predictions(bench, suite, error)) {
        return false;
    }
    for (size_t lane = 0; lane < PM_LANES; lane++) {
        if (tasks[lane] != UINT32_MAX) {
            bench->task_predictions[tasks[lane]] = bench->predictions + lane * most;
        }
    }
    const struct pm_lane_request request = {.until = scoring->until,
                                            .predictions = bench->task_predictions};
    if (!pm_lanes_run(bench->lanes, work->program, suite->lanes, group, 1, &request, error)) {
        return false;
    }
    for (size_t lane = 0; lane < PM_LANES; lane++) {
        if (tasks[lane] != UINT32_MAX) {
            work->task_scores[tasks[lane]] =
                pm_task_score(&suite->tasks[tasks[lane]], bench->task_predictions[tasks[lane]]);
        }
    }
    return true;
}

/* Which algorithm a piece is of, and which of its parts. */
static size_t find_piece(const struct scoring *scoring, size_t piece, size_t parts, size_t *part)
{
    const size_t quick = scoring->count - scoring->slow_count;
    if (piece < quick * parts) {
        *part = piece / quick;
        return piece % quick;
    }
    *part = piece % parts;
    return piece / parts;
}

static bool run_piece(const struct scoring *scoring, const struct work *work, size_t part,
                      struct bench *bench, struct pm_error *error)
{
    const struct pm_lane_tasks *lanes = scoring->suite->lanes;
    uint32_t first = (uint32_t)part * scoring->groups_together;
    uint32_t count = lanes->group_count - first;
    if (count > scoring->groups_together) {
        count = scoring->groups_together;
    }
    if (pm_until_over(scoring->until)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "scoring was interrupted");
    }
    if (work->program != NULL && !scoring->suite->tasks[0].regression) {
        const struct pm_lane_request request = {.until = scoring->until,
                                                .accuracy = work->task_scores};
        return pm_lanes_run(bench->lanes, work->program, lanes, first, count, &request, error);
    }
    for (uint32_t group = first; group < first + count; group++) {
        if (work->program != NULL ? !run_regression(scoring, work, group, bench, error)
                                  : !run_reference(scoring, work, group, bench, error)) {
            return false;
        }
    }
    return true;
}

/* ---- a batch ---- */

/* Translates if running the program takes so long that translating it pays. */
static void translate(const struct scoring *scoring, struct work *work, double example_cycles)
{
    const struct pm_lane_tasks *lanes = scoring->suite->lanes;
    double cycles = example_cycles * lanes->train_capacity * lanes->group_count;
    if (scoring->codes == NULL || cycles < NATIVE_CYCLES ||
        example_cycles > NATIVE_EXAMPLE_CYCLES_MAX) {
        return;
    }
    struct pm_lane_code **code = &scoring->codes[omp_get_thread_num()];
    if (*code == NULL) {
        *code = pm_lane_code_create(CODE_BYTES);
    }
    pm_lane_program_translate(work->program, *code);
}

static bool compile(const struct scoring *scoring, struct work *work, struct pm_error *error)
{
    if (scoring->suite->reference) {
        return true;
    }
    struct pm_error refusal = {0};
    work->program = pm_lane_program_create(scoring->suite->simd_level);
    if (work->program == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    }
    if (pm_lane_program_compile(work->program, work->algorithm, &refusal)) {
        translate(scoring, work, pm_lane_program_info(work->program).cost);
        return true;
    }
    pm_lane_program_destroy(work->program);
    work->program = NULL;
    if (refusal.code == PM_ERROR_LIMIT) {
        return true; /* too big for lanes: the reference executor runs it */
    }
    if (error != NULL) {
        *error = refusal;
    }
    return false;
}

/* Compiles the algorithm, or waits for who does. *usable is false if that failed there. */
static bool get_compiled(struct scoring *scoring, size_t index, bool *usable,
                         struct pm_error *error)
{
    atomic_int *state = &scoring->state[index];
    int seen = WAITING;
    if (atomic_compare_exchange_strong(state, &seen, COMPILING)) {
        *usable = compile(scoring, &scoring->work[index], error);
        atomic_store(state, *usable ? COMPILED : FAILED);
        return *usable;
    }
    while ((seen = atomic_load(state)) == COMPILING) {
        sched_yield();
    }
    *usable = seen == COMPILED;
    return true;
}

static bool do_piece(struct scoring *scoring, size_t piece, size_t parts, struct bench *bench,
                     struct pm_error *error)
{
    size_t part;
    bool usable;
    const size_t index = find_piece(scoring, piece, parts, &part);
    if (!get_compiled(scoring, index, &usable, error)) {
        return false;
    }
    return !usable || run_piece(scoring, &scoring->work[index], part, bench, error);
}

static int compare_costs(const void *left, const void *right)
{
    const struct work *a = left, *b = right;
    if (a->slow != b->slow) {
        return a->slow - b->slow;
    }
    const int more = (a->cost > b->cost) - (a->cost < b->cost);
    return a->slow ? more : -more;
}

static uint32_t choose_groups_together(const struct scoring *scoring, uint32_t group_count)
{
    size_t wanted = (size_t)omp_get_max_threads() * PIECES_PER_THREAD;
    uint32_t together = 1;
    while (2 * together <= PM_LANE_GROUPS_MAX &&
           scoring->count * (group_count / (2 * together)) >= wanted) {
        together *= 2;
    }
    return together;
}

static void clear_bench(struct bench *bench)
{
    pm_lanes_destroy(bench->lanes);
    pm_executor_destroy(bench->executor);
    free(bench->predictions);
    free(bench->task_predictions);
}

static void run_batch(struct scoring *scoring)
{
    uint32_t group_count = scoring->suite->lanes->group_count;
    scoring->groups_together = choose_groups_together(scoring, group_count);
    size_t parts = (group_count + scoring->groups_together - 1) / scoring->groups_together;
    size_t pieces = scoring->count * parts;
    size_t threads = (size_t)omp_get_max_threads();
    if (scoring->suite->simd_level == PM_SIMD_AVX512 && !scoring->suite->interpret) {
        scoring->codes = calloc(threads, sizeof(struct pm_lane_code *));
    }
#pragma omp parallel
    {
        struct pm_error error = {0};
        struct bench bench = {.lanes = pm_lanes_create()};
        if (!bench.lanes) {
            pm_fail(&error, PM_ERROR_MEMORY, "out of memory for scoring");
            give_up(scoring, &error);
        }
#pragma omp for schedule(dynamic) nowait
        for (size_t piece = 0; piece < pieces; piece++) {
            if (!atomic_load(&scoring->failed) &&
                !do_piece(scoring, piece, parts, &bench, &error)) {
                give_up(scoring, &error);
            }
        }
        clear_bench(&bench);
    }
    for (size_t i = 0; i < scoring->count; i++) {
        pm_lane_program_destroy(scoring->work[i].program);
    }
    for (size_t i = 0; scoring->codes != NULL && i < threads; i++) {
        pm_lane_code_destroy(scoring->codes[i]);
    }
    free(scoring->codes);
}

/* Multiply-adds of a training example that can change a prediction. */
static double live_cost(const struct pm_algorithm *algorithm)
{
    struct pm_liveness liveness;
    int64_t cost = 0;
    pm_liveness_analyse(algorithm, &liveness);
    for (int phase = PM_PHASE_PREDICT; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if ((liveness.flags[phase][i] & PM_LIVE_TRAINING) != 0) {
                cost += pm_instruction_cost(&algorithm->phase[phase][i], &algorithm->meta);
            }
        }
    }
    return (double)cost;
}

static struct work work_on(const struct pm_algorithm *algorithm, double *task_scores)
{
    const struct pm_cost phases = pm_algorithm_cost(algorithm);
    const double cost = (double)pm_cost_example(&phases);
    const bool slow = cost > SLOW_COST;
    return (struct work){.algorithm = algorithm,
                         .cost = slow ? cost : live_cost(algorithm),
                         .slow = slow,
                         .task_scores = task_scores};
}

static bool score_batch(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                        size_t count, double *task_scores, const struct pm_until *until,
                        struct pm_error *error)
{
    struct work work[BATCH_MAX];
    struct scoring scoring = {.suite = suite, .until = until, .work = work, .count = count};
    for (size_t i = 0; i < count; i++) {
        work[i] = work_on(algorithms[i], &task_scores[i * suite->count]);
        scoring.slow_count += work[i].slow;
    }
    qsort(work, count, sizeof *work, compare_costs);
    run_batch(&scoring);
    if (atomic_load(&scoring.failed) && error != NULL) {
        *error = scoring.first_error;
    }
    return !atomic_load(&scoring.failed);
}

/* ---- scores ---- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pm_median(double *values, size_t count)
{
    assert(count > 0);
    qsort(values, count, sizeof *values, compare_doubles);
    double upper = values[count / 2];
    return count % 2 == 1 ? upper : (values[count / 2 - 1] + upper) / 2;
}

static bool is_finished(const double *values, size_t count)
{
    size_t i = 0;
    while (i < count && !isnan(values[i])) {
        i++;
    }
    return i == count;
}

static void take_medians(const double *table, size_t algorithms, size_t tasks, double *scores)
{
    double values[PM_SUITE_EVALUATION_TASKS];
    for (size_t i = 0; i < algorithms; i++) {
        memcpy(values, table + i * tasks, tasks * sizeof *values);
        scores[i] = is_finished(values, tasks) ? pm_median(values, tasks) : (double)NAN;
    }
}

static bool check_algorithms(const struct pm_suite *suite,
                             const struct pm_algorithm *const *algorithms, size_t count,
                             struct pm_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (algorithms[i]->input_dim != suite->input_dim) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "algorithm %zu takes %d inputs but the suite's tasks have %d", i,
                           algorithms[i]->input_dim, suite->input_dim);
        }
    }
    return true;
}

bool pm_suite_score(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                    size_t count, double *scores, double *task_scores, const struct pm_until *until,
                    struct pm_error *error)
{
    if (count == 0) {
        return true;
    }
    if (!check_algorithms(suite, algorithms, count, error)) {
        return false;
    }
    double *table = task_scores;
    if (table == NULL) {
        table = reallocarray(NULL, count, suite->count * sizeof *table);
    }
    if (table == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the scores of %zu algorithms",
                       count);
    }
    for (size_t i = 0; i < count * suite->count; i++) {
        table[i] = (double)NAN;
    }
    bool scored = true;
    for (size_t done = 0; done < count && scored; done += BATCH_MAX) {
        scored = score_batch(suite, algorithms + done,
                             count - done < BATCH_MAX ? count - done : BATCH_MAX,
                             table + done * suite->count, until, error);
    }
    take_medians(table, count, suite->count, scores);
    if (task_scores == NULL) {
        free(table);
    }
    return scored;
}
