/* poolminer bench: how fast things go on this machine. */
#include "cli/bench_evaluate.h"
#include "cli/bench_queue.h"
#include "cli/verb.h"

#include <omp.h>
#include <string.h>

static int run_queue(const struct pm_options *options)
{
    struct pm_error error = {0};
    const struct bench_queue_config config = {
        .json = pm_options_flag(options, "json"),
        .clients = (size_t)pm_options_integer(options, "clients"),
        .payload = (size_t)pm_options_integer(options, "payload"),
        .backlog = (size_t)pm_options_integer(options, "backlog"),
        .seconds = pm_options_number(options, "seconds"),
    };
    return bench_queue(&config, &error) ? EXIT_DONE : verb_fail(&error);
}

static int run_evaluate(const struct pm_options *options)
{
    struct pm_error error = {0};
    int64_t threads = pm_options_integer(options, "threads");
    const struct bench_evaluate_config config = {
        .json = pm_options_flag(options, "json"),
        .program = pm_options_text(options, "program"),
        .threads = threads > 0 ? (int)threads : omp_get_num_procs(),
        .algorithms = (size_t)pm_options_integer(options, "algorithms"),
    };
    return bench_evaluate(&config, &error) ? EXIT_DONE : verb_fail(&error);
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    const size_t count = pm_options_positional_count(options);
    const char *what = count == 1 ? pm_options_positional(options, 0) : "";
    if (strcmp(what, "evaluate") == 0) {
        return run_evaluate(options);
    }
    if (strcmp(what, "queue") == 0) {
        return run_queue(options);
    }
    pm_fail(&error, PM_ERROR_INVALID,
            "bench: say what to measure: poolminer bench evaluate, or poolminer bench queue");
    verb_fail(&error);
    return EXIT_USAGE;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One JSON object a row."},
    {.name = "program",
     .type = PM_OPTION_TEXT,
     .choices = "linear|net|random|job_of_8|random_mean",
     .argument = "NAME",
     .help = "Measure this one only."},
    {.name = "threads",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 1024,
     .argument = "N",
     .help = "Threads to use at most; 0: one for each processor."},
    {.name = "algorithms",
     .type = PM_OPTION_INTEGER,
     .default_value = "1000",
     .minimum = 0,
     .maximum = 100000,
     .argument = "N",
     .help = "How many random algorithms to take the mean over; 0: leave that out."},
    {.name = "clients",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 1000,
     .argument = "N",
     .help = "queue: measure with this many clients only; 0: with 1, 4, 16 and 64."},
    {.name = "payload",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 1048576,
     .argument = "BYTES",
     .help = "queue: measure with jobs of this size only; 0: with 1 and 16 KiB."},
    {.name = "backlog",
     .type = PM_OPTION_INTEGER,
     .default_value = "10000",
     .minimum = 1,
     .maximum = 2000000,
     .argument = "N",
     .help = "queue: measure memory and the time of a lease with this many jobs queued."},
    {.name = "seconds",
     .type = PM_OPTION_NUMBER,
     .default_value = "1",
     .minimum = 0.01,
     .maximum = 3600,
     .argument = "S",
     .help = "queue: take so long for each figure."},
};

const struct verb verb_bench = {
    .name = "bench",
    .summary = "Measures how fast this machine evaluates algorithms, or queues jobs.",
    .usage = "poolminer bench evaluate|queue [--json] [OPTION]...",
    .purpose = "evaluate: known programs on 128 tasks of 200 training and 200 validation examples "
               "with 16 inputs,\nwith the reference executor and the fast one, and what the "
               "machine could do at most.\nqueue: jobs through a sidecar of its own, and through "
               "beanstalkd where that is installed,\nwith their stores below $TMPDIR. What the "
               "columns mean: docs/performance.md.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
