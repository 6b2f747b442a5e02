/* poolminer-worker: reads options, connects, opens the dataset, lets the crew take jobs until told
 * to stop. */
#include "worker/crew.h"
#include "worker/options.h"
#include "worker/plan.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/job.h>
#include <poolminer/log.h>
#include <poolminer/log_forward.h>
#include <poolminer/options.h>
#include <poolminer/program.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>
#include <poolminer/threads.h>
#include <poolminer/wire.h>

/* A bar is for a person who watches, and would break up lines that a program reads. */
static bool wants_bar(const struct pm_options *options)
{
    return pm_options_flag(options, "bar") && isatty(STDERR_FILENO) &&
           strcmp(pm_options_text(options, "log-format"), "text") == 0;
}

/* Building the suite that most jobs need tells now, rather than at each job, that the dataset will
 * not do. Its threads do not wait for more work: jobs have theirs. */
static bool try_dataset(struct pm_workbench *bench, const char *dataset, size_t threads,
                        struct pm_error *error)
{
    const struct pm_until until = {.stop = pm_stop_flag()};
    const struct pm_suite *suite;
    omp_set_num_threads((int)threads);
    if (!pm_workbench_get(bench, PM_BENCH_EVALUATION, PM_JOB_INPUT_DIM_DEFAULT, &until, &suite,
                          error)) {
        return error->code == PM_ERROR_INTERRUPTED
                   ? pm_stop_requested()
                   : pm_fail_context(error, "no tasks can be made of --dataset %s", dataset);
    }
    pm_workbench_put(bench, suite);
    omp_pause_resource_all(omp_pause_hard);
    return true;
}

static bool connect_crew(const struct pm_options *options, const char *name, struct pm_crew **out,
                         struct pm_error *error)
{
    const struct pm_crew_config config = {
        .sidecar_urls = pm_options_list(options, "sidecar-url"),
        .key_file = pm_options_text(options, "key-file"),
        .name = name,
        .workers = (size_t)pm_options_integer(options, "workers"),
    };
    return pm_crew_create(&config, out, error);
}

static bool work(const struct pm_options *options, const char *name,
                 const struct pm_governor_config *governor, struct pm_workbench *bench,
                 struct pm_crew *crew, bool *idle, struct pm_error *error)
{
    const size_t threads = (size_t)governor->plan.threads;
    const char *dataset = pm_options_text(options, "dataset");
    const struct pm_crew_work work = {
        .run_id = pm_options_text(options, "run-id"),
        .threads = threads,
        .governor = *governor,
        .bench = bench,
        .checkpoint_interval_ms = pm_options_integer(options, "checkpoint-ms"),
        .stop = pm_stop_flag(),
        .show_progress = wants_bar(options),
    };
    struct pm_job_runner_counts counts;
    pm_log(PM_LOG_INFO, "WORKER-START",
           "name=%s sidecar=%s run=%s workers=%zu threads=%zu suite=%s dataset=%s fingerprint=%s",
           name, pm_options_repeat(options, "sidecar-url", 0),
           work.run_id[0] ? work.run_id : "(any)", (size_t)pm_options_integer(options, "workers"),
           threads, pm_suite_edition_name(pm_workbench_edition(bench)), dataset,
           pm_workbench_fingerprint(bench));
    pm_plan_log(governor, pm_options_integer(options, "nice"));
    if (!try_dataset(bench, dataset, threads, error) ||
        !pm_crew_run(crew, &work, &counts, idle, error)) {
        return false;
    }
    pm_log(PM_LOG_INFO, "WORKER-STOP", "done=%llu failed=%llu lost=%llu released=%llu", counts.done,
           counts.failed, counts.lost, counts.released);
    return true;
}

/* What the sidecar would refuse is better said before a dataset is opened. */
static bool check_names(const struct pm_options *options, struct pm_error *error)
{
    char identity[PM_WIRE_ROUTING_ID_MAX + 1];
    const char *name = pm_options_text(options, "name");
    const char *run_id = pm_options_text(options, "run-id");
    return (name == NULL || pm_wire_identity_encode("worker", name, 0, identity, error) > 0) &&
           (run_id[0] == '\0' || pm_queue_check_run_id(run_id, error));
}

/* All that computes stands back; what was connected before does not. */
static bool run(const struct pm_options *options, struct pm_error *error)
{
    char own_name[PM_PROGRAM_CLIENT_NAME_SIZE];
    const char *given = pm_options_text(options, "name");
    const char *name = given != NULL ? given : own_name;
    struct pm_workbench_config config = {0};
    struct pm_governor_config governor;
    struct pm_dataset *dataset = NULL;
    struct pm_workbench *bench = NULL;
    struct pm_crew *crew = NULL;
    bool idle = true;
    pm_program_client_name("worker", own_name);
    if (!check_names(options, error) ||
        !pm_suite_edition_parse(pm_options_text(options, "suite"), &config.edition, error) ||
        !pm_plan_make(options, &governor, error) || !connect_crew(options, name, &crew, error)) {
        return false;
    }
    pm_plan_stand_back(pm_options_integer(options, "nice"));
    const bool ok = pm_dataset_open(pm_options_text(options, "dataset"), &dataset, error) &&
                    pm_workbench_create(dataset, &config, &bench, error) &&
                    work(options, name, &governor, bench, crew, &idle, error);
    /* Its job is given back; what the thread still computes nobody waits for. */
    if (!idle) {
        _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    pm_crew_destroy(crew);
    pm_workbench_destroy(bench);
    pm_dataset_destroy(dataset);
    return ok;
}

/* What the sidecar shows of the log. */
static struct pm_log_forward *forward_log(const struct pm_options *options)
{
    const struct pm_log_forward_config config = {.sidecar_urls =
                                                     pm_options_list(options, "sidecar-url"),
                                                 .key_file = pm_options_text(options, "key-file"),
                                                 .program = "worker"};
    return pm_log_forward_create(&config);
}

int main(int argc, char *argv[])
{
    static const struct pm_program program = {
        .name = "poolminer-worker",
        .log_name = "worker",
        .usage = "poolminer-worker [OPTION]...",
        .purpose = "Takes jobs from the sidecar, evaluates and evolves algorithms, and sends the "
                   "results back.",
    };
    pm_threads_wait_asleep(argv);
    struct pm_error error = {0};
    int status = EXIT_FAILURE;
    struct pm_options *options = pm_worker_options_create();
    if (options == NULL) {
        fputs("poolminer-worker: out of memory\n", stderr);
    } else if (pm_program_start(&program, options, argc, argv, &status)) {
        struct pm_log_forward *forward = forward_log(options);
        if (!run(options, &error)) {
            pm_log(PM_LOG_ERROR, "WORKER-FAILED", "%s", error.message);
            status = error.code == PM_ERROR_INVALID ? PM_EXIT_USAGE : EXIT_FAILURE;
        }
        pm_log_forward_destroy(forward);
    }
    pm_options_destroy(options);
    return pm_program_leave("poolminer-worker", status);
}
