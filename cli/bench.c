/* poolminer bench: how fast things go on this machine, and how good what is found. */
#include "cli/cores.h"
#include "cli/score_input.h"
#include "cli/verb.h"

#include <string.h>

#include <poolminer/bench.h>
#include <poolminer/evolution.h>
#include <poolminer/stop.h>

enum { INPUT_DIM = 16 };

static bool queue(const struct pm_options *options, struct pm_error *error)
{
    const struct pm_bench_queue_config config = {
        .json = pm_options_flag(options, "json"),
        .clients = (size_t)pm_options_integer(options, "clients"),
        .payload = (size_t)pm_options_integer(options, "payload"),
        .window = (size_t)pm_options_integer(options, "window"),
        .backlog = (size_t)pm_options_integer(options, "backlog"),
        .seconds = pm_options_number(options, "seconds"),
    };
    return pm_bench_queue(&config, error);
}

static bool pool(const struct pm_options *options, struct pm_error *error)
{
    const struct pm_bench_pool_config config = {
        .json = pm_options_flag(options, "json"),
        .store = pm_options_text(options, "store"),
        .miners = (size_t)pm_options_integer(options, "miners"),
        .threads = cores_use(pm_options_integer(options, "threads")),
        .seconds = pm_options_number(options, "seconds"),
    };
    return pm_bench_pool(&config, error);
}

static bool evaluate(const struct pm_options *options, struct pm_error *error)
{
    const struct pm_bench_evaluate_config config = {
        .json = pm_options_flag(options, "json"),
        .program = pm_options_text(options, "program"),
        .threads = cores_use(pm_options_integer(options, "threads")),
        .algorithms = (size_t)pm_options_integer(options, "algorithms"),
    };
    return pm_bench_evaluate(&config, error);
}

static bool evolve(const struct pm_options *options, struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    struct pm_suite *evaluation = NULL;
    if (!open_suite(options, INPUT_DIM, 0, NULL, &dataset, &evaluation, error)) {
        return false;
    }
    const struct pm_bench_evolve_config config = {
        .json = pm_options_flag(options, "json"),
        .engines = pm_options_text(options, "engines"),
        .starts = pm_options_text(options, "starts"),
        .profile = pm_options_text(options, "profile"),
        .runs = pm_options_integer(options, "runs"),
        .first_seed = pm_options_integer(options, "first-seed"),
        .generations = pm_options_integer(options, "generations"),
        .population = pm_options_integer(options, "population"),
        .cpu_seconds = pm_options_number(options, "cpu-seconds"),
        .idioms = pm_options_number(options, "idioms"),
        .log = pm_options_text(options, "log"),
        .dataset = dataset,
        .evaluation = evaluation,
    };
    pm_stop_install();
    const bool done = pm_bench_evolve(&config, error);
    pm_suite_destroy(evaluation);
    pm_dataset_destroy(dataset);
    return done;
}

static int run(const struct pm_options *options)
{
    static const struct {
        const char *name;
        bool (*measure)(const struct pm_options *options, struct pm_error *error);
    } SUBJECTS[] = {{"evaluate", evaluate}, {"queue", queue}, {"evolve", evolve}, {"pool", pool}};
    struct pm_error error = {0};
    const size_t count = pm_options_positional_count(options);
    const char *what = count == 1 ? pm_options_positional(options, 0) : "";
    for (size_t i = 0; i < sizeof SUBJECTS / sizeof *SUBJECTS; i++) {
        if (strcmp(SUBJECTS[i].name, what) == 0) {
            return SUBJECTS[i].measure(options, &error) ? EXIT_DONE : verb_fail(&error);
        }
    }
    pm_fail(&error, PM_ERROR_INVALID,
            "bench: say what to measure: poolminer bench evaluate, queue, pool or evolve");
    verb_fail(&error);
    return EXIT_USAGE;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One JSON object a row."},
    {.name = "program",
     .type = PM_OPTION_TEXT,
     .choices = "machine|linear|net|random|job_of_8|random_mean|search|evolution|tasks",
     .argument = "NAME",
     .help = "evaluate: measure this one only."},
    {.name = "algorithms",
     .type = PM_OPTION_INTEGER,
     .default_value = "1000",
     .minimum = 0,
     .maximum = 100000,
     .argument = "N",
     .help = "evaluate: how many random algorithms to take the mean over; 0: leave that out."},
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
    {.name = "window",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 100,
     .argument = "N",
     .help = "queue: each client has this many requests under way; 0: one, and at the end 16."},
    {.name = "backlog",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 2000000,
     .argument = "N",
     .help = "queue: measure memory and the time of a lease with this many jobs queued; 0: with "
             "10,000 and with 1,000,000."},
    {.name = "seconds",
     .type = PM_OPTION_NUMBER,
     .default_value = "1",
     .minimum = 0.01,
     .maximum = 3600,
     .argument = "S",
     .help = "queue, pool: take so long for each figure."},
    {.name = "miners",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 10000,
     .argument = "N",
     .help = "pool: measure with this many miners only; 0: with 10, 100 and 1000."},
    {.name = "store",
     .type = PM_OPTION_TEXT,
     .argument = "sqlite|postgresql|URL",
     .help = "pool: measure with this store only. postgresql: a server started for it; a URL names "
             "one that runs, whose database keeps what is written."},
    {.name = "engines",
     .type = PM_OPTION_TEXT,
     .default_value = "islands,regularized,archive",
     .argument = "NAMES",
     .help = "evolve: which engines, separated by commas."},
    {.name = "starts",
     .type = PM_OPTION_TEXT,
     .default_value = "nothing,mediocre",
     .argument = "NAMES",
     .help = "evolve: from a constant predictor and an empty program (nothing), from two linear "
             "models (mediocre), or from both, separated by a comma."},
    {.name = "runs",
     .type = PM_OPTION_INTEGER,
     .default_value = "20",
     .minimum = 1,
     .maximum = PM_BENCH_SERIES_MAX,
     .argument = "N",
     .help = "evolve: runs of each engine from each start, every one with a seed of its own."},
    {.name = "first-seed",
     .type = PM_OPTION_INTEGER,
     .default_value = "1",
     .minimum = 0,
     .maximum = 1000000000,
     .argument = "N",
     .help = "evolve: the seed of the first run; the next has the next."},
    {.name = "population",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = PM_EVOLUTION_POPULATION_MAX,
     .argument = "N",
     .help = "evolve: candidates in a generation; 0: the engine's own number."},
    {.name = "cpu-seconds",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 86400,
     .argument = "N",
     .help = "evolve: processor time that a run may take, whatever its --generations; 0: no "
             "limit. Looked at between generations."},
    {.name = "idioms",
     .type = PM_OPTION_NUMBER,
     .default_value = "-1",
     .minimum = -1,
     .maximum = 1,
     .argument = "SHARE",
     .help = "evolve: how many of the mutations insert an idiom; -1: as usual, 0: none."},
    {.name = "log",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "evolve: keeps finished runs there; those found in it are not done again."},
};

const struct verb verb_bench = {
    .name = "bench",
    .summary = "Measures how fast this machine evaluates and queues, and what evolution finds.",
    .usage = "poolminer bench evaluate|queue|pool|evolve [--json] [OPTION]...",
    .purpose = "evaluate: known programs on 128 tasks of 200 training and 200 validation examples "
               "with 16 inputs,\nwith the reference executor and the fast one, and what the "
               "machine could do at most.\nWhat the columns mean: docs/performance.md.\n"
               "queue: jobs through a sidecar of its own, and through beanstalkd where that is "
               "installed,\nwith their stores below $TMPDIR. What the columns mean: "
               "docs/queue-speed.md.\nevolve: runs of the engines of evolution from "
               "given seeds, each scored on the evaluation suite,\nand hand-written algorithms "
               "beside them. What the rows mean: docs/evolution.md.",
    .uses = USE_COMPUTE | USE_EVOLVE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
