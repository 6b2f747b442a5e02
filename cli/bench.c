/* poolminer bench: how fast things go on this machine. */
#include "cli/bench_evaluate.h"
#include "cli/verb.h"

#include <omp.h>
#include <string.h>

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    const size_t count = pm_options_positional_count(options);
    const char *what = count == 1 ? pm_options_positional(options, 0) : "";
    if (strcmp(what, "evaluate") != 0) {
        pm_fail(&error, PM_ERROR_INVALID, "bench: say what to measure: poolminer bench evaluate");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    int64_t threads = pm_options_integer(options, "threads");
    const struct bench_evaluate_config config = {
        .json = pm_options_flag(options, "json"),
        .program = pm_options_text(options, "program"),
        .threads = threads > 0 ? (int)threads : omp_get_num_procs(),
        .algorithms = (size_t)pm_options_integer(options, "algorithms"),
    };
    return bench_evaluate(&config, &error) ? EXIT_DONE : verb_fail(&error);
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
};

const struct verb verb_bench = {
    .name = "bench",
    .summary = "Measures how fast this machine evaluates algorithms.",
    .usage = "poolminer bench evaluate [--json] [OPTION]...",
    .purpose = "Evaluates known programs on 128 tasks of 200 training and 200 validation examples "
               "with 16 inputs,\nwith the reference executor and the fast one, and says what the "
               "machine could do at most.\nWhat the columns mean: docs/performance.md.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
