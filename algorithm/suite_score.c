#include "algorithm/score_memory.h"
#include "algorithm/score_queue.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/cost.h>
#include <poolminer/liveness.h>
#include <poolminer/score_trace.h>
#include <poolminer/suite.h>

/* Scoring compiles algorithms and runs them on groups of tasks, in pieces: score_queue.h. Threads
 * first compile what no other thread has begun to, each from another algorithm on, and then run;
 * they meet at the end of a batch and nowhere else. */

enum {
    PIECES_PER_THREAD = 8,    /* as long as there are that many, groups are kept together */
    PART_BYTES_MAX = 1 << 19, /* of examples, that stay in a second-level cache */
};

/* Multiply-adds a training example, from which on an algorithm takes seconds. */
static const double SLOW_COST = 1e6;

/* How far compiling an algorithm is. */
enum state { WAITING, BEGUN, COMPILED, FAILED };

/* One algorithm's pieces that are not done, on a cache line of its own: threads that are at
 * different algorithms do not wait for each other's. */
struct left {
    _Alignas(64) atomic_size_t pieces;
};

struct work {
    const struct pm_algorithm *algorithm;
    const struct pm_lane_program *program; /* NULL: for the reference executor */
    double cost;                           /* multiply-adds of an example; of a quick one, live */
    bool slow;
    double *task_scores;
    double *score; /* their median */
};

struct scoring {
    const struct pm_suite *suite;
    const struct pm_until *until;
    struct pm_score_room *room;
    struct work *work;
    atomic_int state[PM_SCORE_BATCH_MAX];
    struct left left[PM_SCORE_BATCH_MAX];
    size_t count, slow_count;     /* after sorting, slow ones are at the end */
    struct pm_score_queue pieces; /* to be run */
    uint32_t groups_together;
    struct pm_score_trace *trace; /* NULL: none is wanted, or it has no room */
    atomic_bool failed;
    struct pm_error first_error;
};

static void give_up(struct scoring *scoring, const struct pm_error *error)
{
    if (!atomic_exchange(&scoring->failed, true)) {
        scoring->first_error = *error;
    }
}

/* ---- the score of tasks' scores ---- */

static bool is_finished(const double *values, size_t count)
{
    size_t i = 0;
    while (i < count && !isnan(values[i])) {
        i++;
    }
    return i == count;
}

/* NaN, if the algorithm did not get to all tasks. */
static double score_of(const double *task_scores, size_t tasks)
{
    double values[PM_SUITE_EVALUATION_TASKS];
    if (!is_finished(task_scores, tasks)) {
        return (double)NAN;
    }
    memcpy(values, task_scores, tasks * sizeof *values);
    return pm_median(values, tasks);
}

/* ---- one algorithm ---- */

static bool compile(struct scoring *scoring, size_t index, struct pm_score_desk *desk,
                    struct pm_error *error)
{
    const struct pm_suite *suite = scoring->suite;
    struct work *work = &scoring->work[index];
    struct pm_lane_program **program = &scoring->room->programs[index];
    struct pm_error refusal = {0};
    if (suite->reference) {
        return true;
    }
    if (*program == NULL) {
        *program = pm_lane_program_create(suite->simd_level);
    }
    if (*program == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    }
    if (pm_lane_program_compile(*program, work->algorithm, &refusal)) {
        pm_score_desk_translate(desk, suite, *program);
        work->program = *program;
        return true;
    }
    if (refusal.code == PM_ERROR_LIMIT) {
        return true; /* too big for lanes: the reference executor runs it */
    }
    if (error != NULL) {
        *error = refusal;
    }
    return false;
}

static int64_t trace_now(const struct scoring *scoring)
{
    return scoring->trace != NULL ? pm_clock_monotonic_ns() : 0;
}

static void compile_one(struct scoring *scoring, size_t index, struct pm_score_desk *desk)
{
    struct pm_error error = {0};
    const int64_t begin = trace_now(scoring);
    const bool compiled = compile(scoring, index, desk, &error);
    if (!compiled) {
        give_up(scoring, &error);
    }
    if (scoring->trace != NULL) {
        scoring->trace->compile_ns[index] = trace_now(scoring) - begin;
    }
    atomic_store(&scoring->state[index], compiled ? COMPILED : FAILED);
}

/* What nobody has begun to compile, from `first` on. */
static void compile_some(struct scoring *scoring, size_t first, struct pm_score_desk *desk)
{
    for (size_t i = 0; i < scoring->count; i++) {
        const size_t index = (first + i) % scoring->count;
        int waiting = WAITING;
        if (atomic_compare_exchange_strong(&scoring->state[index], &waiting, BEGUN)) {
            compile_one(scoring, index, desk);
        }
    }
}

/* False if compiling it failed. Waits for who compiles it. */
static bool is_compiled(struct scoring *scoring, size_t index)
{
    int state;
    while ((state = atomic_load(&scoring->state[index])) < COMPILED) {
        sched_yield();
    }
    return state == COMPILED;
}

static bool run_piece(struct scoring *scoring, struct pm_score_piece piece,
                      struct pm_score_desk *desk, struct pm_error *error)
{
    const struct work *work = &scoring->work[piece.algorithm];
    const uint32_t first = (uint32_t)piece.part * scoring->groups_together;
    uint32_t count = scoring->suite->lanes->group_count - first;
    if (count > scoring->groups_together) {
        count = scoring->groups_together;
    }
    const int64_t begin = trace_now(scoring);
    const bool run = pm_score_desk_run(desk, scoring->suite, work->algorithm, work->program, first,
                                       count, scoring->until, work->task_scores, error);
    if (scoring->trace != NULL) {
        scoring->trace->piece_ns[piece.algorithm * scoring->pieces.parts + piece.part] =
            trace_now(scoring) - begin;
    }
    return run;
}

/* The thread that does the last piece of an algorithm takes the median too: it would be a hundredth
 * of a batch of small algorithms, if one thread did that for all. */
static bool finish_piece(struct scoring *scoring, struct pm_score_piece piece,
                         struct pm_score_desk *desk, struct pm_error *error)
{
    const struct work *work = &scoring->work[piece.algorithm];
    if (!run_piece(scoring, piece, desk, error)) {
        return false;
    }
    if (atomic_fetch_sub(&scoring->left[piece.algorithm].pieces, 1) == 1) {
        *work->score = score_of(work->task_scores, scoring->suite->count);
    }
    return true;
}

/* ---- a batch ---- */

static void work_along(struct scoring *scoring, size_t thread, size_t threads)
{
    struct pm_score_desk *desk = &scoring->room->desks[thread];
    struct pm_score_piece piece;
    size_t part = pm_score_queue_first_part(&scoring->pieces, thread, threads);
    compile_some(scoring, pm_score_queue_first_algorithm(&scoring->pieces, part), desk);
    while (pm_score_queue_take(&scoring->pieces, &part, &piece)) {
        struct pm_error error = {0};
        if (!atomic_load(&scoring->failed) && is_compiled(scoring, piece.algorithm) &&
            !finish_piece(scoring, piece, desk, &error)) {
            give_up(scoring, &error);
        }
    }
    if (scoring->trace != NULL) {
        scoring->trace->end_ns[thread] = trace_now(scoring);
    }
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

/* More than one, if then the examples still fit a second-level cache, and every thread has enough
 * pieces for all to end at the same time. */
static uint32_t choose_groups_together(const struct scoring *scoring, size_t threads)
{
    const struct pm_lane_tasks *lanes = scoring->suite->lanes;
    const size_t group_bytes = ((size_t)lanes->train_capacity + lanes->validation_capacity) *
                               ((size_t)lanes->input_dim + 1) * PM_LANES * sizeof(float);
    uint32_t together = 1;
    while (2 * together <= PM_LANE_GROUPS_MAX &&
           (size_t)2 * together * group_bytes <= PART_BYTES_MAX &&
           scoring->count * (lanes->group_count / (2 * together)) >= threads * PIECES_PER_THREAD) {
        together *= 2;
    }
    return together;
}

static struct pm_score_trace *start_trace(const struct scoring *scoring, size_t threads)
{
    struct pm_score_trace *trace = scoring->suite->trace;
    if (trace == NULL) {
        return NULL;
    }
    trace->algorithms = trace->parts = trace->threads = 0;
    if (scoring->count > trace->algorithms_max || scoring->pieces.parts > trace->groups_max ||
        threads > trace->threads_max) {
        return NULL;
    }
    trace->algorithms = scoring->count;
    trace->parts = scoring->pieces.parts;
    trace->threads = threads;
    memset(trace->end_ns, 0, threads * sizeof *trace->end_ns);
    trace->begin_ns = pm_clock_monotonic_ns();
    return trace;
}

static bool run_batch(struct scoring *scoring, struct pm_error *error)
{
    const struct pm_suite *suite = scoring->suite;
    const size_t threads = (size_t)omp_get_max_threads();
    scoring->groups_together = choose_groups_together(scoring, threads);
    const size_t parts =
        (suite->lanes->group_count + scoring->groups_together - 1) / scoring->groups_together;
    scoring->room = pm_score_room_take(suite->memory, threads, suite->simd_level);
    if (scoring->room == NULL ||
        !pm_score_queue_init(&scoring->pieces, scoring->count - scoring->slow_count,
                             scoring->slow_count, parts)) {
        pm_score_room_give(NULL, scoring->room);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for scoring");
    }
    for (size_t i = 0; i < scoring->count; i++) {
        atomic_init(&scoring->left[i].pieces, parts);
    }
    scoring->trace = start_trace(scoring, threads);
#pragma omp parallel
    work_along(scoring, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
    pm_score_queue_clear(&scoring->pieces);
    pm_score_room_give(suite->memory, scoring->room);
    if (atomic_load(&scoring->failed) && error != NULL) {
        *error = scoring->first_error;
    }
    return !atomic_load(&scoring->failed);
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

static struct work work_on(const struct pm_algorithm *algorithm, double *task_scores, double *score)
{
    const struct pm_cost phases = pm_algorithm_cost(algorithm);
    const double cost = (double)pm_cost_example(&phases);
    const bool slow = cost > SLOW_COST;
    return (struct work){.algorithm = algorithm,
                         .cost = slow ? cost : live_cost(algorithm),
                         .slow = slow,
                         .task_scores = task_scores,
                         .score = score};
}

static bool score_batch(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                        size_t count, double *scores, double *task_scores,
                        const struct pm_until *until, struct pm_error *error)
{
    struct work work[PM_SCORE_BATCH_MAX];
    struct scoring scoring = {.suite = suite, .until = until, .work = work, .count = count};
    for (size_t i = 0; i < count; i++) {
        work[i] = work_on(algorithms[i], &task_scores[i * suite->count], &scores[i]);
        scoring.slow_count += work[i].slow;
    }
    qsort(work, count, sizeof *work, compare_costs);
    return run_batch(&scoring, error);
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
    for (size_t i = 0; i < count; i++) {
        scores[i] = (double)NAN;
    }
    bool scored = true;
    for (size_t done = 0; done < count && scored; done += PM_SCORE_BATCH_MAX) {
        scored = score_batch(suite, algorithms + done,
                             count - done < PM_SCORE_BATCH_MAX ? count - done : PM_SCORE_BATCH_MAX,
                             scores + done, table + done * suite->count, until, error);
    }
    if (task_scores == NULL) {
        free(table);
    }
    return scored;
}
