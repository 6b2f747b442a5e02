#include "bench/evaluate.h"

#include "bench/batch.h"
#include "bench/measure.h"
#include "bench/programs.h"
#include "bench/search.h"

#include <math.h>
#include <string.h>

/* ---- the machine ---- */

/* What it does at most on one thread: the limits that the rows are compared with. */
static bool bench_machine(const struct bench *bench, struct pm_error *error)
{
    static const double LANE_BYTES = PM_LANES * sizeof(float);
    const struct pm_machine *machine = &bench->machine;
    struct bench_row row = bench_row_of(bench, "machine", "fast");
    bench_row_add(&row, "arithmetic_gflops",
                  PM_LANES * (1 / machine->multiply + 1 / machine->add) * 1e-9);
    bench_row_add(&row, "l1_read_gb_per_s", LANE_BYTES / machine->read_l1 * 1e-9);
    bench_row_add(&row, "l1_write_gb_per_s", LANE_BYTES / machine->write_l1 * 1e-9);
    bench_row_add(&row, "l2_read_gb_per_s", LANE_BYTES / machine->read_l2 * 1e-9);
    bench_row_add(&row, "input_read_gb_per_s", LANE_BYTES / machine->read_tasks * 1e-9);
    return bench_row_print(&row, bench->config->json, error);
}

/* ---- one program ---- */

struct compiled {
    const struct pm_algorithm *algorithm;
    struct pm_lane_program *program;
    bool translate;
};

static bool work_compile(struct bench *bench, void *context, struct pm_error *error)
{
    const struct compiled *compiled = context;
    if (!pm_lane_program_compile(compiled->program, compiled->algorithm, error)) {
        return false;
    }
    if (compiled->translate && bench->code != NULL) {
        pm_lane_code_reset(bench->code);
        pm_lane_program_translate(compiled->program, bench->code);
    }
    return true;
}

static bool work_fast(struct bench *bench, void *context, struct pm_error *error)
{
    const struct compiled *compiled = context;
    const struct pm_lane_request request = {.accuracy = bench->scores};
    return pm_lanes_run(bench->lanes, compiled->program, bench->suite.lanes, 0,
                        bench->suite.lanes->group_count, &request, error);
}

static double ns_per_instruction_example(double us, const struct pm_algorithm *algorithm)
{
    return us * 1e3 / (BENCH_TASKS * bench_instruction_examples(algorithm));
}

static bool bench_reference(struct bench *bench, const char *name, struct pm_algorithm *algorithm,
                            double *us, struct pm_error *error)
{
    struct bench_row row = bench_row_of(bench, name, "reference");
    if (!bench_measure(bench, bench_work_reference, algorithm, us, error)) {
        return false;
    }
    row.us_per_algorithm = *us;
    row.ns_per_instruction_example = ns_per_instruction_example(*us, algorithm);
    row.ratio_to_reference = 1;
    return bench_row_print(&row, bench->config->json, error);
}

static bool bench_fast(struct bench *bench, const char *name, const struct pm_algorithm *algorithm,
                       double reference_us, bool translate, struct pm_error *error)
{
    struct compiled compiled = {.algorithm = algorithm,
                                .program = pm_lane_program_create(bench->suite.simd_level),
                                .translate = translate};
    struct bench_row row = bench_row_of(bench, name, "fast");
    enum pm_machine_limit limit;
    if (compiled.program == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a compiled algorithm");
    }
    bool done = bench_measure(bench, work_compile, &compiled, &row.us_compile, error) &&
                bench_measure(bench, work_fast, &compiled, &row.us_per_algorithm, error);
    if (done) {
        const struct pm_lane_program_info info = pm_lane_program_info(compiled.program);
        row.machine_code = info.native[1] || info.native[2];
        row.ns_per_instruction_example =
            ns_per_instruction_example(row.us_per_algorithm, algorithm);
        row.ratio_to_reference = reference_us / row.us_per_algorithm;
        row.machine_share = bench_least_us(bench, compiled.program, &limit) / row.us_per_algorithm;
        row.limit = pm_machine_limit_name(limit);
        done = bench_row_print(&row, bench->config->json, error);
    }
    pm_lane_program_destroy(compiled.program);
    return done;
}

static bool bench_one(struct bench *bench, const char *name, size_t copies, struct pm_error *error)
{
    double reference_us = NAN;
    struct pm_algorithm *algorithm = bench_program(name, error);
    bool done =
        algorithm != NULL && bench_reference(bench, name, algorithm, &reference_us, error) &&
        bench_fast(bench, name, algorithm, reference_us, false, error) &&
        (bench->code == NULL || bench_fast(bench, name, algorithm, reference_us, true, error)) &&
        bench_copies(bench, name, algorithm, copies, reference_us, error);
    pm_algorithm_destroy(algorithm);
    return done;
}

/* ---- all ---- */

static bool is_wanted(const struct bench *bench, const char *name)
{
    return bench->config->program == NULL || strcmp(bench->config->program, name) == 0;
}

static bool run_all(struct bench *bench, struct pm_error *error)
{
    /* A batch takes 10 ms or more: to wake a thread takes a tenth of one. */
    static const struct {
        const char *name;
        size_t copies;
    } programs[] = {{"linear", 256}, {"net", 64}, {"random", 16}};
    static const struct {
        const char *name;
        bool (*measure)(const struct pm_bench_evaluate_config *config, struct pm_error *error);
    } others[] = {{"search", bench_search}, {"evolution", bench_savings}, {"tasks", bench_suite}};
    if (!bench->config->json) {
        bench_row_print_heading();
    }
    if (is_wanted(bench, "machine") && !bench_machine(bench, error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (is_wanted(bench, programs[i].name) &&
            !bench_one(bench, programs[i].name, programs[i].copies, error)) {
            return false;
        }
    }
    if (is_wanted(bench, "job_of_8") && !bench_job(bench, error)) {
        return false;
    }
    if (bench->config->algorithms > 0 && is_wanted(bench, "random_mean") &&
        !bench_random(bench, error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (is_wanted(bench, others[i].name) && !others[i].measure(bench->config, error)) {
            return false;
        }
    }
    return true;
}

bool pm_bench_evaluate(const struct pm_bench_evaluate_config *config, struct pm_error *error)
{
    struct bench bench;
    const bool done = bench_open(&bench, config, BENCH_COPIES_MAX, error) && run_all(&bench, error);
    bench_close(&bench);
    return done;
}
