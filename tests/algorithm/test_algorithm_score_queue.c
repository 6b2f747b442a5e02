/* Who does which piece of a batch, and how much of their time threads are left nothing to do. */
#include "algorithm/score_queue.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include <poolminer/score_trace.h>

static const struct {
    size_t quick, slow, parts;
} SHAPES[] = {{8, 0, 8}, {1, 0, 1}, {0, 3, 4}, {5, 2, 3}, {64, 1, 8}, {3, 0, 33}};

enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES };

static void every_piece_is_given_out_once(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPE_COUNT; s++) {
        struct pm_score_queue queue;
        const size_t parts = SHAPES[s].parts, algorithms = SHAPES[s].quick + SHAPES[s].slow;
        atomic_int *given = calloc(algorithms * parts, sizeof *given);
        assert_non_null(given);
        assert_true(pm_score_queue_init(&queue, SHAPES[s].quick, SHAPES[s].slow, parts));
#pragma omp parallel num_threads(4)
        {
            struct pm_score_piece piece;
            size_t part = pm_score_queue_first_part(&queue, (size_t)omp_get_thread_num(),
                                                    (size_t)omp_get_num_threads());
            while (pm_score_queue_take(&queue, &part, &piece)) {
                atomic_fetch_add(&given[piece.algorithm * parts + piece.part], 1);
            }
        }
        for (size_t i = 0; i < algorithms * parts; i++) {
            assert_int_equal(atomic_load(&given[i]), 1);
        }
        pm_score_queue_clear(&queue);
        free(given);
    }
}

static void check_next(struct pm_score_queue *queue, size_t *at, size_t algorithm, size_t part)
{
    struct pm_score_piece piece;
    assert_true(pm_score_queue_take(queue, at, &piece));
    assert_int_equal(piece.algorithm, algorithm);
    assert_int_equal(piece.part, part);
}

/* A thread's examples stay in its cache: it does all of its part before it helps with others. Each
 * part begins with another algorithm. */
static void a_thread_stays_with_its_part(void **state)
{
    (void)state;
    struct pm_score_queue queue;
    assert_true(pm_score_queue_init(&queue, 3, 0, 4));
    size_t mine = pm_score_queue_first_part(&queue, 0, 2);
    size_t others = pm_score_queue_first_part(&queue, 1, 2);
    assert_int_equal(mine, 0);
    assert_int_equal(others, 2);
    for (size_t i = 0; i < 3; i++) {
        check_next(&queue, &mine, i, 0);
    }
    check_next(&queue, &others, 2, 2);
    check_next(&queue, &mine, 1, 1); /* nobody was there yet */
    check_next(&queue, &mine, 0, 1);
    check_next(&queue, &mine, 2, 1);
    check_next(&queue, &mine, 0, 3); /* has more left than the part of the other thread */
    check_next(&queue, &others, 0, 2);
    check_next(&queue, &others, 1, 2);
    pm_score_queue_clear(&queue);
}

static void slow_algorithms_come_last_one_by_one(void **state)
{
    (void)state;
    struct pm_score_queue queue;
    struct pm_score_piece piece;
    size_t part = 1;
    assert_true(pm_score_queue_init(&queue, 2, 2, 2));
    for (int i = 0; i < 4; i++) {
        assert_true(pm_score_queue_take(&queue, &part, &piece));
        assert_true(piece.algorithm < 2);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_true(pm_score_queue_take(&queue, &part, &piece));
        assert_int_equal(piece.algorithm, 2 + i / 2);
        assert_int_equal(piece.part, i % 2);
    }
    assert_false(pm_score_queue_take(&queue, &part, &piece));
    assert_false(pm_score_queue_take(&queue, &part, &piece));
    pm_score_queue_clear(&queue);
}

static void idle_time_is_what_is_left_at_the_end(void **state)
{
    (void)state;
    struct pm_score_trace *trace = pm_score_trace_create(2, 4, 2);
    assert_non_null(trace);
    trace->threads = 2;
    trace->begin_ns = 1000;
    trace->end_ns[0] = 2000;
    trace->end_ns[1] = 1500;
    assert_true(fabs(pm_score_trace_idle(trace) - 0.25) < 1e-12);
    trace->end_ns[1] = 0; /* a thread that never came */
    assert_true(fabs(pm_score_trace_idle(trace) - 0.5) < 1e-12);

    /* Two algorithms on four parts, the second a tenth as long. */
    trace->algorithms = 2;
    trace->parts = 4;
    for (size_t part = 0; part < 4; part++) {
        trace->piece_ns[part] = 1000;
        trace->piece_ns[4 + part] = 100;
    }
    assert_true(pm_score_trace_idle_with(trace, 1) < 1e-12);
    assert_true(pm_score_trace_idle_with(trace, 2) < 1e-12);
    assert_true(pm_score_trace_idle_with(trace, 4) < 1e-12);
    /* Eight threads: each has one piece, and half of them nine tenths of their time nothing. */
    assert_true(fabs(pm_score_trace_idle_with(trace, 8) - 0.45) < 1e-12);
    /* Nor could it be less: the longest piece takes as long. Unless it had less to wait for. */
    assert_true(fabs(pm_score_trace_least_idle_with(trace, 8) - 0.45) < 1e-12);
    assert_true(pm_score_trace_least_idle_with(trace, 4) < 1e-12);
    trace->compile_ns[0] = 600;
    assert_true(fabs(pm_score_trace_least_idle_with(trace, 8) - (1 - 5000 / (8 * 1600.0))) < 1e-12);
    pm_score_trace_destroy(trace);
}

/* As many threads as parts and algorithms: each runs first what it has compiled, so that nobody
 * waits for the one whose compilation takes longest. */
static void nobody_waits_for_a_compilation(void **state)
{
    (void)state;
    enum { MANY = 8 };
    struct pm_score_trace *trace = pm_score_trace_create(MANY, MANY, 1);
    assert_non_null(trace);
    trace->algorithms = trace->parts = MANY;
    for (size_t i = 0; i < MANY; i++) {
        trace->compile_ns[i] = i == 0 ? 800 : 500;
        for (size_t part = 0; part < MANY; part++) {
            trace->piece_ns[i * MANY + part] = 1000;
        }
    }
    /* The first thread is done 300 after the others: of 8,800 each of them. */
    const double idle = 7 * 300.0 / (MANY * 8800.0);
    assert_true(fabs(pm_score_trace_idle_with(trace, MANY) - idle) < 1e-12);
    pm_score_trace_destroy(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_piece_is_given_out_once),
        cmocka_unit_test(a_thread_stays_with_its_part),
        cmocka_unit_test(slow_algorithms_come_last_one_by_one),
        cmocka_unit_test(idle_time_is_what_is_left_at_the_end),
        cmocka_unit_test(nobody_waits_for_a_compilation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
