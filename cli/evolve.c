/* poolminer evolve: an evolution on this machine, from algorithm files to the best text found. */
#include "cli/evolve.h"

#include "cli/score_input.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/stop.h>
#include <poolminer/suite.h>

/* The search suite of the miners' own choosing is the same one that workers use. */
enum { SEARCH_SUITE_SEED = 0 };
/* Of so many the final choice is made, by their scores on the evaluation suite. */
enum { FINALISTS = 16 };
/* For the choice, after the time is over. */
enum { CHOICE_MOMENT_MS = 600 };

static void show_progress(int64_t *shown_ms, const struct pm_evolution_progress *progress)
{
    bool terminal = isatty(STDERR_FILENO);
    int64_t now_ms = pm_clock_monotonic_ms();
    bool last = progress->generation == progress->generations;
    if (!last && now_ms - *shown_ms < (terminal ? 200 : 5000)) {
        return;
    }
    *shown_ms = now_ms;
    const double rate =
        progress->seconds > 0 ? (double)progress->candidates / progress->seconds : 0.0;
    const double hits = progress->candidates > 0
                            ? 100.0 * (double)progress->cache_hits / (double)progress->candidates
                            : 0.0;
    fprintf(stderr,
            "%sgeneration %d of %d, best %.4f, mean %.4f, %" PRIu64
            " candidates, %.0f a second, %.0f %% cached, %.0f s%s",
            terminal ? "\r\x1b[K" : "", progress->generation, progress->generations, progress->best,
            progress->mean, progress->candidates, rate, hits, progress->seconds,
            terminal && !last ? "" : "\n");
}

static bool observe(void *context, const struct pm_evolution_progress *progress)
{
    struct evolution *evolution = context;
    const bool failed = evolution->trace_error.code != PM_ERROR_NONE;
    show_progress(&evolution->shown_ms, progress);
    evolve_trace_add(&evolution->trace, progress, failed ? NULL : &evolution->trace_error);
    return true;
}

static bool read_seeds(const struct pm_options *options, int input_dim, struct evolution *evolution,
                       struct pm_error *error)
{
    size_t count = pm_options_repeat_count(options, "seed-algorithm");
    if (count > PM_EVOLUTION_SEEDS_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "evolve: %zu seeds, at most %d are allowed", count,
                       PM_EVOLUTION_SEEDS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_algorithm(pm_options_repeat(options, "seed-algorithm", i), input_dim,
                            &evolution->seeds[i], error)) {
            return false;
        }
        evolution->seed_names[i] = pm_options_repeat(options, "seed-algorithm", i);
        evolution->seed_count++;
    }
    return true;
}

static bool choose_seed(const struct pm_options *options, uint64_t *seed, struct pm_error *error)
{
    if (strcmp(pm_options_source(options, "seed"), "unset") != 0) {
        *seed = (uint64_t)pm_options_integer(options, "seed");
        return true;
    }
    if (getrandom(seed, sizeof *seed, 0) != (ssize_t)sizeof *seed) {
        return pm_fail(error, PM_ERROR_IO, "evolve: no random seed; give one with --seed");
    }
    *seed >>= 11; /* so that JSON can say it exactly */
    return true;
}

static bool prepare(const struct pm_options *options, struct evolution *evolution,
                    struct pm_error *error)
{
    int input_dim = (int)pm_options_integer(options, "input-dim");
    int64_t max_seconds = pm_options_integer(options, "max-seconds");
    struct pm_evolution_config *config = &evolution->config;
    *config = pm_evolution_config_default();
    config->engine = pm_options_text(options, "engine");
    config->profile = pm_options_text(options, "profile");
    config->generations = (int)pm_options_integer(options, "generations");
    config->population = (int)pm_options_integer(options, "population");
    config->budget = FINALISTS;
    config->deadline_ms = max_seconds > 0 ? pm_clock_unix_ms() + max_seconds * 1000 : 0;
    config->stop = pm_stop_flag();
    const struct pm_until until = {.deadline_ms = config->deadline_ms};
    if (!read_seeds(options, input_dim, evolution, error) ||
        !choose_seed(options, &config->seed, error)) {
        return false;
    }
    const bool built =
        open_suite(options, input_dim, 0, &until, &evolution->dataset, &evolution->evaluation_suite,
                   error) &&
        pm_suite_search(evolution->dataset, evolution->evaluation_suite->edition, input_dim,
                        SEARCH_SUITE_SEED, 0, &until, &evolution->search_suite, error);
    if (!built && error->code == PM_ERROR_INTERRUPTED) {
        pm_fail(error, PM_ERROR_INTERRUPTED,
                "evolve: --max-seconds %lld were over before the tasks were built; allow more",
                (long long)max_seconds);
    }
    return built;
}

/* The final choice, on the evaluation suite. When the time is over a moment is left for it; where
 * that is not enough, the search's own first remains. */
static bool choose(struct evolution *evolution, struct pm_error *error)
{
    const struct pm_until until = {.stop = evolution->config.stop,
                                   .deadline_ms = evolution->config.deadline_ms};
    const struct pm_suite *suite = evolution->evaluation_suite;
    if (!pm_until_over(&until) &&
        pm_evolution_choose(&evolution->result, suite, 1, &until, error)) {
        return true;
    }
    if (!pm_until_over(&until)) {
        return false;
    }
    const struct pm_until moment = {.deadline_ms = pm_clock_unix_ms() + CHOICE_MOMENT_MS};
    return pm_evolution_choose(&evolution->result, suite, 1, &moment, error) ||
           error->code == PM_ERROR_INTERRUPTED;
}

static bool search(struct evolution *evolution, struct pm_error *error)
{
    int64_t started_ms = pm_clock_monotonic_ms();
    evolution->shown_ms = started_ms;
    bool done =
        pm_evolution_run(&evolution->config, (const struct pm_algorithm *const *)evolution->seeds,
                         evolution->seed_count, evolution->search_suite, observe, evolution,
                         &evolution->result, error);
    done = done && choose(evolution, error);
    evolution->seconds = (double)(pm_clock_monotonic_ms() - started_ms) / 1000;
    return done;
}

static bool draw(const struct evolution *evolution, const struct evolve_comparison *comparison,
                 const char *path, struct pm_error *error)
{
    const double score = comparison->items[comparison->best].score;
    char title[128], reached[64] = "";
    if (!isnan(score)) {
        snprintf(reached, sizeof reached, ": %.4f on the evaluation suite", score);
    }
    snprintf(title, sizeof title, "Evolution by %s, seed %" PRIu64 "%s", evolution->config.engine,
             evolution->config.seed, reached);
    return evolve_plot_write(path, title, &evolution->trace, error);
}

/* After the result has been printed: the log and the drawing of it are worth less than it is. */
static bool keep_course(const char *plot, struct evolution *evolution,
                        const struct evolve_comparison *comparison, struct pm_error *error)
{
    fflush(stdout); /* what is drawn to the same place comes after it */
    const bool drawn = plot == NULL || draw(evolution, comparison, plot, error);
    if (evolution->trace_error.code != PM_ERROR_NONE) {
        *error = evolution->trace_error;
        return false;
    }
    return drawn;
}

static void clear(struct evolution *evolution)
{
    pm_evolution_result_clear(&evolution->result);
    pm_suite_destroy(evolution->search_suite);
    pm_suite_destroy(evolution->evaluation_suite);
    pm_dataset_destroy(evolution->dataset);
    for (size_t i = 0; i < evolution->seed_count; i++) {
        pm_algorithm_destroy(evolution->seeds[i]);
    }
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    struct evolution evolution = {0};
    struct evolve_comparison comparison = {0};
    if (pm_options_repeat_count(options, "seed-algorithm") == 0) {
        pm_fail(&error, PM_ERROR_INVALID,
                "evolve: no seed given; --seed-algorithm FILE, best twice");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    const char *plot = pm_options_text(options, "plot");
    const char *log = pm_options_text(options, "log-evolution");
    bool done = evolve_check_paths(plot, log, &error);
    if (!done && error.code == PM_ERROR_INVALID) {
        verb_fail(&error);
        return EXIT_USAGE;
    }
    done = done && evolve_trace_open(&evolution.trace, log, &error) &&
           prepare(options, &evolution, &error);
    /* Until here a signal ends the process at once: building suites has nothing to tidy up. */
    pm_stop_install();
    done = done && search(&evolution, &error) && evolve_compare(&evolution, &comparison, &error) &&
           evolve_print(&evolution, &comparison, pm_options_flag(options, "json"), &error) &&
           keep_course(plot, &evolution, &comparison, &error);
    free(comparison.text);
    done = evolve_trace_close(&evolution.trace, done ? &error : NULL) && done;
    clear(&evolution);
    return done ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "seed-algorithm",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .repeats = true,
     .argument = "FILE",
     .help = "An algorithm to start from; given once for each (- is standard input)."},
    {.name = "seed",
     .type = PM_OPTION_INTEGER,
     .minimum = 0,
     .maximum = 9007199254740991,
     .argument = "N",
     .help = "Of the random numbers: same seed, same result. A random one when not given."},
    {.name = "engine",
     .type = PM_OPTION_TEXT,
     .default_value = "islands",
     .choices = "islands|regularized|archive",
     .argument = "NAME",
     .help = "How to search."},
    {.name = "population",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = PM_EVOLUTION_POPULATION_MAX,
     .argument = "N",
     .help = "Candidates in a generation; 0: the engine's own number."},
    {.name = "log-evolution",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Writes a line of JSON for each generation there."},
    {.name = "plot",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Draws the run into an SVG file."},
    {.name = "max-seconds",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 86400,
     .argument = "N",
     .help = "Build tasks and search at most this long; 0: until the generations are done."},
    INPUT_DIM_OPTION,
    {.name = "json", .type = PM_OPTION_FLAG, .help = "The result as one line of JSON."},
};

const struct verb verb_evolve = {
    .name = "evolve",
    .summary = "Evolves a better algorithm from seeds, here and now.",
    .usage = "poolminer evolve --seed-algorithm FILE [--seed-algorithm FILE]... [OPTION]...",
    .purpose =
        "Evolves algorithms from the seeds on the search suite, scores the best found and the "
        "seeds on\nthe evaluation suite, as a pool's miners do, and prints the best of all "
        "there: its text and\neverybody's scores. Progress goes to standard error; Ctrl-C "
        "ends the search and prints the best\nso far.",
    .uses = USE_COMPUTE | USE_EVOLVE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
