/* A guest's rules: when it rests and goes on, how much it takes, and that it keeps to that. */
#include "cmocka_include.h"

#include <math.h>
#include <string.h>

#include <poolminer/guest.h>
#include <poolminer/guest_options.h>

static struct pm_guest guest;
static char reason[PM_GUEST_REASON_SIZE];

static int set_up(void **state)
{
    (void)state;
    guest = (struct pm_guest){0};
    return 0;
}

static enum pm_guest_cause decide(const struct pm_guest_rules *rules,
                                  const struct pm_guest_readings *readings, enum pm_wish wish,
                                  int64_t now_ms)
{
    const enum pm_guest_cause cause =
        pm_guest_decide(&guest, rules, readings, wish, now_ms, reason);
    assert_int_equal(cause == PM_GUEST_WORKS, reason[0] == '\0');
    return cause;
}

#define ASSERT_DECIDED(cause, readings, now_ms)                                                    \
    assert_int_equal(decide(&rules, &(readings), PM_WISH_AUTO, now_ms), cause)

static void a_battery_rests_at_once_and_mains_have_to_last(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {.pause_on_battery = true};
    struct pm_guest_readings readings = {.power = {.has_battery = true, .charge_percent = 62}};
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 1);
    readings.power.on_battery = true;
    ASSERT_DECIDED(PM_GUEST_BATTERY, readings, 1000);
    assert_string_equal(reason, "on battery, 62 %; goes on when plugged in");
    readings.power.on_battery = false; /* a loose plug */
    ASSERT_DECIDED(PM_GUEST_BATTERY, readings, 2000);
    readings.power.on_battery = true;
    ASSERT_DECIDED(PM_GUEST_BATTERY, readings, 6000);
    readings.power.on_battery = false;
    ASSERT_DECIDED(PM_GUEST_BATTERY, readings, 7000);
    ASSERT_DECIDED(PM_GUEST_BATTERY, readings, 7000 + PM_GUEST_PLUGGED_MS - 1);
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 7000 + PM_GUEST_PLUGGED_MS);
}

static void charge_is_regained_before_it_goes_on(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {.pause_below_charge = 40};
    struct pm_guest_readings readings = {
        .power = {.has_battery = true, .on_battery = true, .charge_percent = 40}};
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 1);
    readings.power.charge_percent = 39;
    ASSERT_DECIDED(PM_GUEST_CHARGE, readings, 2);
    assert_string_equal(reason, "the battery has 39 %; goes on at 45 %");
    readings.power.on_battery = false; /* plugged in it goes on charging first */
    for (int percent = 40; percent < 45; percent++) {
        readings.power.charge_percent = percent;
        ASSERT_DECIDED(PM_GUEST_CHARGE, readings, 10000);
    }
    readings.power.charge_percent = 45;
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 10000);
    readings.power.charge_percent = 40; /* and not at once again */
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 10000);
    readings.power.charge_percent = 39;
    ASSERT_DECIDED(PM_GUEST_CHARGE, readings, 10000);
    readings.power.charge_percent = -1; /* it was taken out */
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 10000);

    const struct pm_guest_rules full = {.pause_below_charge = 100};
    readings.power.charge_percent = 99;
    assert_int_equal(decide(&full, &readings, PM_WISH_AUTO, 1), PM_GUEST_CHARGE);
    readings.power.charge_percent = 100;
    assert_int_equal(decide(&full, &readings, PM_WISH_AUTO, 1), PM_GUEST_WORKS);
}

static void heat_has_two_bounds(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {.pause_above_temp = 85, .resume_below_temp = 70};
    struct pm_guest_readings readings = {.power = {.charge_percent = -1}};
    static const struct {
        double celsius;
        int64_t now_ms;
        enum pm_guest_cause cause;
    } steps[] = {{84, 1, PM_GUEST_WORKS},
                 {85, 2, PM_GUEST_WORKS},
                 {85.1, 3, PM_GUEST_HEAT},
                 {84, 50000, PM_GUEST_HEAT},
                 {70, 99000, PM_GUEST_HEAT},
                 {69.9, 100000, PM_GUEST_HEAT},
                 {71, 105000, PM_GUEST_HEAT}, /* which begins the wait anew */
                 {60, 110000, PM_GUEST_HEAT},
                 {60, 110000 + PM_GUEST_COOL_MS - 1, PM_GUEST_HEAT},
                 {60, 110000 + PM_GUEST_COOL_MS, PM_GUEST_WORKS},
                 {84, 130000, PM_GUEST_WORKS},
                 {90, 130001, PM_GUEST_HEAT}};
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 1); /* no sensor */
    readings.heat = (struct pm_heat){.known = true, .sensor = "coretemp"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        readings.heat.celsius = steps[i].celsius;
        ASSERT_DECIDED(steps[i].cause, readings, steps[i].now_ms);
    }
    assert_string_equal(reason, "too hot: 90 C (coretemp); goes on below 70 C");
}

static void use_counts_down(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {.pause_while_used_s = 60};
    struct pm_guest_readings readings = {.power = {.charge_percent = -1}};
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 1); /* nothing is known of use */
    readings.use_known = true;
    readings.idle_s = 18;
    ASSERT_DECIDED(PM_GUEST_USE, readings, 1);
    assert_string_equal(reason, "somebody uses the machine; goes on in 42 s if nobody does");
    readings.idle_s = 60;
    ASSERT_DECIDED(PM_GUEST_WORKS, readings, 1);
}

static void a_persons_wish_beats_the_rules_but_not_heat(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {
        .pause_on_battery = true, .pause_above_temp = 80, .resume_below_temp = 70};
    struct pm_guest_readings readings = {
        .power = {.has_battery = true, .on_battery = true, .charge_percent = 50},
        .heat = {.known = true, .celsius = 60}};
    assert_int_equal(decide(&rules, &readings, PM_WISH_AUTO, 1), PM_GUEST_BATTERY);
    assert_int_equal(decide(&rules, &readings, PM_WISH_ANYWAY, 1), PM_GUEST_WORKS);
    assert_int_equal(decide(&rules, &readings, PM_WISH_PAUSE, 1), PM_GUEST_WISH);
    readings.heat.celsius = 81;
    assert_int_equal(decide(&rules, &readings, PM_WISH_ANYWAY, 1), PM_GUEST_HEAT);
    const struct pm_guest_rules none = {0};
    readings.heat.celsius = 120;
    assert_int_equal(decide(&none, &readings, PM_WISH_AUTO, 1), PM_GUEST_WORKS);
}

/* ---- how much ---- */

static void check_plan(double available, bool battery, int threads, double percent,
                       int expected_threads, double expected_processors, bool limited)
{
    const struct pm_guest_plan plan = pm_guest_plan(available, battery, threads, percent);
    assert_int_equal(plan.threads, expected_threads);
    assert_true(fabs(plan.processors - expected_processors) < 1e-9);
    assert_int_equal(plan.limited, limited);
}

static void percent_means_percent(void **state)
{
    (void)state;
    check_plan(8, false, 0, 100, 8, 8, false);
    check_plan(8, true, 0, 100, 7, 8, false);  /* one is left to whoever has the laptop */
    check_plan(1, true, 0, 100, 1, 1, false);  /* the only one is not */
    check_plan(8, false, 0, 50, 4, 4, false);  /* four threads, all the time */
    check_plan(8, false, 0, 30, 3, 2.4, true); /* three, four fifths of the time */
    check_plan(8, false, 8, 50, 8, 4, true);   /* as many as asked for, half of the time */
    check_plan(2, true, 0, 10, 1, 0.2, true);
    check_plan(1.5, false, 0, 100, 2, 1.5, false); /* of a cgroup's quota */
    check_plan(1.5, false, 0, 50, 1, 0.75, true);
    check_plan(0.5, false, 0, 100, 1, 0.5, false);
}

static void the_plan_is_told_in_words(void **state)
{
    (void)state;
    const struct pm_guest_rules rules = {.pause_on_battery = true,
                                         .pause_below_charge = 20,
                                         .pause_above_temp = 85,
                                         .resume_below_temp = 75,
                                         .pause_while_used_s = 60};
    char words[PM_GUEST_WORDS_SIZE];
    struct pm_guest_plan plan = pm_guest_plan(8, false, 0, 30);
    pm_guest_describe(&plan, &rules, 8, 30, words);
    assert_string_equal(
        words, "3 threads on 8 processors, at most 2.4 of their time (30 %), so each rests "
               "20 % of the time; pauses on battery, below 20 % of charge, above 85 C until "
               "below 75 C, until nobody has used the machine for 60 s, when `poolminer "
               "pause` says so");
    plan = pm_guest_plan(1, false, 0, 100);
    pm_guest_describe(&plan, &(struct pm_guest_rules){0}, 1, 100, words);
    assert_string_equal(words, "1 thread on 1 processor; pauses when `poolminer pause` says so");
}

/* A process of `threads` that computes whenever it may: what share of a second does it get? */
static double share_of(double processors, int threads)
{
    enum { STEP_NS = 10000000, STEPS = 10000 };
    struct pm_guest_turns turns = {0};
    int64_t now_ns = 1000, used_ns = 500;
    bool mine = true;
    for (int i = 0; i < STEPS; i++) {
        now_ns += STEP_NS;
        used_ns += mine ? (int64_t)threads * STEP_NS : 0;
        mine = pm_guest_turn(&turns, processors, now_ns, used_ns);
    }
    return (double)used_ns / ((double)STEPS * STEP_NS);
}

static void turns_keep_to_the_share(void **state)
{
    (void)state;
    static const struct {
        double processors;
        int threads;
    } cases[] = {{0.5, 1}, {0.01, 1}, {0.99, 1}, {2.4, 3}, {4, 8}, {0.1, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double share = share_of(cases[i].processors, cases[i].threads);
        if (fabs(share - cases[i].processors) > 0.01 * cases[i].processors + 0.001) {
            fail_msg("%g of %d threads: %g", cases[i].processors, cases[i].threads, share);
        }
    }
}

/* Time that it could not use is not owed to it for ever. */
static void a_share_is_not_saved_up(void **state)
{
    (void)state;
    struct pm_guest_turns turns = {0};
    const int64_t hour_ns = INT64_C(3600000000000);
    assert_true(pm_guest_turn(&turns, 1, 0, 0));
    assert_true(pm_guest_turn(&turns, 1, hour_ns, 0));
    assert_false(pm_guest_turn(&turns, 1, hour_ns + 200000000, 400000000));
}

/* ---- options ---- */

static void temperatures_must_leave_room(void **state)
{
    (void)state;
    static const struct pm_option table[] = {
        PM_OPTION_ROW_NICE(NULL),   PM_OPTION_ROW_CPU_LIMIT(NULL), PM_OPTION_ROW_BATTERY(NULL),
        PM_OPTION_ROW_CHARGE(NULL), PM_OPTION_ROW_HOT(NULL),       PM_OPTION_ROW_COOL(NULL),
        PM_OPTION_ROW_USED(NULL)};
    static const struct {
        const char *hot, *cool;
        double resume; /* 0: refused */
    } cases[] = {{"--pause-above-temp=80", "--resume-below-temp=70", 70},
                 {"--pause-above-temp=80", "--resume-below-temp=0", 70},
                 {"--pause-above-temp=80", "--resume-below-temp=80", 0},
                 {"--pause-above-temp=80", "--resume-below-temp=90", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *arguments[] = {"test", (char *)cases[i].hot, (char *)cases[i].cool};
        struct pm_options *options = pm_options_create(table, sizeof table / sizeof *table);
        struct pm_guest_rules rules;
        assert_true(pm_options_load_arguments(options, 3, arguments, NULL));
        assert_int_equal(pm_guest_rules_read(options, &rules, NULL), cases[i].resume > 0);
        if (cases[i].resume > 0) {
            assert_true(rules.resume_below_temp == cases[i].resume);
            assert_true(rules.pause_on_battery);
        }
        for (size_t k = 0; pm_guest_option_names[k] != NULL; k++) {
            assert_string_equal(table[k].name, pm_guest_option_names[k]);
        }
        pm_options_destroy(options);
    }
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_battery_rests_at_once_and_mains_have_to_last),
        TEST(charge_is_regained_before_it_goes_on),
        TEST(heat_has_two_bounds),
        TEST(use_counts_down),
        TEST(a_persons_wish_beats_the_rules_but_not_heat),
        TEST(percent_means_percent),
        TEST(the_plan_is_told_in_words),
        TEST(turns_keep_to_the_share),
        TEST(a_share_is_not_saved_up),
        TEST(temperatures_must_leave_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
