#include "tests/algorithm/evolution_case.h"

#include "tests/cmocka_include.h"

#include <string.h>

#include <poolminer/dataset.h>

const char EVOLUTION_CASE_EMPTY[] = "def Predict():\n  NoOp()\n";
const char EVOLUTION_CASE_CONSTANT[] = "def Predict():\n  s0 = 1\n";
const char EVOLUTION_CASE_LINEAR[] = "def Setup():\n  s2 = 0.05\n"
                                     "def Predict():\n  s0 = dot(v0, v1)\n"
                                     "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n"
                                     "  v2 = s3 * v0\n  v1 = v1 + v2\n";

struct pm_algorithm *evolution_case_parse(const char *text, int input_dim)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), input_dim, PM_PARSE_STRICT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s\n%s", error.message, text);
    }
    return algorithm;
}

int evolution_case_set_up(void **state)
{
    static struct evolution_case the_case;
    if (!pm_dataset_synthetic(1, 600, &the_case.dataset, NULL) ||
        !pm_suite_search(the_case.dataset, PM_EDITION_FIRST2000, CASE_DIM, 0, CASE_TASKS, NULL,
                         &the_case.suite, NULL)) {
        return -1;
    }
    the_case.nothing[0] = evolution_case_parse(EVOLUTION_CASE_CONSTANT, CASE_DIM);
    the_case.nothing[1] = evolution_case_parse(EVOLUTION_CASE_EMPTY, CASE_DIM);
    the_case.linear = evolution_case_parse(EVOLUTION_CASE_LINEAR, CASE_DIM);
    *state = &the_case;
    return 0;
}

int evolution_case_tear_down(void **state)
{
    struct evolution_case *the_case = *state;
    pm_algorithm_destroy(the_case->nothing[0]);
    pm_algorithm_destroy(the_case->nothing[1]);
    pm_algorithm_destroy(the_case->linear);
    pm_suite_destroy(the_case->suite);
    pm_dataset_destroy(the_case->dataset);
    return 0;
}

struct pm_evolution_config evolution_case_config(int generations)
{
    struct pm_evolution_config config = pm_evolution_config_default();
    config.generations = generations;
    config.population = 40;
    config.budget = 6;
    return config;
}

struct pm_evolution_result evolution_case_run(const struct evolution_case *the_case,
                                              const struct pm_evolution_config *config,
                                              struct pm_algorithm *const *seeds, size_t seed_count)
{
    struct pm_evolution_result result;
    struct pm_error error = {0};
    if (!pm_evolution_run(config, (const struct pm_algorithm *const *)seeds, seed_count,
                          the_case->suite, NULL, NULL, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}
