/* Resting: a long computation stops where it is, keeps its lease, and goes on as if nothing had
 * been; what a person wishes gets there. */
#include "tests/cmocka_include.h"
#include "tests/fake_tree.h"
#include "tests/worker/fake_queue.h"
#include "worker/governor.h"
#include "worker/job_runner.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <poolminer/clock.h>

/* Generous: a busy machine takes its time. */
enum { PATIENCE_MS = 30000, LOOK_MS = 200, STILL_MS = 60 };

#define EVOLVE(generations, max_seconds)                                                           \
    "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\",\"seeds\":[{\"id\":3,"                  \
    "\"algorithm_dsl\":\"def Setup():\\n  s2 = 0.05\\ndef Predict():\\n  s0 = dot(v0, v1)\\n"      \
    "def Learn():\\n  s3 = s1 - s0\\n  s3 = s3 * s2\\n  v2 = s3 * v0\\n  v1 = v1 + v2\\n\","       \
    "\"input_dim\":8}],\"seed\":5,\"profile\":\"full\",\"deadline_ms\":0,\"budget\":3,"            \
    "\"generations\":" #generations ",\"max_seconds\":" #max_seconds "}"

static const char EVOLVE_SHORT[] = EVOLVE(6, 0);
static const char EVOLVE_ENDLESS[] = EVOLVE(100000, 0);
static const char EVOLVE_TIMED[] = EVOLVE(100000, 3);

struct fixture {
    struct pm_dataset *dataset;
    struct pm_workbench *bench;
    struct pm_pause pause;
    struct fake_queue fake;
    struct pm_job_runner_tally tally;
    struct pm_job_runner_config config;
    pthread_t thread;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    const struct pm_workbench_config config = {.task_limit = 4};
    fixture = (struct fixture){.dataset = NULL};
    pm_pause_init(&fixture.pause);
    *state = &fixture;
    return pm_dataset_synthetic(1, 400, &fixture.dataset, NULL) &&
                   pm_workbench_create(fixture.dataset, &config, &fixture.bench, NULL)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pm_workbench_destroy(fixture->bench);
    pm_dataset_destroy(fixture->dataset);
    pm_pause_clear(&fixture->pause);
    return 0;
}

static void *runner_main(void *argument)
{
    struct fixture *fixture = argument;
    pm_job_runner_run(&fixture->config);
    return NULL;
}

static void start(struct fixture *fixture, const char *body)
{
    fake_queue_init(&fixture->fake, "evolve", body);
    fixture->tally = (struct pm_job_runner_tally){0};
    fixture->config = (struct pm_job_runner_config){.run_id = "run",
                                                    .bench = fixture->bench,
                                                    .pause = &fixture->pause,
                                                    .threads = 2,
                                                    .queue = fake_queue_face(&fixture->fake),
                                                    .heartbeats = fake_queue_face(&fixture->fake),
                                                    .stop = &fixture->fake.stop,
                                                    .wait_ms = 10,
                                                    .retry_ms = 10,
                                                    .patience_ms = 5000,
                                                    .tally = &fixture->tally};
    assert_int_equal(pthread_create(&fixture->thread, NULL, runner_main, fixture), 0);
}

/* A number of the fake's, or whether words are in the last progress. */
static int progresses(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->fake.mutex);
    const int count = fixture->fake.progresses;
    pthread_mutex_unlock(&fixture->fake.mutex);
    return count;
}

static bool progress_says(struct fixture *fixture, const char *words)
{
    pthread_mutex_lock(&fixture->fake.mutex);
    const char *text = fixture->fake.last_progress;
    const bool says = text != NULL && strstr(text, words) != NULL;
    pthread_mutex_unlock(&fixture->fake.mutex);
    return says;
}

static int64_t cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_still(void)
{
    const int64_t before_ms = cpu_ms();
    pm_clock_sleep_ms(LOOK_MS);
    return cpu_ms() - before_ms < STILL_MS;
}

#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;                            \
        while (!(condition)) {                                                                     \
            if (pm_clock_monotonic_ms() > until_ms) {                                              \
                fail_msg("waited in vain for: %s", #condition);                                    \
            }                                                                                      \
            pm_clock_sleep_ms(5);                                                                  \
        }                                                                                          \
    } while (0)

static char *end(struct fixture *fixture)
{
    pthread_join(fixture->thread, NULL);
    assert_int_equal(atomic_load(&fixture->tally.lost), 0);
    char *result = fixture->fake.result != NULL ? strdup(fixture->fake.result) : NULL;
    fake_queue_clear(&fixture->fake);
    return result;
}

/* All but what depends on the clock. */
static char *without_seconds(char *result)
{
    cJSON *json = cJSON_Parse(result);
    assert_non_null(json);
    cJSON_DeleteItemFromObject(json, "seconds");
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    free(result);
    return text;
}

static void a_rest_changes_nothing_but_the_time(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, EVOLVE_SHORT);
    char *unbroken = without_seconds(end(fixture));
    int rests = 0;

    start(fixture, EVOLVE_SHORT);
    AWAIT(progresses(fixture) > 0);
    for (; rests < 3; rests++) {
        pm_pause_set(&fixture->pause, "on battery");
        AWAIT(is_still());
        if (atomic_load(&fixture->fake.stop)) {
            break; /* it was over before the third rest */
        }
        const int count = progresses(fixture);
        AWAIT(progresses(fixture) > count + 2); /* the lease is kept all the while */
        assert_true(progress_says(fixture, "\"paused\":\"on battery\""));
        pm_pause_set(&fixture->pause, NULL);
        AWAIT(!progress_says(fixture, "paused") || atomic_load(&fixture->fake.stop));
    }
    pm_pause_set(&fixture->pause, NULL);
    char *broken = without_seconds(end(fixture));
    assert_int_equal(atomic_load(&fixture->tally.done), 1);
    assert_true(rests > 0);
    assert_string_equal(unbroken, broken);
    free(unbroken);
    free(broken);
}

/* Not one finalist could be scored: all are handed over with what the search thinks of them. */
static void expect_search_scores(const char *result)
{
    cJSON *json = cJSON_Parse(result);
    const cJSON *item = NULL;
    assert_non_null(json);
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "evolutions"))
    {
        const cJSON *score = cJSON_GetObjectItem(item, "score");
        const cJSON *search_score = cJSON_GetObjectItem(item, "search_score");
        assert_true(cJSON_IsNumber(score) && cJSON_IsNumber(search_score));
        assert_true(score->valuedouble == search_score->valuedouble);
    }
    cJSON_Delete(json);
}

static void a_deadline_holds_while_it_rests(void **state)
{
    struct fixture *fixture = *state;
    const int64_t start_ms = pm_clock_monotonic_ms();
    start(fixture, EVOLVE_TIMED);
    AWAIT(progress_says(fixture, "\"best\""));
    pm_pause_set(&fixture->pause, "too warm");
    const bool was_searching = pm_clock_monotonic_ms() - start_ms < 2000;
    char *result = end(fixture); /* nobody ends the rest */
    assert_non_null(strstr(result, "\"evolutions\":[{"));
    if (was_searching) {
        expect_search_scores(result);
    }
    assert_in_range(pm_clock_monotonic_ms() - start_ms, 2000, PATIENCE_MS);
    assert_int_equal(atomic_load(&fixture->tally.done), 1);
    free(result);
}

static void a_stop_ends_a_rest(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, EVOLVE_ENDLESS);
    AWAIT(progresses(fixture) > 0);
    pm_pause_set(&fixture->pause, "on battery");
    AWAIT(is_still());
    atomic_store(&fixture->fake.stop, true);
    assert_null(end(fixture));
    assert_int_equal(atomic_load(&fixture->tally.released), 1);
}

static void who_rests_asks_for_no_work(void **state)
{
    struct fixture *fixture = *state;
    pm_pause_set(&fixture->pause, "on battery");
    start(fixture, EVOLVE_SHORT);
    pm_clock_sleep_ms(LOOK_MS);
    assert_int_equal(fixture->fake.leases, 0);
    pm_pause_set(&fixture->pause, NULL);
    free(end(fixture));
    assert_int_equal(atomic_load(&fixture->tally.done), 1);
}

/* ---- the wish ---- */

struct sidecar {
    _Atomic enum pm_wish wish;
    atomic_bool away;
    atomic_int reports, paused; /* so many said; of these, with a reason */
    pthread_mutex_t mutex;
    char text[1024]; /* the last report */
};

/* As it was a moment ago. */
static const char *sidecar_text(struct sidecar *sidecar)
{
    static char copy[1024];
    pthread_mutex_lock(&sidecar->mutex);
    memcpy(copy, sidecar->text, sizeof copy);
    pthread_mutex_unlock(&sidecar->mutex);
    return copy;
}

static bool hear(void *context, const char *paused, const char *report_json, enum pm_wish *wish,
                 struct pm_error *error)
{
    struct sidecar *sidecar = context;
    pthread_mutex_lock(&sidecar->mutex);
    snprintf(sidecar->text, sizeof sidecar->text, "%s", report_json);
    pthread_mutex_unlock(&sidecar->mutex);
    atomic_fetch_add(&sidecar->reports, 1);
    if (atomic_load(&sidecar->away)) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "no answer");
    }
    atomic_fetch_add(&sidecar->paused, paused[0] != '\0');
    *wish = atomic_load(&sidecar->wish);
    return true;
}

static struct pm_governor_config quiet_config(struct fixture *fixture, struct sidecar *sidecar,
                                              const atomic_bool *stop)
{
    return (struct pm_governor_config){.root = "/nowhere",
                                       .processors = {.allowed = 1, .available = 1},
                                       .plan = {.threads = 1, .processors = 1},
                                       .percent = 100,
                                       .sidecar = {sidecar, hear},
                                       .stop = stop,
                                       .pause = &fixture->pause};
}

static void the_governor_does_what_a_person_wishes(void **state)
{
    struct fixture *fixture = *state;
    struct sidecar sidecar = {.wish = PM_WISH_AUTO, .mutex = PTHREAD_MUTEX_INITIALIZER};
    atomic_bool stop = false;
    struct pm_governor governor;
    const struct pm_governor_config config = quiet_config(fixture, &sidecar, &stop);
    assert_true(pm_governor_start(&governor, &config, NULL));
    AWAIT(atomic_load(&sidecar.reports) > 0);
    assert_false(pm_pause_is_on(&fixture->pause, NULL));

    atomic_store(&sidecar.wish, PM_WISH_PAUSE);
    AWAIT(pm_pause_is_on(&fixture->pause, NULL));
    AWAIT(atomic_load(&sidecar.paused) > 0); /* and says so */

    /* A sidecar that is away has not changed its mind. */
    atomic_store(&sidecar.away, true);
    const int reports = atomic_load(&sidecar.reports);
    AWAIT(atomic_load(&sidecar.reports) > reports);
    assert_true(pm_pause_is_on(&fixture->pause, NULL));

    atomic_store(&sidecar.away, false);
    atomic_store(&sidecar.wish, PM_WISH_AUTO);
    AWAIT(!pm_pause_is_on(&fixture->pause, NULL));
    pm_governor_join(&governor);
}

/* ---- the rules ---- */

static bool rests_because(struct fixture *fixture, const char *words)
{
    char reason[PM_PAUSE_REASON_SIZE];
    return pm_pause_is_on(&fixture->pause, reason) && strstr(reason, words) != NULL;
}

static void the_governor_minds_the_machine(void **state)
{
    struct fixture *fixture = *state;
    struct sidecar sidecar = {.wish = PM_WISH_AUTO, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct fake_tree tree;
    struct pm_governor governor;
    atomic_bool stop = false;
    fake_tree_create(&tree);
    fake_tree_write(&tree, "sys/class/power_supply/AC/type", "Mains\n");
    fake_tree_write(&tree, "sys/class/power_supply/AC/online", "0\n");
    fake_tree_write(&tree, "sys/class/power_supply/BAT0/type", "Battery\n");
    fake_tree_write(&tree, "sys/class/power_supply/BAT0/status", "Discharging\n");
    fake_tree_write(&tree, "sys/class/power_supply/BAT0/capacity", "62\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/name", "k10temp\n");
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/temp1_input", "50000\n");
    struct pm_governor_config config = quiet_config(fixture, &sidecar, &stop);
    config.root = tree.root;
    config.rules = (struct pm_guest_rules){
        .pause_on_battery = true, .pause_above_temp = 80, .resume_below_temp = 70};
    assert_true(pm_governor_start(&governor, &config, NULL));
    assert_true(rests_because(fixture, "on battery, 62 %")); /* from the first moment */
    AWAIT(strstr(sidecar_text(&sidecar), "\"power\":\"battery\"") != NULL);
    assert_non_null(strstr(sidecar_text(&sidecar), "\"charge_percent\":62"));
    assert_non_null(strstr(sidecar_text(&sidecar), "\"temperature_c\":50,\"sensor\":\"k10temp\""));

    atomic_store(&sidecar.wish, PM_WISH_ANYWAY);
    AWAIT(!pm_pause_is_on(&fixture->pause, NULL));
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/temp1_input", "81000\n");
    AWAIT(rests_because(fixture, "too hot: 81 C"));
    fake_tree_write(&tree, "sys/class/hwmon/hwmon0/temp1_input", "69000\n");
    AWAIT(!pm_pause_is_on(&fixture->pause, NULL));
    atomic_store(&sidecar.wish, PM_WISH_AUTO);
    AWAIT(rests_because(fixture, "on battery"));
    fake_tree_write(&tree, "sys/class/power_supply/AC/online", "1\n");
    AWAIT(!pm_pause_is_on(&fixture->pause, NULL));
    pm_governor_join(&governor);
    fake_tree_destroy(&tree);
}

/* What a machine lets it have is less when others want it too; more than the limit it never is. */
static void a_limit_in_percent_is_kept(void **state)
{
    enum { PERCENT = 40, WINDOW_MS = 3000 };
    struct fixture *fixture = *state;
    struct sidecar sidecar = {.wish = PM_WISH_AUTO, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct pm_governor governor;
    atomic_bool stop = false;
    struct pm_governor_config config = quiet_config(fixture, &sidecar, &stop);
    config.plan = pm_guest_plan(1, false, 2, PERCENT);
    config.percent = PERCENT;
    assert_true(config.plan.limited);
    assert_true(pm_governor_start(&governor, &config, NULL));
    start(fixture, EVOLVE_ENDLESS);
    AWAIT(progress_says(fixture, "\"best\""));
    const int64_t start_ms = pm_clock_monotonic_ms(), start_cpu_ms = cpu_ms();
    pm_clock_sleep_ms(WINDOW_MS);
    const double percent =
        100.0 * (double)(cpu_ms() - start_cpu_ms) / (double)(pm_clock_monotonic_ms() - start_ms);
    atomic_store(&fixture->fake.stop, true);
    free(end(fixture));
    pm_governor_join(&governor);
    print_message("%d %% asked for, %.1f %% used\n", PERCENT, percent);
    assert_true(percent > 1 && percent < PERCENT + 4);
    assert_false(pm_pause_is_on(&fixture->pause, NULL)); /* turns are no rest */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rest_changes_nothing_but_the_time),
        TEST(a_deadline_holds_while_it_rests),
        TEST(a_stop_ends_a_rest),
        TEST(who_rests_asks_for_no_work),
        TEST(the_governor_does_what_a_person_wishes),
        TEST(the_governor_minds_the_machine),
        TEST(a_limit_in_percent_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
