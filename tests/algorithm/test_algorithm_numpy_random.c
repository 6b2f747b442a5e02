/* NumPy's generator, draw by draw, against numbers that NumPy 1.24 gave. */
#include "algorithm/ziggurat.h"
#include "tests/algorithm/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/numpy_random.h>

enum { NORMAL_DRAWS = 100000 };

static int load(void **state)
{
    *state = vectors_load("numpy_rng.json");
    return 0;
}

static int unload(void **state)
{
    cJSON_Delete(*state);
    return 0;
}

static uint64_t seed_of(const cJSON *entry)
{
    return (uint64_t)numbers_at(entry, "seed");
}

static uint64_t parse_hex(const char *text)
{
    return strtoull(text, NULL, 16);
}

/* Up to 32 digits after 0x. */
static pm_uint128 parse_wide_hex(const char *text)
{
    pm_uint128 value = 0;
    for (const char *digit = text + 2; *digit; digit++) {
        char one[2] = {*digit, '\0'};
        value = value << 4 | strtoul(one, NULL, 16);
    }
    return value;
}

static void test_seed_sequence(void **state)
{
    const pm_uint128 multiplier = parse_wide_hex("0x2360ed051fc65da44385df649fccf645");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "seed_sequence"))
    {
        uint64_t words[4];
        for (int i = 0; i < 4; i++) {
            words[i] = parse_hex(
                cJSON_GetArrayItem(vectors_at(entry, "generate_state_4_uint64"), i)->valuestring);
        }
        struct pm_numpy_random random;
        pm_numpy_random_seed(&random, seed_of(entry));
        pm_uint128 initial = (pm_uint128)words[0] << 64 | words[1];
        pm_uint128 increment = ((pm_uint128)words[2] << 64 | words[3]) << 1 | 1;
        assert_true(random.increment == increment);
        assert_true(random.state == (increment + initial) * multiplier + increment);
    }
}

static void test_pcg64(void **state)
{
    const cJSON *entry, *raw;
    cJSON_ArrayForEach(entry, vectors_at(*state, "pcg64"))
    {
        struct pm_numpy_random random;
        pm_numpy_random_seed(&random, seed_of(entry));
        assert_true(random.state == parse_wide_hex(vectors_text(entry, "state")));
        assert_true(random.increment == parse_wide_hex(vectors_text(entry, "inc")));
        cJSON_ArrayForEach(raw, vectors_at(entry, "random_raw_6"))
        {
            assert_true(pm_numpy_random_u64(&random) == parse_hex(raw->valuestring));
        }
    }
}

static void test_32_bit_draws_are_halves_low_first(void **state)
{
    (void)state;
    struct pm_numpy_random whole, halves;
    pm_numpy_random_seed(&whole, 7);
    pm_numpy_random_seed(&halves, 7);
    uint64_t first = pm_numpy_random_u64(&whole);
    assert_int_equal(pm_numpy_random_u32(&halves), (uint32_t)first);
    /* A 64-bit draw in between does not take the half that waits. */
    assert_true(pm_numpy_random_u64(&halves) == pm_numpy_random_u64(&whole));
    assert_int_equal(pm_numpy_random_u32(&halves), (uint32_t)(first >> 32));
}

static void test_random(void **state)
{
    const cJSON *entry, *value;
    cJSON_ArrayForEach(entry, vectors_at(*state, "random"))
    {
        struct pm_numpy_random random;
        pm_numpy_random_seed(&random, seed_of(entry));
        cJSON_ArrayForEach(value, vectors_at(entry, "first_6"))
        {
            assert_true(pm_numpy_random_double(&random) == strtod(value->valuestring, NULL));
        }
    }
}

static void assert_same(double ours, const char *theirs)
{
    if (ours != strtod(theirs, NULL)) {
        fail_msg("%a, but NumPy draws %s", ours, theirs);
    }
}

/* Normals from the tail and the wedges' edges go through a library's log1p. */
static void assert_close(double ours, const char *theirs)
{
    double expected = strtod(theirs, NULL);
    if (!(fabs(ours - expected) <= 5e-16 * fabs(expected))) {
        fail_msg("%a, but NumPy draws %s", ours, theirs);
    }
}

static void check_normals(const cJSON *entry, const double *draws)
{
    const cJSON *value;
    int index = 0;
    cJSON_ArrayForEach(value, vectors_at(entry, "first_12"))
    {
        assert_same(draws[index++], value->valuestring);
    }
    cJSON_ArrayForEach(value, vectors_at(entry, "at"))
    {
        assert_same(draws[atoi(value->string)], value->valuestring);
    }
    double smallest = draws[0], largest = draws[0];
    for (int i = 0; i < NORMAL_DRAWS; i++) {
        smallest = fmin(smallest, draws[i]);
        largest = fmax(largest, draws[i]);
    }
    assert_close(smallest, vectors_text(entry, "min"));
    assert_close(largest, vectors_text(entry, "max"));
}

static void test_standard_normal(void **state)
{
    static double draws[NORMAL_DRAWS];
    static float rounded[NORMAL_DRAWS];
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "standard_normal"))
    {
        struct pm_numpy_random random;
        char hash[NUMBERS_HASH_SIZE];
        pm_numpy_random_seed(&random, seed_of(entry));
        pm_numpy_random_normals(&random, NORMAL_DRAWS, draws);
        check_normals(entry, draws);
        for (int i = 0; i < NORMAL_DRAWS; i++) {
            rounded[i] = (float)draws[i];
        }
        numbers_hash(rounded, sizeof rounded, hash);
        assert_string_equal(hash, vectors_text(entry, "blake2b_256_of_float32_le"));
    }
}

static void test_one_normal_is_the_first_of_many(void **state)
{
    (void)state;
    struct pm_numpy_random one, many;
    double draws[64];
    pm_numpy_random_seed(&one, 99);
    pm_numpy_random_seed(&many, 99);
    pm_numpy_random_normals(&many, 64, draws);
    for (int i = 0; i < 64; i++) {
        assert_true(pm_numpy_random_normal(&one) == draws[i]);
    }
}

/* The tables' bits must not depend on the compiler or the machine: a change shows here. */
static void test_ziggurat_tables_are_fixed(void **state)
{
    (void)state;
    const struct pm_ziggurat *table = pm_ziggurat_normal();
    char hash[NUMBERS_HASH_SIZE];
    numbers_hash(table, sizeof *table, hash);
    assert_string_equal(hash, "1c077c6eb8e53a457b73380af319776eb73def3c53d83961b8958d3bf99db92b");
}

/* Every level has the same area, outside the tables' own recurrence. */
static void test_ziggurat_levels_have_equal_areas(void **state)
{
    (void)state;
    const struct pm_ziggurat *table = pm_ziggurat_normal();
    const double range = 4503599627370496.0;
    const double area = 0.0049286732339746519;
    for (int i = 2; i < PM_ZIGGURAT_LEVELS; i++) {
        double edge = table->width[i] * range;
        assert_true(fabs(table->density[i] - exp(-0.5 * edge * edge)) < 4e-16);
        assert_true(fabs(edge * (table->density[i - 1] - table->density[i]) / area - 1.0) < 1e-12);
        assert_true(fabs((double)table->accept[i] / range * edge - table->width[i - 1] * range) <
                    1e-15);
    }
    /* The innermost level closes at the top of the curve. */
    double edge = table->width[1] * range;
    assert_true(fabs(edge * (1.0 - table->density[1]) / area - 1.0) < 1e-12);
}

static void test_integers(void **state)
{
    const cJSON *entry, *value;
    cJSON_ArrayForEach(entry, vectors_at(*state, "integers"))
    {
        struct pm_numpy_random random;
        int index = 0;
        pm_numpy_random_seed(&random, seed_of(entry));
        cJSON_ArrayForEach(value, vectors_at(entry, "values"))
        {
            int64_t high = index++ < 8 ? INT32_MAX : 4500;
            assert_int_equal(pm_numpy_random_integer(&random, 0, high), value->valueint);
        }
        assert_int_equal(index, 12);
    }
}

static void test_integer_ranges_at_the_edges(void **state)
{
    (void)state;
    struct pm_numpy_random random, same;
    pm_numpy_random_seed(&random, 3);
    same = random;
    assert_int_equal(pm_numpy_random_integer(&random, -5, -4), -5); /* one value: nothing drawn */
    assert_true(random.state == same.state);
    int64_t whole = pm_numpy_random_integer(&random, -1, INT64_C(0xffffffff));
    assert_int_equal(whole, (int64_t)pm_numpy_random_u32(&same) - 1);
    for (int i = 0; i < 1000; i++) {
        int64_t value = pm_numpy_random_integer(&random, -3, 4);
        assert_in_range(value + 3, 0, 6);
    }
}

static void assert_values(const cJSON *expected, const uint32_t *values, uint32_t count)
{
    assert_int_equal(cJSON_GetArraySize(expected), count);
    uint32_t index = 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, expected)
    {
        assert_int_equal(values[index++], value->valueint);
    }
}

static void test_permutation(void **state)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "permutation"))
    {
        uint32_t values[512];
        struct pm_numpy_random random;
        uint32_t n = (uint32_t)numbers_at(entry, "n");
        assert_in_range(n, 1, 512);
        pm_numpy_random_seed(&random, seed_of(entry));
        pm_numpy_random_permutation(&random, n, values);
        assert_values(vectors_at(entry, "values"), values, n);
    }
}

static void test_choice(void **state)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "choice"))
    {
        uint32_t values[128];
        struct pm_numpy_random random;
        uint32_t size = (uint32_t)numbers_at(entry, "size");
        assert_int_equal(size, 128);
        pm_numpy_random_seed(&random, seed_of(entry));
        assert_true(
            pm_numpy_random_choice(&random, (uint32_t)numbers_at(entry, "pop"), size, values));
        assert_values(vectors_at(entry, "values"), values, size);
    }
}

static void check_resampled(const cJSON *entry, const uint32_t *values)
{
    enum { SIZE = 2000 };
    int64_t wide[SIZE];
    int64_t sum = 0;
    for (int i = 0; i < SIZE; i++) {
        wide[i] = values[i];
        sum += wide[i];
    }
    char hash[NUMBERS_HASH_SIZE];
    numbers_hash(wide, sizeof wide, hash);
    assert_values(vectors_at(entry, "first_16"), values, 16);
    assert_values(vectors_at(entry, "last_8"), values + SIZE - 8, 8);
    assert_int_equal(sum, (int64_t)numbers_at(entry, "sum"));
    assert_string_equal(hash, vectors_text(entry, "blake2b_256_of_int64_le"));
}

static void test_choice_resampled(void **state)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "choice_resampled"))
    {
        uint32_t values[2000];
        struct pm_numpy_random random;
        uint32_t population = (uint32_t)numbers_at(entry, "m");
        pm_numpy_random_seed(&random, seed_of(entry));
        if (cJSON_IsTrue(vectors_at(entry, "replace"))) {
            for (int i = 0; i < 2000; i++) {
                values[i] = (uint32_t)pm_numpy_random_integer(&random, 0, population);
            }
        } else {
            assert_true(pm_numpy_random_choice(&random, population, 2000, values));
        }
        check_resampled(entry, values);
    }
}

static void assert_distinct_below(const uint32_t *values, uint32_t size, uint32_t population)
{
    uint8_t *seen = calloc(population, 1);
    assert_non_null(seen);
    for (uint32_t i = 0; i < size; i++) {
        assert_true(values[i] < population);
        assert_false(seen[values[i]]);
        seen[values[i]] = 1;
    }
    free(seen);
}

/* Above 10,000, for more than a fiftieth, NumPy shuffles instead: the last draw of the permutation
 * is the last element. */
static void test_choice_from_a_large_population(void **state)
{
    (void)state;
    uint32_t values[2000];
    struct pm_numpy_random random, again;
    pm_numpy_random_seed(&random, 5);
    again = random;
    assert_true(pm_numpy_random_choice(&random, 12000, 2000, values));
    assert_distinct_below(values, 2000, 12000);
    assert_int_equal(values[1999], pm_numpy_random_integer(&again, 0, 12000));
    pm_numpy_random_seed(&random, 5);
    assert_true(pm_numpy_random_choice(&random, 10, 10, values));
    assert_distinct_below(values, 10, 10);
    assert_true(pm_numpy_random_choice(&random, 10, 0, values));
}

static void test_search_suite_seeds(void **state)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(*state, "search_suite"))
    {
        uint32_t values[32];
        struct pm_numpy_random random, inner;
        uint64_t dimension = (uint64_t)numbers_at(entry, "n_components");
        pm_numpy_random_seed(&random, seed_of(entry) + 7919 * dimension);
        for (int i = 0; i < 32; i++) {
            pm_numpy_random_seed(&inner, (uint64_t)pm_numpy_random_integer(&random, 0, INT32_MAX));
            values[i] = (uint32_t)pm_numpy_random_integer(&inner, 0, 4500);
        }
        assert_values(vectors_at(entry, "task_ids"), values, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed_sequence),
        cmocka_unit_test(test_pcg64),
        cmocka_unit_test(test_32_bit_draws_are_halves_low_first),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_standard_normal),
        cmocka_unit_test(test_one_normal_is_the_first_of_many),
        cmocka_unit_test(test_ziggurat_tables_are_fixed),
        cmocka_unit_test(test_ziggurat_levels_have_equal_areas),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_integer_ranges_at_the_edges),
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_choice_resampled),
        cmocka_unit_test(test_choice_from_a_large_population),
        cmocka_unit_test(test_search_suite_seeds),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
