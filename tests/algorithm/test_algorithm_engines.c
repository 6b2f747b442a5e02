/* The engines of evolution: each is what its name says. */
#include "algorithm/search.h"
#include "tests/algorithm/evolution_case.h"
#include "tests/cmocka_include.h"

#include <stdlib.h>
#include <string.h>

/* The default one first; without --population a generation has as many candidates as the method's
 * papers say, or as serves ours best. */
static void test_a_generation_is_a_population(void **state)
{
    static const struct {
        const char *name;
        uint64_t population;
    } engines[] = {{"islands", 600}, {"regularized", 100}, {"archive", 100}};
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *seeds[] = {the_case->linear};
    assert_string_equal(pm_evolution_config_default().engine, "islands");
    assert_int_equal(pm_evolution_config_default().generations, 50);
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        struct pm_evolution_config config = evolution_case_config(1);
        assert_string_equal(pm_evolution_engine_name(i), engines[i].name);
        config.engine = engines[i].name;
        config.population = 0;
        struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 1);
        assert_int_equal(result.generations, 1);
        assert_int_equal(result.candidates, engines[i].population);
        pm_evolution_result_clear(&result);
    }
    assert_null(pm_evolution_engine_name(3));
}

/* ---- looking into an engine, through what a checkpoint would hold ---- */

enum { POPULATION = 50, BATCH = 25 };

struct looked_at {
    struct pm_evolution_config config;
    struct pm_search search;
    const struct pm_engine *engine;
    void *state;
};

static void look_at(struct looked_at *at, const struct evolution_case *the_case,
                    const struct pm_engine *engine)
{
    const struct pm_algorithm *seeds[] = {the_case->linear};
    at->config = evolution_case_config(1000);
    at->config.population = POPULATION;
    at->config.idiom_probability = engine->idiom_probability;
    at->engine = engine;
    assert_true(pm_search_init(&at->search, &at->config, seeds, 1, the_case->suite, NULL));
    at->state = engine->create(&at->search);
    assert_non_null(at->state);
}

static void look_away(struct looked_at *at)
{
    at->engine->destroy(at->state);
    pm_search_clear(&at->search);
}

static void run_batch(struct looked_at *at)
{
    assert_true(at->engine->run_batch(at->state, at->search.next, BATCH, NULL));
    at->search.next += BATCH;
    if (at->search.next == POPULATION) {
        at->search.generation++;
        at->search.next = 0;
    }
}

/* The members of `regularized`, the oldest first. */
static void read_members(struct looked_at *at, struct pm_candidate members[POPULATION])
{
    struct pm_candidate ring[POPULATION];
    struct pm_stream written = {.profile = at->search.profile, .input_dim = CASE_DIM};
    size_t oldest = 0, count = 0;
    written.seed_count = 1;
    assert_true(at->engine->transfer(at->state, &written));
    struct pm_stream read = {.reading = true,
                             .profile = at->search.profile,
                             .input_dim = CASE_DIM,
                             .seed_count = 1,
                             .source = written.bytes,
                             .source_size = written.size};
    assert_true(pm_stream_size(&read, &oldest, POPULATION - 1));
    assert_true(pm_stream_candidates(&read, ring, &count, POPULATION));
    assert_int_equal(count, POPULATION);
    for (size_t i = 0; i < POPULATION; i++) {
        members[i] = ring[(oldest + i) % POPULATION];
    }
    pm_stream_clear(&written);
    pm_stream_clear(&read);
    free(written.bytes);
}

static void clear_members(struct pm_candidate members[POPULATION])
{
    for (size_t i = 0; i < POPULATION; i++) {
        pm_candidate_clear(&members[i]);
    }
}

static bool is_among(const struct pm_candidate *child, const struct pm_candidate *members)
{
    for (size_t i = 0; i < POPULATION; i++) {
        if (pm_algorithm_equal(child->program, members[i].program)) {
            return true;
        }
    }
    return false;
}

/* With each batch as many leave as come, and it is the oldest, however good; of the children nine
 * in ten are mutants, and the others copies of a member. */
static void test_regularized_lets_the_oldest_go(void **state)
{
    enum { BATCHES = 24 };
    struct pm_candidate before[POPULATION], after[POPULATION];
    struct looked_at at;
    size_t copies = 0;
    look_at(&at, *state, &pm_engine_regularized);
    for (int i = 0; i < POPULATION / BATCH; i++) {
        run_batch(&at);
    }
    read_members(&at, before);
    for (int batch = 0; batch < BATCHES; batch++) {
        run_batch(&at);
        read_members(&at, after);
        for (size_t i = 0; i < POPULATION - BATCH; i++) {
            assert_true(pm_algorithm_equal(before[i + BATCH].program, after[i].program));
            assert_true(before[i + BATCH].fitness.score == after[i].fitness.score);
        }
        for (size_t i = POPULATION - BATCH; i < POPULATION; i++) {
            copies += is_among(&after[i], before) ? 1 : 0;
        }
        clear_members(before);
        memcpy(before, after, sizeof before);
    }
    assert_in_range(copies, BATCHES * BATCH / 20, BATCHES * BATCH / 5);
    clear_members(before);
    look_away(&at);
}

/* The archive keeps one program of each niche, so it holds short and long ones side by side, which
 * a mere list of the best would not. */
static void test_archive_keeps_what_is_different(void **state)
{
    struct looked_at at;
    struct pm_candidate holders[POPULATION * 3];
    size_t count = 0;
    int shortest = 1000, longest = 0;
    look_at(&at, *state, &pm_engine_archive);
    for (int i = 0; i < 6; i++) {
        run_batch(&at);
    }
    struct pm_stream written = {
        .profile = at.search.profile, .input_dim = CASE_DIM, .seed_count = 1};
    assert_true(at.engine->transfer(at.state, &written));
    struct pm_stream read = {.reading = true,
                             .profile = at.search.profile,
                             .input_dim = CASE_DIM,
                             .seed_count = 1,
                             .source = written.bytes,
                             .source_size = written.size};
    assert_true(pm_stream_candidates(&read, holders, &count, POPULATION * 3));
    assert_in_range(count, 4, POPULATION * 3);
    for (size_t i = 0; i < count; i++) {
        const int length = pm_candidate_length(&holders[i]);
        shortest = length < shortest ? length : shortest;
        longest = length > longest ? length : longest;
        pm_candidate_clear(&holders[i]);
    }
    assert_true(longest >= shortest + 4);
    pm_stream_clear(&written);
    pm_stream_clear(&read);
    free(written.bytes);
    look_away(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_generation_is_a_population),
        cmocka_unit_test(test_regularized_lets_the_oldest_go),
        cmocka_unit_test(test_archive_keeps_what_is_different),
    };
    return cmocka_run_group_tests(tests, evolution_case_set_up, evolution_case_tear_down);
}
