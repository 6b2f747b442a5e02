/* poolminer selftest: whether this machine gives the scores that every other one gives. */
#include "cli/cores.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/lanes.h>
#include <poolminer/selftest.h>

/* An executor at a SIMD level, and what it hashes to. */
struct result {
    const char *executor, *simd;
    char hash[PM_SELFTEST_HEX_SIZE];
};

static bool agrees(const struct result *result)
{
    return strcmp(result->hash, PM_SELFTEST_HASH) == 0;
}

static bool print_json(const struct result *result, struct pm_error *error)
{
    cJSON *line = cJSON_CreateObject();
    bool built = line != NULL && pm_json_add_string(line, "executor", result->executor) &&
                 pm_json_add_string(line, "simd", result->simd) &&
                 pm_json_add_string(line, "hash", result->hash) &&
                 pm_json_add_bool(line, "agrees", agrees(result));
    return pm_json_line_print_built(line, built, error);
}

static bool print_result(const struct result *result, bool json, struct pm_error *error)
{
    if (json) {
        return print_json(result, error);
    }
    printf("%s  %-12s  %s\n", result->hash, result->executor, result->simd);
    fflush(stdout);
    return true;
}

/* The reference executor, then the fast one in every way that this machine has. */
static bool run_all(bool json, bool *all_agree, struct pm_error *error)
{
    struct result result = {.executor = "reference", .simd = "none"};
    if (!pm_selftest_hash(pm_selftest_reference, NULL, result.hash, error) ||
        !print_result(&result, json, error)) {
        return false;
    }
    *all_agree = agrees(&result);
    struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX];
    size_t count = pm_selftest_ways(ways);
    for (size_t i = 0; i < count; i++) {
        result = (struct result){.executor = ways[i].machine_code ? "machine code" : "fast",
                                 .simd = pm_simd_level_name(ways[i].level)};
        if (!pm_selftest_hash(pm_selftest_lanes, &ways[i], result.hash, error) ||
            !print_result(&result, json, error)) {
            return false;
        }
        *all_agree = *all_agree && agrees(&result);
    }
    return true;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    bool json = pm_options_flag(options, "json"), all_agree = false;
    cores_use(pm_options_integer(options, "threads"));
    if (!run_all(json, &all_agree, &error)) {
        return verb_fail(&error);
    }
    if (!json) {
        puts(all_agree ? "this machine agrees"
                       : "this machine DISAGREES: its scores are worth nothing to a pool; the hash "
                         "has to be\n" PM_SELFTEST_HASH);
    }
    return all_agree ? EXIT_DONE : EXIT_FAILED;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON an executor."},
    {.name = "threads",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 1024,
     .argument = "N",
     .help = "Threads to use; 0: one for each processor."},
};

const struct verb verb_selftest = {
    .name = "selftest",
    .summary = "Checks that this machine scores as all others do.",
    .usage = "poolminer selftest [--json] [OPTION]...",
    .purpose = "Runs 500 fixed programs and hashes every bit they predict, with the reference "
               "executor and with\nthe fast one at every SIMD level of this processor. The hash "
               "has to be the one in\ndocs/selftest.md; exit status 1 if it is not.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
