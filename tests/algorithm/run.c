#include "tests/algorithm/run.h"

#include "tests/cmocka_include.h"

#include <math.h>
#include <string.h>

struct pm_algorithm *read_program(const char *text, int input_dim)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), input_dim, PM_PARSE_LENIENT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s\n%s", text, error.message);
    }
    return algorithm;
}

void run_task(const char *text, const struct pm_task *task, float *predictions)
{
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = read_program(text, task->input_dim);
    struct pm_executor *executor = pm_executor_create();
    assert_non_null(executor);
    if (!pm_executor_run(executor, algorithm, task, predictions, &error)) {
        fail_msg("%s", error.message);
    }
    pm_executor_destroy(executor);
    pm_algorithm_destroy(algorithm);
}

void assert_run(const char *text, float prediction)
{
    float feature = 0, label = 0, found;
    run_task(text,
             &(struct pm_task){
                 .input_dim = 1, .validation_count = 1, .features = &feature, .labels = &label},
             &found);
    if (!same_float(found, prediction)) {
        fail_msg("%s\nis %.9g, not %.9g", text, (double)found, (double)prediction);
    }
}

bool same_float(float a, float b)
{
    uint32_t a_bits, b_bits;
    memcpy(&a_bits, &a, sizeof a_bits);
    memcpy(&b_bits, &b, sizeof b_bits);
    return (isnan(a) && isnan(b)) || a_bits == b_bits;
}
