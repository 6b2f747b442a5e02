#include "algorithm/score_queue.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/score_trace.h>

struct pm_score_trace *pm_score_trace_create(size_t algorithms_max, size_t groups_max,
                                             size_t threads_max)
{
    struct pm_score_trace *trace = calloc(1, sizeof *trace);
    if (trace == NULL) {
        return NULL;
    }
    trace->algorithms_max = algorithms_max;
    trace->groups_max = groups_max;
    trace->threads_max = threads_max;
    trace->compile_ns = calloc(algorithms_max, sizeof *trace->compile_ns);
    trace->piece_ns = calloc(algorithms_max, groups_max * sizeof *trace->piece_ns);
    trace->end_ns = calloc(threads_max, sizeof *trace->end_ns);
    if (trace->compile_ns == NULL || trace->piece_ns == NULL || trace->end_ns == NULL) {
        pm_score_trace_destroy(trace);
        return NULL;
    }
    return trace;
}

void pm_score_trace_destroy(struct pm_score_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    free(trace->compile_ns);
    free(trace->piece_ns);
    free(trace->end_ns);
    free(trace);
}

double pm_score_trace_idle(const struct pm_score_trace *trace)
{
    int64_t last = trace->begin_ns;
    double idle = 0;
    for (size_t i = 0; i < trace->threads; i++) {
        last = trace->end_ns[i] > last ? trace->end_ns[i] : last;
    }
    for (size_t i = 0; i < trace->threads; i++) {
        const int64_t end = trace->end_ns[i] > 0 ? trace->end_ns[i] : trace->begin_ns;
        idle += (double)(last - end);
    }
    const double all = (double)(last - trace->begin_ns) * (double)trace->threads;
    return all > 0 ? idle / all : 0.0;
}

/* ---- the same pieces on other threads ---- */

struct replay {
    const struct pm_score_trace *trace;
    struct pm_score_queue queue;
    size_t threads;
    double *now;   /* [thread]: when it is free */
    double *ready; /* [algorithm]: when it is compiled; NAN: nobody has begun to */
    size_t *part;  /* [thread]: where it is */
    bool *over;    /* [thread]: nothing is left for it */
};

static bool start(struct replay *replay)
{
    const struct pm_score_trace *trace = replay->trace;
    replay->now = calloc(replay->threads, sizeof *replay->now);
    replay->ready = calloc(trace->algorithms, sizeof *replay->ready);
    replay->part = calloc(replay->threads, sizeof *replay->part);
    replay->over = calloc(replay->threads, sizeof *replay->over);
    if (!pm_score_queue_init(&replay->queue, trace->algorithms, 0, trace->parts) ||
        replay->now == NULL || replay->ready == NULL || replay->part == NULL ||
        replay->over == NULL) {
        return false;
    }
    for (size_t i = 0; i < trace->algorithms; i++) {
        replay->ready[i] = (double)NAN;
    }
    for (size_t i = 0; i < replay->threads; i++) {
        replay->part[i] = pm_score_queue_first_part(&replay->queue, i, replay->threads);
    }
    return true;
}

static void finish(struct replay *replay)
{
    pm_score_queue_clear(&replay->queue);
    free(replay->now);
    free(replay->ready);
    free(replay->part);
    free(replay->over);
}

/* Who of those that are not over is free first; `threads` if all are over. */
static size_t first_free(const struct replay *replay)
{
    size_t first = replay->threads;
    for (size_t i = 0; i < replay->threads; i++) {
        if (!replay->over[i] && (first == replay->threads || replay->now[i] < replay->now[first])) {
            first = i;
        }
    }
    return first;
}

/* The next algorithm that nobody has begun to compile, from the first of the thread's part on; the
 * number of algorithms if there is none. */
static size_t next_to_compile(const struct replay *replay, size_t thread)
{
    const size_t count = replay->trace->algorithms;
    const size_t first = pm_score_queue_first_algorithm(&replay->queue, replay->part[thread]);
    for (size_t i = 0; i < count; i++) {
        const size_t index = (first + i) % count;
        if (isnan(replay->ready[index])) {
            return index;
        }
    }
    return count;
}

/* The share of idle time; waiting for a compilation is idle too. */
static double run(struct replay *replay)
{
    const struct pm_score_trace *trace = replay->trace;
    double busy = 0, last = 0;
    for (size_t thread; (thread = first_free(replay)) < replay->threads;) {
        struct pm_score_piece piece;
        double *now = &replay->now[thread];
        const size_t waiting = next_to_compile(replay, thread);
        if (waiting < trace->algorithms) {
            busy += (double)trace->compile_ns[waiting];
            replay->ready[waiting] = *now += (double)trace->compile_ns[waiting];
        } else if (pm_score_queue_take(&replay->queue, &replay->part[thread], &piece)) {
            const double took =
                (double)trace->piece_ns[piece.algorithm * trace->parts + piece.part];
            *now = fmax(*now, replay->ready[piece.algorithm]) + took;
            busy += took;
        } else {
            replay->over[thread] = true;
        }
        last = fmax(last, *now);
    }
    return last > 0 ? 1.0 - busy / (last * (double)replay->threads) : 0.0;
}

double pm_score_trace_idle_with(const struct pm_score_trace *trace, size_t threads)
{
    struct replay replay = {.trace = trace, .threads = threads};
    const double idle = start(&replay) ? run(&replay) : (double)NAN;
    finish(&replay);
    return idle;
}

double pm_score_trace_least_idle_with(const struct pm_score_trace *trace, size_t threads)
{
    double busy = 0, longest = 0;
    for (size_t i = 0; i < trace->algorithms; i++) {
        const double compiled = (double)trace->compile_ns[i];
        busy += compiled;
        for (size_t part = 0; part < trace->parts; part++) {
            const double took = (double)trace->piece_ns[i * trace->parts + part];
            busy += took;
            longest = fmax(longest, compiled + took);
        }
    }
    const double end = fmax(longest, busy / (double)threads);
    return end > 0 ? 1.0 - busy / (end * (double)threads) : 0.0;
}
