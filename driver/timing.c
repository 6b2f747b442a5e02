#include "driver/timing.h"

#include "driver/limits.h"

#include <stdbool.h>
#include <string.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* 0 to `span_ms`, uniform. */
static int64_t jitter(int64_t span_ms, uint32_t random)
{
    return (int64_t)((double)span_ms * ((double)random / (double)UINT32_MAX));
}

int64_t pm_backoff_ms(unsigned attempt, int64_t retry_after_ms, uint32_t random)
{
    int64_t whole_ms = PM_BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < attempt && whole_ms < PM_BACKOFF_MAX_MS; i++) {
        whole_ms *= 2;
    }
    whole_ms = smaller(whole_ms, PM_BACKOFF_MAX_MS);
    return larger(whole_ms / 2 + jitter(whole_ms / 2, random), retry_after_ms);
}

int64_t pm_no_work_wait_ms(int64_t base_ms, uint32_t random)
{
    return base_ms + jitter(base_ms, random);
}

int64_t pm_window_wait_ms(int64_t time_remaining_ms, int64_t minimum_ms, uint32_t random)
{
    return larger(time_remaining_ms, minimum_ms) + jitter(1000, random);
}

int64_t pm_gather_wait_ms(int64_t elapsed_ms)
{
    if (elapsed_ms < 10000) {
        return 100;
    }
    return elapsed_ms < 60000 ? 300 : 1000;
}

struct pm_lease_plan pm_lease_plan(int64_t received_ms, int64_t deadline_ms, int64_t run_end_ms)
{
    if (run_end_ms > 0) {
        deadline_ms = smaller(deadline_ms, run_end_ms);
    }
    int64_t left_ms = larger(deadline_ms - received_ms, 0);
    return (struct pm_lease_plan){
        .evaluate_until_ms = deadline_ms - smaller(PM_STOP_EVALUATING_MS, left_ms / 3),
        .evolve_until_ms = deadline_ms - smaller(PM_STOP_EVOLVING_MS, left_ms / 4),
        .submit_at_ms = deadline_ms - smaller(PM_SUBMIT_MS, left_ms / 6),
        .deadline_ms = deadline_ms,
    };
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The largest whole number in `text` that generations could have, or -1. */
static int64_t largest_number(const char *text)
{
    int64_t largest = -1;
    while (*text != '\0') {
        if (!is_digit(*text)) {
            text++;
            continue;
        }
        int64_t number = 0;
        for (; is_digit(*text); text++) {
            number = number > PM_JOB_GENERATIONS_MAX ? number : number * 10 + (*text - '0');
        }
        if (number <= PM_JOB_GENERATIONS_MAX) {
            largest = larger(largest, number);
        }
    }
    return largest;
}

int64_t pm_generations_after_refusal(int64_t generations, const char *reason, int64_t sent)
{
    if (strcasestr(reason, "iteration") == NULL) {
        return generations;
    }
    int64_t named = largest_number(reason);
    int64_t raised = named > sent ? larger(named, generations) : 2 * generations;
    return smaller(raised, PM_JOB_GENERATIONS_MAX);
}
