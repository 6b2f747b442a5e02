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
#include <poolminer/stop.h>

enum { NAME_SIZE = 128 };

static size_t allowed_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (size_t)CPU_COUNT(&set);
    return (size_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* "worker-HOST-PID", of the characters that the sidecar allows in a name. */
static void default_name(char out[NAME_SIZE])
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        strcpy(host, "host");
    for (char *c = host; *c; c++) {
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", *c))
            *c = '-';
    }
    snprintf(out, NAME_SIZE, "worker-%.64s-%d", host, (int)getpid());
}

static bool start_log(const struct pm_options *options, struct pm_error *error)
{
    enum pm_log_level level;
    enum pm_log_format format;
    if (!pm_log_level_parse(pm_options_text(options, "log-level"), &level, error) ||
        !pm_log_format_parse(pm_options_text(options, "log-format"), &format, error))
        return false;
    pm_log_init("worker", level, format);
    return true;
}

/* Not being allowed to is no reason not to work. */
static void stand_back(int64_t nice_level)
{
    if (nice_level > 0 && setpriority(PRIO_PROCESS, 0, (int)nice_level) != 0)
        pm_log(PM_LOG_WARN, "WORKER-NOT-NICE", "the priority could not be lowered to nice %lld",
               (long long)nice_level);
}

/* A bar is for a person who watches, and would break up lines that a program reads. */
static bool wants_bar(const struct pm_options *options)
{
    return isatty(STDERR_FILENO) && strcmp(pm_options_text(options, "log-format"), "text") == 0;
}

static bool work(const struct pm_options *options, struct pm_workbench *bench, bool *idle,
                 struct pm_error *error)
{
    char name[NAME_SIZE];
    const int64_t threads = pm_options_integer(options, "threads");
    const char *given = pm_options_text(options, "name");
    default_name(name);
    const struct pm_crew_config config = {
        .sidecar_url = pm_options_text(options, "sidecar-url"),
        .run_id = pm_options_text(options, "run-id"),
        .name = given ? given : name,
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
    if (!pm_crew_run(&config, &counts, idle, error))
        return false;
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
    if (!idle)
        _exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
    pm_workbench_destroy(bench);
    pm_dataset_destroy(dataset);
    return ok;
}

static bool read_options(struct pm_options *options, int argc, char *argv[], struct pm_error *error)
{
    if (!pm_options_load_environment(options, error) ||
        !pm_options_load_arguments(options, argc, argv, error))
        return false;
    if (pm_options_positional_count(options) > 0)
        return pm_fail(error, PM_ERROR_INVALID, "unexpected argument \"%.100s\"",
                       pm_options_positional(options, 0));
    return start_log(options, error);
}

int main(int argc, char *argv[])
{
    struct pm_error error = {0};
    int status = EXIT_SUCCESS;
    struct pm_options *options = pm_worker_options_create();
    if (!options) {
        fputs("poolminer-worker: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    pm_stop_install();
    if (!read_options(options, argc, argv, &error)) {
        fprintf(stderr, "poolminer-worker: %s\n", error.message);
        status = 2;
    } else if (pm_options_help(options)) {
        pm_options_print_help(options, "poolminer-worker [OPTION]...",
                              "Takes jobs from the sidecar, evaluates and evolves algorithms, and "
                              "sends the results back.");
    } else if (pm_options_version(options)) {
        puts("poolminer-worker " PM_VERSION);
    } else if (!run(options, &error)) {
        pm_log(PM_LOG_ERROR, "WORKER-FAILED", "%s", error.message);
        status = EXIT_FAILURE;
    }
    pm_options_destroy(options);
    return status;
}
