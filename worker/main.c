/* poolminer-worker: reads options, opens the dataset, computes jobs until asked to stop. */
#include "worker/slots.h"
#include "worker/workbench.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/dataset.h>
#include <poolminer/log.h>
#include <poolminer/options.h>
#include <poolminer/stop.h>

enum { EXIT_USAGE = 2, NAME_SIZE = 128 };

static const struct pm_option OPTIONS[] = {
    {.name = "sidecar-url",
     .environment = "POOLMINER_SIDECAR_URL",
     .type = PM_OPTION_TEXT,
     .default_value = "tcp://127.0.0.1:8123",
     .argument = "URL",
     .help = "Take jobs from the sidecar at this address."},
    {.name = "run-id",
     .environment = "POOLMINER_RUN_ID",
     .type = PM_OPTION_TEXT,
     .default_value = "",
     .argument = "ID",
     .help = "Take jobs of this run only; empty: of any run."},
    {.name = "workers",
     .environment = "POOLMINER_WORKERS",
     .type = PM_OPTION_INTEGER,
     .default_value = "1",
     .minimum = 1,
     .maximum = PM_SLOTS_MAX,
     .argument = "N",
     .help = "Compute this many jobs at once."},
    {.name = "threads",
     .environment = "POOLMINER_THREADS",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 1024,
     .argument = "N",
     .help = "Use this many threads over all jobs; 0: one for each core this process may use."},
    {.name = "dataset",
     .environment = "POOLMINER_DATASET",
     .type = PM_OPTION_TEXT,
     .default_value = "synthetic",
     .argument = "NAME",
     .help = "Score on this dataset: synthetic, synthetic:COUNT, an imported name, or a file."},
    {.name = "suite",
     .environment = "POOLMINER_SUITE",
     .type = PM_OPTION_TEXT,
     .default_value = "first2000",
     .argument = "EDITION",
     .help = "Score on this edition of the task suites: first2000 or resampled."},
    {.name = "name",
     .type = PM_OPTION_TEXT,
     .argument = "NAME",
     .help = "Be shown under this name; worker-HOST-PID when not given."},
    {.name = "nice",
     .environment = "POOLMINER_NICE",
     .type = PM_OPTION_INTEGER,
     .default_value = "10",
     .minimum = 0,
     .maximum = 19,
     .argument = "N",
     .help = "Give way to other programs: 0 not at all, 19 to all of them."},
    {.name = "log-level",
     .environment = "POOLMINER_LOG_LEVEL",
     .type = PM_OPTION_TEXT,
     .default_value = "info",
     .argument = "LEVEL",
     .help = "debug, info, warn or error."},
    {.name = "log-format",
     .environment = "POOLMINER_LOG_FORMAT",
     .type = PM_OPTION_TEXT,
     .default_value = "text",
     .argument = "FORMAT",
     .help = "text or json."},
};

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

/* The cores that this process may use, which a container or taskset may have narrowed. */
static size_t allowed_cores(void)
{
    cpu_set_t set;
    const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (size_t)count : 1;
}

/* "worker-HOST-PID", in the characters that the sidecar takes. */
static void default_name(char out[NAME_SIZE])
{
    char host[64] = "localhost";
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c != '\0'; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                           (*c >= '0' && *c <= '9') || *c == '.' || *c == '-';
        *c = plain ? *c : '-';
    }
    snprintf(out, NAME_SIZE, "worker-%s-%ld", host, (long)getpid());
}

static void be_nice(int64_t nice_value)
{
    if (nice_value > 0 && setpriority(PRIO_PROCESS, 0, (int)nice_value) != 0)
        pm_log(PM_LOG_WARN, "WORKER-NICE", "the system does not let the worker be nicer");
}

static bool compute_jobs(const struct pm_options *options, struct pm_workbench *bench,
                         struct pm_error *error)
{
    char name[NAME_SIZE];
    default_name(name);
    const char *given = pm_options_text(options, "name");
    const int64_t threads = pm_options_integer(options, "threads");
    const struct pm_slots_config config = {
        .sidecar_url = pm_options_text(options, "sidecar-url"),
        .run_id = pm_options_text(options, "run-id"),
        .name = given ? given : name,
        .bench = bench,
        .slots = (size_t)pm_options_integer(options, "workers"),
        .threads = threads > 0 ? (size_t)threads : allowed_cores(),
        .show_progress = isatty(STDERR_FILENO) == 1,
        .stop = pm_stop_flag(),
    };
    pm_log(PM_LOG_INFO, "WORKER-READY", "name=%s sidecar=%s run=%s jobs=%zu threads=%zu dataset=%s",
           config.name, config.sidecar_url, config.run_id[0] ? config.run_id : "any", config.slots,
           config.threads, pm_workbench_fingerprint(bench));
    return pm_slots_run(&config, error);
}

static bool run(const struct pm_options *options, struct pm_error *error)
{
    struct pm_workbench_config config = {0};
    struct pm_dataset *dataset = NULL;
    struct pm_workbench *bench = NULL;
    if (!pm_suite_edition_parse(pm_options_text(options, "suite"), &config.edition, error) ||
        !pm_dataset_open(pm_options_text(options, "dataset"), &dataset, error))
        return false;
    const bool done =
        pm_workbench_create(dataset, &config, &bench, error) && compute_jobs(options, bench, error);
    if (bench)
        pm_workbench_destroy(bench);
    pm_dataset_destroy(dataset);
    return done;
}

int main(int argc, char *argv[])
{
    struct pm_error error = {0};
    struct pm_options *options = pm_options_create(OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0]);
    if (!options || !pm_options_load_environment(options, &error) ||
        !pm_options_load_arguments(options, argc, argv, &error)) {
        fprintf(stderr, "poolminer-worker: %s\n", options ? error.message : "out of memory");
        pm_options_destroy(options);
        return EXIT_USAGE;
    }
    if (pm_options_help(options) || pm_options_version(options)) {
        if (pm_options_help(options))
            pm_options_print_help(options, "poolminer-worker [OPTIONS]",
                                  "Evaluates and evolves algorithms for the sidecar's queue.");
        else
            printf("poolminer-worker %s\n", PM_VERSION);
        pm_options_destroy(options);
        return 0;
    }
    bool done = start_log(options, &error);
    if (done && pm_options_positional_count(options) > 0)
        done = pm_fail(&error, PM_ERROR_INVALID, "%s: not an option; see --help",
                       pm_options_positional(options, 0));
    if (done) {
        pm_stop_install();
        be_nice(pm_options_integer(options, "nice"));
        done = run(options, &error);
    }
    if (!done)
        pm_log(PM_LOG_ERROR, "WORKER-FAILED", "%s", error.message);
    pm_options_destroy(options);
    return done ? 0 : 1;
}
