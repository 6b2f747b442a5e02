/* Who is there: names, the two orders, and the bounds. */
#include "sidecar/roster.h"
#include "sidecar/sidecar_test.h"

#include <stdio.h>
#include <stdlib.h>

static struct pm_roster roster;

static int set_up(void **state)
{
    (void)state;
    return pm_roster_create(&roster) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pm_roster_destroy(&roster);
    return 0;
}

static struct pm_peer *hear(int number, int64_t now_ms)
{
    char text[64];
    int length = snprintf(text, sizeof text, "worker:w%d:0123456789abcdef", number);
    return pm_roster_hear(&roster, text, (size_t)length, now_ms);
}

static struct pm_peer *find(int number)
{
    char text[64];
    snprintf(text, sizeof text, "worker:w%d:0123456789abcdef", number);
    return pm_roster_find(&roster, text);
}

static void a_client_is_remembered_once(void **state)
{
    (void)state;
    struct pm_peer *first = hear(1, 10), *second = hear(2, 20);
    assert_non_null(first);
    assert_ptr_not_equal(first, second);
    assert_string_equal(first->identity.name, "w1");
    first->unreachable_ms = 15;
    assert_ptr_equal(hear(1, 30), first);
    assert_int_equal(first->heard_ms, 30);
    assert_int_equal(first->unreachable_ms, -1);
    assert_int_equal(roster.count, 2);
    assert_ptr_equal(roster.silent_longest, second);
    assert_ptr_equal(pm_roster_next(second), first);
    assert_null(pm_roster_next(first));
    assert_null(find(3));
}

static void the_nameless_are_not_remembered(void **state)
{
    (void)state;
    assert_null(pm_roster_hear(&roster, "\0\1\2\3\4", 5, 0));
    assert_null(pm_roster_hear(&roster, "worker", 6, 0));
    assert_null(pm_roster_hear(&roster, "", 0, 0));
    assert_int_equal(roster.count, 0);
}

static void the_line_of_the_parked_is_kept(void **state)
{
    (void)state;
    struct pm_peer *peers[4];
    for (int i = 0; i < 4; i++) {
        peers[i] = hear(i, i);
        assert_true(pm_roster_park(&roster, peers[i], 100 + (uint64_t)i, "run", 1000 + i));
    }
    assert_int_equal(roster.parked_count, 4);
    pm_roster_unpark(&roster, peers[1]);
    pm_roster_unpark(&roster, peers[1]);                           /* harmless */
    assert_true(pm_roster_park(&roster, peers[0], 200, "", 2000)); /* asks again: to the end */
    assert_int_equal(roster.parked_count, 3);
    assert_ptr_equal(roster.parked_first, peers[2]);
    assert_ptr_equal(pm_roster_next_parked(peers[2]), peers[3]);
    assert_ptr_equal(pm_roster_next_parked(peers[3]), peers[0]);
    assert_null(pm_roster_next_parked(peers[0]));
    assert_int_equal(peers[0]->parked_request, 200);
    assert_string_equal(peers[0]->parked_run, "");
    for (int i = 0; i < 4; i++) {
        pm_roster_unpark(&roster, peers[i]);
    }
    assert_null(roster.parked_first);
    assert_null(roster.parked_last);
}

static void the_line_has_an_end(void **state)
{
    (void)state;
    for (int i = 0; i < PM_ROSTER_PARKED_MAX; i++) {
        assert_true(pm_roster_park(&roster, hear(i, i), 1, "", 1000));
    }
    struct pm_peer *late = hear(PM_ROSTER_PARKED_MAX, 1);
    assert_false(pm_roster_park(&roster, late, 1, "", 1000));
    assert_false(late->parked);
    assert_true(pm_roster_park(&roster, find(7), 2, "", 1000)); /* has a place already */
    pm_roster_unpark(&roster, find(0));
    assert_true(pm_roster_park(&roster, late, 1, "", 1000));
}

static void the_longest_silent_is_forgotten(void **state)
{
    (void)state;
    assert_true(pm_roster_park(&roster, hear(0, 0), 1, "", 1000)); /* parked ones stay */
    for (int i = 1; i < PM_ROSTER_MAX; i++) {
        pm_roster_set_progress(hear(i, i), i, "{}");
    }
    hear(1, PM_ROSTER_MAX);
    assert_int_equal(roster.count, PM_ROSTER_MAX);
    hear(PM_ROSTER_MAX, PM_ROSTER_MAX);
    hear(PM_ROSTER_MAX + 1, PM_ROSTER_MAX);
    assert_int_equal(roster.count, PM_ROSTER_MAX);
    assert_non_null(find(0));
    assert_non_null(find(1));
    assert_null(find(2));
    assert_null(find(3));
    assert_non_null(find(4));
    assert_non_null(find(PM_ROSTER_MAX + 1));
}

static void progress_is_kept_and_replaced(void **state)
{
    (void)state;
    struct pm_peer *peer = hear(1, 0);
    pm_roster_set_progress(peer, 7, "{\"done\":1}");
    pm_roster_set_progress(peer, 8, "{\"done\":2}");
    assert_int_equal(peer->progress_job, 8);
    assert_string_equal(peer->progress, "{\"done\":2}");
    pm_roster_set_progress(peer, 0, NULL);
    assert_null(peer->progress);
}

#define WITH_ROSTER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROSTER(a_client_is_remembered_once),     WITH_ROSTER(the_nameless_are_not_remembered),
        WITH_ROSTER(the_line_of_the_parked_is_kept),  WITH_ROSTER(the_line_has_an_end),
        WITH_ROSTER(the_longest_silent_is_forgotten), WITH_ROSTER(progress_is_kept_and_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
