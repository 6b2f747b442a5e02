/* poolminer dataset: what scores are taken on, imported, shown and checked. */
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset_import.h>
#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/task.h>

/* ---- showing ---- */

static bool add_fingerprints(cJSON *object, const struct pm_dataset_info *info)
{
    cJSON *fingerprints = cJSON_CreateObject();
    bool done = pm_json_add_string(fingerprints, pm_suite_edition_name(PM_EDITION_FIRST2000),
                                   info->fingerprint_first2000) &&
                pm_json_add_string(fingerprints, pm_suite_edition_name(PM_EDITION_RESAMPLED),
                                   info->fingerprint);
    if (!done) {
        cJSON_Delete(fingerprints);
        return false;
    }
    return pm_json_add(object, "fingerprints", fingerprints);
}

static bool add_class_counts(cJSON *object, const struct pm_dataset_info *info)
{
    double counts[PM_DATASET_CLASSES];
    for (int class = 0; class < PM_DATASET_CLASSES; class ++) {
        counts[class] = (double)info->class_counts[class];
    }
    return pm_json_add(object, "class_counts", cJSON_CreateDoubleArray(counts, PM_DATASET_CLASSES));
}

static bool describe(cJSON *object, const struct pm_dataset_info *info)
{
    return pm_json_add_string(object, "dataset", info->name) &&
           pm_json_add_integer(object, "records", (int64_t)info->records) &&
           pm_json_add_integer(object, "pixels", (int64_t)info->pixel_count) &&
           add_class_counts(object, info) && add_fingerprints(object, info) &&
           pm_json_add_string(object, "format", pm_dataset_format_name(info->format)) &&
           pm_json_add_string(object, "source", info->source) &&
           pm_json_add_string(object, "source_sha256", info->source_sha256) &&
           pm_json_add_string(object, "stored", info->stored) &&
           pm_json_add_bool(object, "network", info->is_network);
}

static bool print_json(const struct pm_dataset_info *info, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    return pm_json_line_print_built(object, describe(object, info), error);
}

static void print_text(const struct pm_dataset_info *info)
{
    if (info->records == 0) {
        printf("%s\n  no records: its tasks are drawn\n", info->name);
        return;
    }
    printf("%s\n  records      %zu of %zu pixels; of classes 0 to 9:", info->name, info->records,
           info->pixel_count);
    for (int class = 0; class < PM_DATASET_CLASSES; class ++) {
        printf(" %zu", info->class_counts[class]);
    }
    printf("\n  fingerprint  %s (suite first2000)\n               %s (suite resampled)\n",
           info->fingerprint_first2000, info->fingerprint);
    if (info->source[0] != '\0') {
        printf("  read from    %s (%s)\n", info->source, pm_dataset_format_name(info->format));
    }
    if (info->source_sha256[0] != '\0') {
        printf("  its SHA-256  %s\n", info->source_sha256);
    }
    if (info->stored[0] != '\0') {
        printf("  kept in      %s\n", info->stored);
    }
    if (info->is_network) {
        printf("  This is the network's dataset.\n");
    }
}

static bool print_info(const struct pm_options *options, const struct pm_dataset_info *info,
                       struct pm_error *error)
{
    if (pm_options_flag(options, "json")) {
        return print_json(info, error);
    }
    print_text(info);
    return true;
}

/* ---- dataset import FILE... ---- */

static int run_import(const struct pm_options *options)
{
    const char *paths[PM_DATASET_FILES_MAX];
    size_t count = pm_options_positional_count(options) - 1;
    struct pm_error error = {0};
    struct pm_dataset_info info = {0};
    if (count == 0 || count > PM_DATASET_FILES_MAX) {
        pm_fail(&error, PM_ERROR_INVALID,
                "dataset import: 1 to %d files or directories are expected, not %zu",
                PM_DATASET_FILES_MAX, count);
        verb_fail(&error);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < count; i++) {
        paths[i] = pm_options_positional(options, i + 1);
    }
    bool done = pm_dataset_import(paths, count, pm_options_text(options, "name"), &info, &error) &&
                print_info(options, &info, &error);
    if (done && !pm_options_flag(options, "json")) {
        printf("  use it with  --dataset %s\n", info.name);
    }
    pm_dataset_info_clear(&info);
    return done ? EXIT_DONE : verb_fail(&error);
}

/* ---- dataset info, dataset verify ---- */

/* Reads one dataset whole, which is the check; a failure is told and the next is read. */
static int show(const struct pm_options *options, const char *name, bool verifying)
{
    struct pm_error error = {0};
    struct pm_dataset_info info = {0};
    bool done = pm_dataset_describe(name, &info, &error);
    if (done && verifying && !pm_options_flag(options, "json")) {
        printf("%s: %zu records, %s\n", info.name, info.records,
               info.stored[0] != '\0' ? "with the fingerprint they were imported with"
                                      : "nothing wrong");
    } else if (done) {
        done = print_info(options, &info, &error);
    }
    pm_dataset_info_clear(&info);
    return done ? EXIT_DONE : verb_fail(&error);
}

static int show_named(const struct pm_options *options, bool verifying)
{
    int result = EXIT_DONE;
    for (size_t i = 1; i < pm_options_positional_count(options); i++) {
        if (show(options, pm_options_positional(options, i), verifying) != EXIT_DONE) {
            result = EXIT_FAILED;
        }
    }
    return result;
}

/* The dataset that the settings choose, then what was imported. */
static int show_all(const struct pm_options *options, bool verifying)
{
    struct pm_error error = {0};
    const char *chosen = pm_options_text(options, "dataset");
    char **names = NULL;
    size_t count = 0;
    int result = show(options, chosen, verifying);
    if (!pm_dataset_imported_names(&names, &count, &error)) {
        return verb_fail(&error);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], chosen) != 0 && show(options, names[i], verifying) != EXIT_DONE) {
            result = EXIT_FAILED;
        }
    }
    pm_dataset_names_free(names, count);
    return result;
}

/* ---- the verb ---- */

static int run(const struct pm_options *options)
{
    size_t count = pm_options_positional_count(options);
    const char *action = count > 0 ? pm_options_positional(options, 0) : "info";
    bool verifying = strcmp(action, "verify") == 0;
    struct pm_error error = {0};
    if (strcmp(action, "import") == 0) {
        return run_import(options);
    }
    if (verifying || strcmp(action, "info") == 0) {
        return count > 1 ? show_named(options, verifying) : show_all(options, verifying);
    }
    pm_fail(
        &error, PM_ERROR_INVALID,
        "dataset: there is no \"%.64s\"; `poolminer dataset import FILE...`, `dataset info` and "
        "`dataset verify` there are",
        action);
    verb_fail(&error);
    return EXIT_USAGE;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON a dataset."},
    {.name = "name",
     .type = PM_OPTION_TEXT,
     .argument = "NAME",
     .help = "What to call an imported dataset; by default network, cifar10 or mnist."},
};

const struct verb verb_dataset = {
    .name = "dataset",
    .summary = "Imports, shows and verifies datasets.",
    .usage = "poolminer dataset import FILE... [--name NAME] | info [NAME...] | verify [NAME...]",
    .purpose = "import reads CIFAR-10 binary batches, OpenML's ARFF or MNIST's IDX files (plain or "
               "gzip; a\ndirectory stands for the known files in it) and keeps them in the user's "
               "data directory, for\n--dataset NAME. info shows datasets and their fingerprints, "
               "verify reads them whole and\ncompares: the ones named, or the one that is set and "
               "all that were imported.",
    .uses = USE_COMPUTE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
