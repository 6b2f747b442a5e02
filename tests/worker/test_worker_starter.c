/* Threads that are started on request keep the priority of their starter. */
#include "tests/cmocka_include.h"
#include "worker/starter.h"

#include <sched.h>
#include <stdint.h>

enum { ASKERS = 8, STARTS = 20 };

static void *policy_of_thread(void *argument)
{
    *(int *)argument = sched_getscheduler(0);
    return NULL;
}

/* Starts a thread and returns what it finds. */
static int policy_by(struct pm_starter *starter)
{
    pthread_t thread;
    int policy = -1;
    assert_true(pm_starter_start(starter, &thread, policy_of_thread, &policy));
    pthread_join(thread, NULL);
    return policy;
}

struct found {
    struct pm_starter *starter;
    int by_itself, by_starter;
};

static void *stand_back_and_start(void *argument)
{
    struct found *found = argument;
    const struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) == 0) {
        found->by_itself = policy_by(NULL);
        found->by_starter = policy_by(found->starter);
    }
    return NULL;
}

static void threads_keep_the_starters_priority(void **state)
{
    (void)state;
    struct found found = {.starter = pm_starter_create(NULL)};
    pthread_t thread;
    assert_non_null(found.starter);
    assert_int_equal(pthread_create(&thread, NULL, stand_back_and_start, &found), 0);
    pthread_join(thread, NULL);
    assert_int_equal(found.by_itself, SCHED_IDLE);
    assert_int_equal(found.by_starter, SCHED_OTHER);
    pm_starter_destroy(found.starter);
}

static void *ask_often(void *argument)
{
    uintptr_t right = 0;
    for (int i = 0; i < STARTS; i++) {
        right += policy_by(argument) == SCHED_OTHER ? 1 : 0;
    }
    return (void *)right;
}

static void many_may_ask_at_once(void **state)
{
    (void)state;
    struct pm_starter *starter = pm_starter_create(NULL);
    pthread_t askers[ASKERS];
    assert_non_null(starter);
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_create(&askers[i], NULL, ask_often, starter), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        void *right;
        pthread_join(askers[i], &right);
        assert_int_equal((uintptr_t)right, STARTS);
    }
    pm_starter_destroy(starter);
    pm_starter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_keep_the_starters_priority),
        cmocka_unit_test(many_may_ask_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
