/* Checkpoints: a search that is stopped and resumed, as often as one likes and by whatever machine,
 * ends where it would have ended; and what is no checkpoint of it is refused. */
#include "tests/algorithm/checkpoint_case.h"
#include "tests/cmocka_include.h"

#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>
#include <poolminer/file.h>
#include <poolminer/random.h>

static const char LINEAR[] = "def Setup():\n  s2 = 0.05\n"
                             "def Predict():\n  s0 = dot(v0, v1)\n"
                             "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n"
                             "  v2 = s3 * v0\n  v1 = v1 + v2\n";
static const char CONSTANT[] = "def Predict():\n  s0 = 1\n";

enum { DIM = 8, TASKS = 6, SEEDS = 2, GENERATIONS = 14, POPULATION = 150 };

struct fixture {
    struct pm_dataset *dataset;
    struct pm_suite *suite, *other_suite;
    struct pm_algorithm *seeds[SEEDS];
};

static struct pm_algorithm *parse(const char *text)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), DIM, PM_PARSE_STRICT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s\n%s", error.message, text);
    }
    return algorithm;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    if (!pm_dataset_synthetic(1, 600, &fixture.dataset, NULL) ||
        !pm_suite_search(fixture.dataset, PM_EDITION_FIRST2000, DIM, 0, TASKS, NULL, &fixture.suite,
                         NULL) ||
        !pm_suite_search(fixture.dataset, PM_EDITION_FIRST2000, DIM, 1, TASKS, NULL,
                         &fixture.other_suite, NULL)) {
        return -1;
    }
    fixture.seeds[0] = parse(LINEAR);
    fixture.seeds[1] = parse(CONSTANT);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pm_algorithm_destroy(fixture->seeds[0]);
    pm_algorithm_destroy(fixture->seeds[1]);
    pm_suite_destroy(fixture->suite);
    pm_suite_destroy(fixture->other_suite);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}

static struct pm_evolution_config make_config(const char *engine)
{
    struct pm_evolution_config config = pm_evolution_config_default();
    config.engine = engine;
    config.generations = GENERATIONS;
    config.population = POPULATION;
    config.budget = 6;
    config.seed = 21;
    return config;
}

/* ---- a run, in one piece or in many ---- */

struct point {
    double best, mean;
    uint64_t candidates;
};

/* What is seen of a run: its log, and the last checkpoint. */
struct view {
    struct point log[GENERATIONS + 1];
    int seen; /* generations, each of them once */
    void *checkpoint;
    size_t size, kept;
    size_t stop_after; /* so many checkpoints: sets `stop` */
    atomic_bool stop;
};

static bool watch(void *context, const struct pm_evolution_progress *progress)
{
    struct view *view = context;
    assert_int_equal(progress->generation, ++view->seen);
    view->log[view->seen] = (struct point){progress->best, progress->mean, progress->candidates};
    return true;
}

static void keep(void *context, const void *bytes, size_t size)
{
    struct view *view = context;
    view->checkpoint = realloc(view->checkpoint, size);
    assert_non_null(view->checkpoint);
    memcpy(view->checkpoint, bytes, size);
    view->size = size;
    if (++view->kept == view->stop_after) {
        atomic_store(&view->stop, true);
    }
}

static struct pm_evolution_result run(const struct fixture *fixture,
                                      const struct pm_evolution_config *config, struct view *view)
{
    struct pm_evolution_result result;
    struct pm_error error = {0};
    if (!pm_evolution_run(config, (const struct pm_algorithm *const *)fixture->seeds, SEEDS,
                          fixture->suite, watch, view, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

static void assert_same_items(const struct pm_evolution_result *a,
                              const struct pm_evolution_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->generations, b->generations);
    assert_int_equal(a->candidates, b->candidates);
    assert_int_equal(a->savings.instructions, b->savings.instructions);
    for (size_t i = 0; i < a->count; i++) {
        const struct pm_evolved *x = &a->items[i], *y = &b->items[i];
        char *texts[] = {pm_algorithm_write(x->algorithm, NULL),
                         pm_algorithm_write(y->algorithm, NULL)};
        assert_string_equal(texts[0], texts[1]);
        assert_memory_equal(&x->fitness, &y->fitness, sizeof x->fitness);
        assert_int_equal(x->parent_count, y->parent_count);
        assert_memory_equal(x->parents, y->parents, sizeof x->parents);
        assert_int_equal(x->lineage_count, y->lineage_count);
        for (size_t k = 0; k < x->lineage_count; k++) {
            assert_int_equal(x->lineage[k].generation, y->lineage[k].generation);
            assert_int_equal(x->lineage[k].change, y->lineage[k].change);
            assert_true(x->lineage[k].fitness == y->lineage[k].fitness);
        }
        free(texts[0]);
        free(texts[1]);
    }
}

static void assert_same_log(const struct view *a, const struct view *b)
{
    assert_int_equal(a->seen, b->seen);
    for (int i = 1; i <= a->seen; i++) {
        assert_true(a->log[i].best == b->log[i].best);
        assert_true(a->log[i].mean == b->log[i].mean);
        assert_int_equal(a->log[i].candidates, b->log[i].candidates);
    }
}

static void *stop_soon(void *argument)
{
    pm_clock_sleep_ms(15);
    atomic_store((atomic_bool *)argument, true);
    return NULL;
}

/* Runs a stretch from the last checkpoint on. `random` says what ends it: the stop flag after some
 * batches, or at any moment, within one too. */
static struct pm_evolution_result run_stretch(const struct fixture *fixture,
                                              struct pm_evolution_config config, struct view *view,
                                              struct pm_random *random)
{
    pthread_t thread;
    const bool anytime = pm_random_chance(random, 0.3);
    omp_set_num_threads(1 + (int)pm_random_below(random, 4));
    void *from = view->checkpoint; /* the sink replaces it meanwhile */
    view->checkpoint = NULL;
    view->kept = 0;
    view->stop_after = anytime ? 0 : 1 + pm_random_below(random, 9);
    atomic_store(&view->stop, false);
    config.stop = &view->stop;
    config.keep = keep;
    config.keep_interval_ms = anytime ? 1000000 : 0;
    config.resume = from;
    config.resume_size = view->size;
    assert_true(!anytime || pthread_create(&thread, NULL, stop_soon, &view->stop) == 0);
    struct pm_evolution_result result = run(fixture, &config, view);
    if (anytime) {
        pthread_join(thread, NULL);
    }
    if (view->checkpoint == NULL) { /* stopped before the seeds were scored */
        view->checkpoint = from;
    } else {
        free(from);
    }
    return result;
}

static size_t check_resumed(const struct fixture *fixture, const char *engine, uint64_t seed,
                            const struct pm_evolution_result *expected,
                            const struct view *expected_view)
{
    const struct pm_evolution_config config = make_config(engine);
    struct view view = {0};
    struct pm_random random;
    struct pm_evolution_result result = {0};
    size_t stretches = 0;
    pm_random_seed(&random, seed, 0, 0);
    while (result.generations < GENERATIONS) {
        pm_evolution_result_clear(&result);
        result = run_stretch(fixture, config, &view, &random);
        assert_true(++stretches < 1000);
    }
    assert_same_items(&result, expected);
    assert_same_log(&view, expected_view);
    pm_evolution_result_clear(&result);
    free(view.checkpoint);
    return stretches;
}

static void test_resumed_is_as_uninterrupted(void **state)
{
    const struct fixture *fixture = *state;
    const int threads = omp_get_max_threads();
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        const struct pm_evolution_config config = make_config(engine);
        struct view view = {0};
        struct pm_evolution_result whole = run(fixture, &config, &view);
        size_t stretches = 0;
        assert_true(whole.count > 0 && whole.items[0].lineage_count > 0);
        for (uint64_t seed = 0; seed < 4; seed++) {
            stretches += check_resumed(fixture, engine, seed, &whole, &view);
        }
        print_message("%s: %zu stretches in 4 runs\n", engine, stretches);
        assert_true(stretches > 8);
        pm_evolution_result_clear(&whole);
    }
    omp_set_num_threads(threads);
}

/* Stopped at its very first moment, and again and again without getting anywhere. */
static void test_stopped_before_anything(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = make_config("islands");
    struct view view = {0};
    atomic_store(&view.stop, true);
    config.stop = &view.stop;
    config.keep = keep;
    struct pm_evolution_result result = run(fixture, &config, &view);
    assert_int_equal(result.generations, 0);
    assert_null(view.checkpoint);
    pm_evolution_result_clear(&result);
}

static void test_time_spent_adds_up(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = make_config("regularized");
    struct view view = {.stop_after = 3};
    struct pm_evolution_checkpoint head;
    config.stop = &view.stop;
    config.keep = keep;
    config.keep_interval_ms = 0;
    struct pm_evolution_result result = run(fixture, &config, &view);
    pm_evolution_result_clear(&result);
    assert_true(pm_evolution_checkpoint_read(view.checkpoint, view.size, &head, NULL));
    assert_string_equal(head.engine, "regularized");
    assert_int_equal(head.seed, 21);
    assert_int_equal(head.generations, 0);
    assert_true(head.spent_ms < 600000);
    free(view.checkpoint);
}

/* ---- refused ---- */

static struct view make_checkpoint(const struct fixture *fixture,
                                   const struct pm_evolution_config *base)
{
    struct pm_evolution_config config = *base;
    struct view view = {.stop_after = 8};
    config.stop = &view.stop;
    config.keep = keep;
    config.keep_interval_ms = 0;
    struct pm_evolution_result result = run(fixture, &config, &view);
    pm_evolution_result_clear(&result);
    return view;
}

static void assert_refused(const struct pm_suite *suite, const struct pm_evolution_config *config,
                           struct pm_algorithm *const *seeds, size_t seed_count, const char *why)
{
    struct pm_evolution_result result;
    struct pm_error error = {0};
    assert_false(pm_evolution_run(config, (const struct pm_algorithm *const *)seeds, seed_count,
                                  suite, NULL, NULL, &result, &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
    assert_non_null(strstr(error.message, why));
    assert_null(result.items);
}

static void test_another_search_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_evolution_config base = make_config("islands");
    struct view view = make_checkpoint(fixture, &base);
    struct pm_evolution_config mine = base;
    mine.resume = view.checkpoint;
    mine.resume_size = view.size;

    struct pm_evolution_config others[6] = {mine, mine, mine, mine, mine, mine};
    others[0].seed++;
    others[1].generations++;
    others[2].population++;
    others[3].budget++;
    others[4].engine = "archive";
    others[5].idiom_probability = 0.25;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_refused(fixture->suite, &others[i], fixture->seeds, SEEDS, "another search's");
    }
    assert_refused(fixture->other_suite, &mine, fixture->seeds, SEEDS, "another search's");
    assert_refused(fixture->suite, &mine, fixture->seeds, 1, "another search's");
    struct pm_algorithm *const turned[] = {fixture->seeds[1], fixture->seeds[0]};
    assert_refused(fixture->suite, &mine, turned, SEEDS, "another search's");
    free(view.checkpoint);
}

static void test_damage_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = make_config("archive");
    struct view view = make_checkpoint(fixture, &config);
    struct pm_evolution_checkpoint head;
    struct pm_error error = {0};
    uint8_t *bytes = view.checkpoint;
    for (size_t at = 0; at < view.size; at += 1 + at / 7) {
        bytes[at] ^= 0x20;
        assert_false(pm_evolution_checkpoint_read(bytes, view.size, &head, &error));
        assert_int_equal(error.code, PM_ERROR_REFUSED);
        bytes[at] ^= 0x20;
        assert_false(pm_evolution_checkpoint_read(bytes, at, &head, &error));
    }
    config.resume = bytes;
    config.resume_size = view.size - 1;
    assert_refused(fixture->suite, &config, fixture->seeds, SEEDS, "damaged");
    config.resume_size = view.size;
    bytes[8]++;
    pm_checkpoint_seal(bytes, view.size);
    assert_refused(fixture->suite, &config, fixture->seeds, SEEDS, "version");
    bytes[0] = 'X';
    pm_checkpoint_seal(bytes, view.size);
    assert_refused(fixture->suite, &config, fixture->seeds, SEEDS, "it is none");
    free(view.checkpoint);
}

/* ---- a file of every version that was ever written ---- */

static void read_kept(const char *name, char **bytes, size_t *size)
{
    char path[512];
    struct pm_error error = {0};
    snprintf(path, sizeof path, "%s/checkpoints/%s", PM_TEST_DATA, name);
    if (!pm_file_read(path, PM_EVOLUTION_CHECKPOINT_MAX, bytes, size, &error)) {
        fail_msg("%s", error.message);
    }
}

static void test_kept_files_are_read(void **state)
{
    (void)state;
    struct checkpoint_case *the_case = checkpoint_case_create();
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        struct pm_evolution_config config = checkpoint_case_config(engine);
        struct pm_evolution_checkpoint head;
        struct pm_evolution_result result;
        struct pm_error error = {0};
        char name[64], *bytes = NULL;
        size_t size = 0;
        snprintf(name, sizeof name, "v1-%s", engine);
        read_kept(name, &bytes, &size);
        assert_true(pm_evolution_checkpoint_read(bytes, size, &head, &error));
        assert_string_equal(head.engine, engine);
        assert_int_equal(head.seed, 5);
        assert_int_equal(head.generations, 3);
        assert_int_equal(head.spent_ms, 2);
        if (!checkpoint_case_try(the_case, bytes, size, false, &error)) {
            fail_msg("%s", error.message);
        }
        config.resume = bytes;
        config.resume_size = size;
        assert_true(pm_evolution_run(&config, (const struct pm_algorithm *const *)the_case->seeds,
                                     2, the_case->suite, NULL, NULL, &result, &error));
        assert_int_equal(result.generations, 6);
        assert_int_equal(result.candidates, 6 * 12);
        assert_true(result.count > 0);
        pm_evolution_result_clear(&result);
        free(bytes);
    }
    checkpoint_case_destroy(the_case);
}

/* Bytes that pass for whole: refused, or as good as any. */
static void test_sealed_nonsense_is_harmless(void **state)
{
    (void)state;
    struct checkpoint_case *the_case = checkpoint_case_create();
    const char *engine;
    size_t accepted = 0, refused = 0;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        struct pm_random random;
        char name[64], *bytes = NULL;
        size_t size = 0;
        snprintf(name, sizeof name, "v1-%s", engine);
        read_kept(name, &bytes, &size);
        pm_random_seed(&random, i, 0, 0);
        for (int round = 0; round < 150; round++) {
            uint8_t *place = (uint8_t *)bytes + pm_random_below(&random, (uint32_t)size);
            const uint8_t before = *place;
            struct pm_error error = {0};
            *place = (uint8_t)pm_random_below(&random, 256);
            if (checkpoint_case_try(the_case, bytes, size, true, &error)) {
                accepted++;
            } else {
                assert_int_equal(error.code, PM_ERROR_REFUSED);
                refused++;
            }
            *place = before;
        }
        free(bytes);
    }
    assert_true(accepted > 0 && refused > 0);
    checkpoint_case_destroy(the_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumed_is_as_uninterrupted),
        cmocka_unit_test(test_stopped_before_anything),
        cmocka_unit_test(test_time_spent_adds_up),
        cmocka_unit_test(test_another_search_is_refused),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_kept_files_are_read),
        cmocka_unit_test(test_sealed_nonsense_is_harmless),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
