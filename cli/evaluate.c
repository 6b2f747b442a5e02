/* poolminer evaluate: the score that a pool's consensus will find, one line a file. */
#include "cli/score_input.h"
#include "cli/shown.h"
#include "cli/verb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/stop.h>
#include <poolminer/suite.h>

/* Files are read and scored this many at a time: enough for every core, little memory. */
enum { BATCH = 64 };

struct entry {
    const char *file;
    struct pm_algorithm *algorithm; /* NULL: `error` tells why */
    struct pm_error error;
    double score;
    const double *task_scores;
};

struct evaluation {
    const struct pm_suite *suite;
    bool json, per_task;
    double *task_scores; /* BATCH x suite->count */
    int result;
};

static cJSON *describe(const struct evaluation *evaluation, const struct entry *entry)
{
    const struct pm_suite *suite = evaluation->suite;
    cJSON *line = cJSON_CreateObject();
    bool done = pm_json_add(line, "file", shown_json(entry->file));
    if (entry->algorithm == NULL) {
        done = done && pm_json_add_string(line, "error", entry->error.message);
    } else {
        done = done && pm_json_add_number(line, "score", entry->score) &&
               pm_json_add_integer(line, "tasks", (int64_t)suite->count) &&
               pm_json_add_number(line, "input_dim", suite->input_dim) &&
               pm_json_add_string(line, "dataset", suite->fingerprint) &&
               pm_json_add_string(line, "suite", pm_suite_edition_name(suite->edition));
        if (evaluation->per_task) {
            done =
                done && pm_json_add(line, "task_scores",
                                    cJSON_CreateDoubleArray(entry->task_scores, (int)suite->count));
        }
    }
    if (!done) {
        cJSON_Delete(line);
        return NULL;
    }
    return line;
}

static void print_json(struct evaluation *evaluation, const struct entry *entry)
{
    struct pm_error error = {0};
    if (!pm_json_line_print_built(describe(evaluation, entry), true, &error)) {
        pm_fail_context(&error, "%s", entry->file);
        evaluation->result = verb_fail(&error);
    }
}

static void print_entry(struct evaluation *evaluation, const struct entry *entry)
{
    if (entry->algorithm == NULL) {
        evaluation->result = EXIT_FAILED;
    }
    if (evaluation->json) {
        print_json(evaluation, entry);
    } else if (entry->algorithm == NULL) {
        verb_fail(&entry->error);
    } else {
        printf("%.6f  ", entry->score);
        shown_print(entry->file, stdout);
        puts("");
        for (size_t i = 0; evaluation->per_task && i < evaluation->suite->count; i++) {
            printf("  task %4u  %.6f\n", (unsigned)evaluation->suite->tasks[i].id,
                   entry->task_scores[i]);
        }
    }
    fflush(stdout);
}

static bool score_batch(struct evaluation *evaluation, struct entry *entries, size_t count,
                        struct pm_error *error)
{
    const struct pm_algorithm *algorithms[BATCH];
    double scores[BATCH];
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].algorithm != NULL) {
            algorithms[good++] = entries[i].algorithm;
        }
    }
    const struct pm_until until = {.stop = pm_stop_flag()};
    const bool done = good == 0 || pm_suite_score(evaluation->suite, algorithms, good, scores,
                                                  evaluation->task_scores, &until, error);
    if (!done && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    good = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].algorithm != NULL) {
            entries[i].score = scores[good];
            entries[i].task_scores = evaluation->task_scores + good * evaluation->suite->count;
            good++;
        }
        /* An interruption leaves those unsaid that were not finished. */
        if (entries[i].algorithm == NULL || !isnan(entries[i].score)) {
            print_entry(evaluation, &entries[i]);
        }
    }
    return done;
}

static bool evaluate_batch(struct evaluation *evaluation, const struct pm_options *options,
                           size_t first, size_t count, struct pm_error *error)
{
    struct entry entries[BATCH] = {0};
    for (size_t i = 0; i < count; i++) {
        entries[i].file = pm_options_positional(options, first + i);
        read_algorithm(entries[i].file, evaluation->suite->input_dim, &entries[i].algorithm,
                       &entries[i].error);
    }
    bool done = score_batch(evaluation, entries, count, error);
    for (size_t i = 0; i < count; i++) {
        pm_algorithm_destroy(entries[i].algorithm);
    }
    return done;
}

static bool evaluate_files(const struct pm_options *options, const struct pm_suite *suite,
                           int *result, struct pm_error *error)
{
    size_t files = pm_options_positional_count(options);
    struct evaluation evaluation = {.suite = suite,
                                    .json = pm_options_flag(options, "json"),
                                    .per_task = pm_options_flag(options, "per-task"),
                                    .result = EXIT_DONE};
    evaluation.task_scores = calloc(BATCH * suite->count, sizeof *evaluation.task_scores);
    if (evaluation.task_scores == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evaluate: no memory for task scores");
    }
    bool done = true;
    /* Scores that nobody gets are not worth their time. */
    for (size_t first = 0; done && !ferror(stdout) && first < files; first += BATCH) {
        size_t count = files - first < BATCH ? files - first : BATCH;
        done = evaluate_batch(&evaluation, options, first, count, error);
    }
    free(evaluation.task_scores);
    *result = evaluation.result;
    return done;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    if (pm_options_positional_count(options) == 0) {
        pm_fail(&error, PM_ERROR_INVALID,
                "evaluate: no file given; `poolminer evaluate FILE...`, - for standard input");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    struct pm_suite *suite = NULL;
    int result = EXIT_DONE;
    if (!open_suite(options, (int)pm_options_integer(options, "input-dim"),
                    (size_t)pm_options_integer(options, "tasks"), NULL, NULL, &suite, &error)) {
        return verb_fail(&error);
    }
    /* Until here a signal ends the process at once: building a suite has nothing to tidy up. */
    pm_stop_install();
    bool done = evaluate_files(options, suite, &result, &error);
    pm_suite_destroy(suite);
    return done ? result : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON a file."},
    {.name = "per-task",
     .type = PM_OPTION_FLAG,
     .help = "Also the score on each task, in the suite's order."},
    INPUT_DIM_OPTION,
    {.name = "tasks",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = PM_SUITE_EVALUATION_TASKS,
     .argument = "N",
     .help = "Only the suite's first N tasks; 0: all."},
};

const struct verb verb_evaluate = {
    .name = "evaluate",
    .summary = "Scores algorithm files as a pool's miners do.",
    .usage = "poolminer evaluate FILE... [--json] [--per-task] [OPTION]...",
    .purpose = "Scores each algorithm file (- is standard input) on the evaluation suite: the "
               "median of its\naccuracies, what a pool's consensus will be. Text is read as the "
               "network's miners read it;\nwarnings go to standard error. A file that cannot be "
               "read gives a line with \"error\" and\nexit status 1.",
    .uses = USE_COMPUTE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
