/* poolminer evolve: an evolution on this machine, from algorithm files to the best text found. */
#include "cli/evolve_trace.h"
#include "cli/score_input.h"
#include "cli/shown.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>
#include <poolminer/json.h>
#include <poolminer/stop.h>
#include <poolminer/suite.h>

/* The search suite of the miners' own choosing is the same one that workers use. */
enum { SEARCH_SUITE_SEED = 0 };
/* Of so many the final choice is made, by their scores on the evaluation suite. */
enum { FINALISTS = 16 };

/* For the final scores, after the time is over: nobody should wait two seconds for the end. */
enum { LAST_MOMENT_MS = 1200 };

struct evolution {
    struct pm_algorithm *seeds[PM_EVOLUTION_SEEDS_MAX];
    size_t seed_count;
    struct pm_dataset *dataset;
    struct pm_suite *evaluation_suite, *search_suite;
    struct pm_evolution_config config;
    struct pm_evolution_result result;
    double seconds;
    struct evolve_trace trace;
    int64_t shown_ms;            /* when progress was last shown */
    struct pm_error trace_error; /* what kept the trace from being whole, if anything */
};

/* The best that evolved and the seeds, side by side: the search saw only the search suite, and what
 * is better there need not be better on the suite that the pool's miners score on. */
struct candidate {
    const char *name; /* a seed's file, or "evolved" */
    const struct pm_algorithm *algorithm;
    double score, search_score;
};

struct comparison {
    struct candidate items[PM_EVOLUTION_SEEDS_MAX + 1]; /* seeds first */
    size_t seed_count, count, best;
    char *text; /* the best's */
};

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

static bool search(struct evolution *evolution, struct pm_error *error)
{
    int64_t started_ms = pm_clock_monotonic_ms();
    evolution->shown_ms = started_ms;
    bool done =
        pm_evolution_run(&evolution->config, (const struct pm_algorithm *const *)evolution->seeds,
                         evolution->seed_count, evolution->search_suite, observe, evolution,
                         &evolution->result, error);
    done = done &&
           pm_evolution_choose(&evolution->result, evolution->evaluation_suite, 1, NULL, error);
    evolution->seconds = (double)(pm_clock_monotonic_ms() - started_ms) / 1000;
    return done;
}

static void collect(const struct pm_options *options, const struct evolution *evolution,
                    struct comparison *out)
{
    for (size_t i = 0; i < evolution->seed_count; i++) {
        out->items[out->count++] =
            (struct candidate){.name = pm_options_repeat(options, "seed-algorithm", i),
                               .algorithm = evolution->seeds[i]};
    }
    out->seed_count = out->count;
    if (evolution->result.count > 0) {
        out->items[out->count++] = (struct candidate){
            .name = "evolved", .algorithm = evolution->result.items[0].algorithm};
    }
}

/* Scores everything on both suites; NaN is what could not be scored in time. */
static bool score(const struct evolution *evolution, const struct pm_until *until,
                  struct comparison *out, struct pm_error *error)
{
    const struct pm_algorithm *algorithms[PM_EVOLUTION_SEEDS_MAX + 1];
    double scores[PM_EVOLUTION_SEEDS_MAX + 1], search_scores[PM_EVOLUTION_SEEDS_MAX + 1];
    for (size_t i = 0; i < out->count; i++) {
        algorithms[i] = out->items[i].algorithm;
    }
    bool done = pm_suite_score(evolution->evaluation_suite, algorithms, out->count, scores, NULL,
                               until, error);
    if (!done && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    done = pm_suite_score(evolution->search_suite, algorithms, out->count, search_scores, NULL,
                          until, error) &&
           done;
    if (!done && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].score = scores[i];
        out->items[i].search_score = search_scores[i];
    }
    return done;
}

/* When the time is over the best so far is still worth its score: a moment is left for that. */
static bool score_in_time(const struct evolution *evolution, struct comparison *out,
                          struct pm_error *error)
{
    const struct pm_until until = {.stop = evolution->config.stop,
                                   .deadline_ms = evolution->config.deadline_ms};
    if (!pm_until_over(&until) && score(evolution, &until, out, error)) {
        return true;
    }
    if (!pm_until_over(&until)) {
        return false;
    }
    const struct pm_until moment = {.deadline_ms = pm_clock_unix_ms() + LAST_MOMENT_MS};
    return score(evolution, &moment, out, error) || error->code == PM_ERROR_INTERRUPTED;
}

/* By the evaluation suite, seeds winning a tie; what has no score there, only if nothing has. */
static size_t choose_best(const struct comparison *comparison)
{
    size_t best = comparison->count - 1; /* the evolved one, if there is one */
    for (size_t i = comparison->count; i-- > 0;) {
        const double best_score = comparison->items[best].score;
        if (isnan(best_score) ? !isnan(comparison->items[i].score)
                              : comparison->items[i].score >= best_score) {
            best = i;
        }
    }
    return best;
}

static bool compare(const struct pm_options *options, const struct evolution *evolution,
                    struct comparison *out, struct pm_error *error)
{
    collect(options, evolution, out);
    if (!score_in_time(evolution, out, error)) {
        return false;
    }
    out->best = choose_best(out);
    if (out->best < out->seed_count && isnan(out->items[out->best].score)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED,
                       "evolve: the time was over before anything was scored; the seeds may be too "
                       "slow to run");
    }
    if (out->count > out->seed_count && isnan(out->items[out->seed_count].search_score)) {
        out->items[out->seed_count].search_score = evolution->result.items[0].fitness;
    }
    out->text = pm_algorithm_write(out->items[out->best].algorithm, error);
    return out->text != NULL;
}

static bool is_evolved(const struct comparison *comparison)
{
    return comparison->best >= comparison->seed_count;
}

/* null: not scored in time. */
static cJSON *score_json(double score)
{
    return isnan(score) ? cJSON_CreateNull() : cJSON_CreateNumber(score);
}

static bool add_score(cJSON *object, const char *name, double score)
{
    cJSON *item = score_json(score);
    if (item != NULL && cJSON_AddItemToObject(object, name, item)) {
        return true;
    }
    cJSON_Delete(item);
    return false;
}

/* [{"file": ..., "score": ..., "search_score": ...}, ...]; NULL when memory is out. */
static cJSON *describe_seeds(const struct comparison *comparison)
{
    cJSON *seeds = cJSON_CreateArray();
    for (size_t i = 0; seeds != NULL && i < comparison->seed_count; i++) {
        const struct candidate *seed = &comparison->items[i];
        cJSON *object = cJSON_CreateObject();
        cJSON *name = shown_json(seed->name);
        if (name == NULL || !cJSON_AddItemToObject(object, "file", name)) {
            cJSON_Delete(name);
            cJSON_Delete(object);
            cJSON_Delete(seeds);
            return NULL;
        }
        if (!add_score(object, "score", seed->score) ||
            !add_score(object, "search_score", seed->search_score) ||
            !cJSON_AddItemToArray(seeds, object)) {
            cJSON_Delete(object);
            cJSON_Delete(seeds);
            return NULL;
        }
    }
    return seeds;
}

/* [{"generation": ..., "change": ..., "search_score": ...}, ...] of the best evolved, empty when
 * there is none; NULL when memory is out. */
static cJSON *describe_lineage(const struct pm_evolution_result *result)
{
    cJSON *lineage = cJSON_CreateArray();
    for (size_t i = 0; lineage != NULL && result->count > 0 && i < result->items[0].lineage_count;
         i++) {
        const struct pm_lineage_step *step = &result->items[0].lineage[i];
        cJSON *object = cJSON_CreateObject();
        if (cJSON_AddNumberToObject(object, "generation", step->generation) == NULL ||
            cJSON_AddStringToObject(object, "change", pm_change_name(step->change)) == NULL ||
            cJSON_AddNumberToObject(object, "search_score", step->fitness) == NULL ||
            !cJSON_AddItemToArray(lineage, object)) {
            cJSON_Delete(object);
            cJSON_Delete(lineage);
            return NULL;
        }
    }
    return lineage;
}

static cJSON *describe(const struct evolution *evolution, const struct comparison *comparison)
{
    const struct candidate *best = &comparison->items[comparison->best];
    const struct pm_suite *suite = evolution->evaluation_suite;
    const struct {
        const char *name;
        cJSON *value;
    } members[] = {
        {"algorithm_dsl", cJSON_CreateString(comparison->text)},
        {"score", score_json(best->score)},
        {"search_score", score_json(best->search_score)},
        {"evolved", cJSON_CreateBool(is_evolved(comparison))},
        {"seeds", describe_seeds(comparison)},
        {"lineage", describe_lineage(&evolution->result)},
        {"seed", cJSON_CreateNumber((double)evolution->config.seed)},
        {"generations", cJSON_CreateNumber(evolution->result.generations)},
        {"candidates", cJSON_CreateNumber((double)evolution->result.candidates)},
        {"seconds", cJSON_CreateNumber(evolution->seconds)},
        {"profile", cJSON_CreateString(evolution->config.profile)},
        {"engine", cJSON_CreateString(evolution->config.engine)},
        {"input_dim", cJSON_CreateNumber(suite->input_dim)},
        {"dataset", cJSON_CreateString(suite->fingerprint)},
        {"suite", cJSON_CreateString(pm_suite_edition_name(suite->edition))},
    };
    cJSON *object = cJSON_CreateObject();
    bool done = object != NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        done = done && members[i].value != NULL &&
               cJSON_AddItemToObject(object, members[i].name, members[i].value);
        if (!done) {
            cJSON_Delete(members[i].value);
        }
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

/* "-": not scored in time. */
static void print_score(int width, double score)
{
    if (isnan(score)) {
        printf("%*s  ", width, "-");
    } else {
        printf("%*.6f  ", width, score);
    }
}

static void print_lineage(const struct pm_evolution_result *result)
{
    for (size_t i = 0; result->count > 0 && i < result->items[0].lineage_count; i++) {
        const struct pm_lineage_step *step = &result->items[0].lineage[i];
        printf("# generation %5d  %12.6f  by %s\n", step->generation, step->fitness,
               pm_change_name(step->change));
    }
}

static void print_text(const struct evolution *evolution, const struct comparison *comparison)
{
    fputs(comparison->text, stdout);
    printf("# evaluation suite  search suite\n");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct candidate *item = &comparison->items[i];
        printf("# ");
        print_score(16, item->score);
        print_score(12, item->search_score);
        shown_print(item->name, stdout);
        puts(i == comparison->best ? " (this)" : "");
    }
    print_lineage(&evolution->result);
    printf("# random seed %" PRIu64 "\n", evolution->config.seed);
    if (!is_evolved(comparison)) {
        printf("# nothing better than the seeds was found; this is the best of them. More "
               "--generations find more.\n");
    }
}

static bool print_result(const struct evolution *evolution, const struct comparison *comparison,
                         bool json, struct pm_error *error)
{
    if (!json) {
        print_text(evolution, comparison);
        return true;
    }
    cJSON *object = describe(evolution, comparison);
    if (object == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolve: no memory to print the result");
    }
    char *text = pm_json_print(object, error);
    if (text != NULL) {
        puts(text);
    }
    free(text);
    cJSON_Delete(object);
    return text != NULL;
}

static bool draw(const struct evolution *evolution, const struct comparison *comparison,
                 const char *path, struct pm_error *error)
{
    char title[128];
    snprintf(title, sizeof title, "Evolution by %s, seed %" PRIu64 ": %.4f on the evaluation suite",
             evolution->config.engine, evolution->config.seed,
             comparison->items[comparison->best].score);
    return evolve_plot_write(path, title, &evolution->trace, error);
}

/* After the result has been printed: the log and the drawing of it are worth less than it is. */
static bool keep_course(const char *plot, struct evolution *evolution,
                        const struct comparison *comparison, struct pm_error *error)
{
    if (evolution->trace_error.code != PM_ERROR_NONE) {
        *error = evolution->trace_error;
        return false;
    }
    return plot == NULL || draw(evolution, comparison, plot, error);
}

/* One would replace the other at the end. */
static bool check_paths(const char *plot, const char *log, struct pm_error *error)
{
    struct stat a, b;
    if (plot == NULL || log == NULL) {
        return true;
    }
    const bool same = stat(plot, &a) == 0 && stat(log, &b) == 0
                          ? S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino
                          : strcmp(plot, log) == 0;
    return !same ||
           pm_fail(error, PM_ERROR_INVALID,
                   "evolve: --plot and --log-evolution are the same file, %s; name two", plot);
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
    struct comparison comparison = {0};
    if (pm_options_repeat_count(options, "seed-algorithm") == 0) {
        pm_fail(&error, PM_ERROR_INVALID,
                "evolve: no seed given; --seed-algorithm FILE, best twice");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    const char *plot = pm_options_text(options, "plot");
    const char *log = pm_options_text(options, "log-evolution");
    if (!check_paths(plot, log, &error)) {
        verb_fail(&error);
        return EXIT_USAGE;
    }
    bool done =
        evolve_trace_open(&evolution.trace, log, &error) && prepare(options, &evolution, &error);
    /* Until here a signal ends the process at once: building suites has nothing to tidy up. */
    pm_stop_install();
    done = done && search(&evolution, &error) &&
           compare(options, &evolution, &comparison, &error) &&
           print_result(&evolution, &comparison, pm_options_flag(options, "json"), &error) &&
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
    {.name = "input-dim",
     .type = PM_OPTION_INTEGER,
     .default_value = "16",
     .minimum = 1,
     .maximum = PM_DIM_MAX,
     .argument = "N",
     .help = "Elements of the input vector."},
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
