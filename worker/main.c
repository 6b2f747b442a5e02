/* poolminer-worker: reads options, opens the dataset, lets the crew take jobs until told to stop.
 */
#include "worker/crew.h"
#include "worker/options.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/log.h>
#include <poolminer/options.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

static size_t allowed_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (size_t)CPU_COUNT(&set);
    }
    return (size_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* OpenMP's threads spin while they wait for each other, unless told not to before the program's
 * libraries start: on a machine that others use too, that takes several times the computation. So
 * the program tells them, and starts once more. Where that fails it goes on as it is. */
static void wait_without_spinning(char *argv[])
{
    char path[PATH_MAX];
    if (getenv("OMP_WAIT_POLICY") != NULL || setenv("OMP_WAIT_POLICY", "passive", 1) != 0) {
        return;
    }
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = '\0';
        execv(path, argv);
    }
}

/* Not being allowed to is no reason not to work. */
static void stand_back(int64_t nice_level)
{
    if (nice_level > 0 && setpriority(PRIO_PROCESS, 0, (int)nice_level) != 0) {
        pm_log(PM_LOG_WARN, "WORKER-NOT-NICE", "the priority could not be lowered to nice %lld",
               (long long)nice_level);
    }
}

/* A bar is for a person who watches, and would break up lines that a program reads. */
static bool wants_bar(const struct pm_options *options)
{
    return isatty(STDERR_FILENO) && strcmp(pm_options_text(options, "log-format"), "text") == 0;
}

static bool work(const struct pm_options *options, struct pm_workbench *bench, bool *idle,
                 struct pm_error *error)
{
    char name[PM_PROGRAM_CLIENT_NAME_SIZE];
    const int64_t threads = pm_options_integer(options, "threads");
    const char *given = pm_options_text(options, "name");
    pm_program_client_name("worker", name);
    const struct pm_crew_config config = {
        .sidecar_url = pm_options_text(options, "sidecar-url"),
        .run_id = pm_options_text(options, "run-id"),
        .name = given != NULL ? given : name,
        .workers = (size_t)pm_options_integer(options, "workers"),
        .threads = threads > 0 ? (size_t)threads : allowed_cores(),
        .bench = bench,
        .stop = pm_stop_flag(),
        .show_progress = wants_bar(options),
    };
    struct pm_job_runner_counts counts;
    pm_log(PM_LOG_INFO, "WORKER-START",
           "name=%s sidecar=%s run=%s workers=%zu threads=%zu suite=%s dataset=%s fingerprint=%s",
           config.name, config.sidecar_url, config.run_id[0] ? config.run_id : "(any)",
           config.workers, config.threads, pm_suite_edition_name(pm_workbench_edition(bench)),
           pm_options_text(options, "dataset"), pm_workbench_fingerprint(bench));
    if (!pm_crew_run(&config, &counts, idle, error)) {
        return false;
    }
    pm_log(PM_LOG_INFO, "WORKER-STOP", "done=%llu failed=%llu lost=%llu released=%llu",
           (unsigned long long)counts.done, (unsigned long long)counts.failed,
           (unsigned long long)counts.lost, (unsigned long long)counts.released);
    return true;
}

static bool run(const struct pm_options *options, struct pm_error *error)
{
    struct pm_workbench_config config = {0};
    struct pm_dataset *dataset = NULL;
    struct pm_workbench *bench = NULL;
    bool idle = true;
    stand_back(pm_options_integer(options, "nice"));
    const bool ok =
        pm_suite_edition_parse(pm_options_text(options, "suite"), &config.edition, error) &&
        pm_dataset_open(pm_options_text(options, "dataset"), &dataset, error) &&
        pm_workbench_create(dataset, &config, &bench, error) && work(options, bench, &idle, error);
    /* Its job is given back; what the thread still computes nobody waits for. */
    if (!idle) {
        _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    pm_workbench_destroy(bench);
    pm_dataset_destroy(dataset);
    return ok;
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
    wait_without_spinning(argv);
    struct pm_error error = {0};
    int status = EXIT_FAILURE;
    struct pm_options *options = pm_worker_options_create();
    if (options == NULL) {
        fputs("poolminer-worker: out of memory\n", stderr);
    } else if (pm_program_start(&program, options, argc, argv, &status) && !run(options, &error)) {
        pm_log(PM_LOG_ERROR, "WORKER-FAILED", "%s", error.message);
        status = EXIT_FAILURE;
    }
    pm_options_destroy(options);
    return pm_program_leave("poolminer-worker", status);
}
