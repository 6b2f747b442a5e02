/* poolminer: one command, many verbs. */
#include "cli/settings.h"
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/nearest.h>
#include <poolminer/program.h>
#include <poolminer/threads.h>

enum { VERB_COUNT = 24 };
static const struct verb *const VERBS[VERB_COUNT] = {
    &verb_mine,     &verb_gui,      &verb_status,   &verb_pause,    &verb_resume,    &verb_demo,
    &verb_evaluate, &verb_evolve,   &verb_check,    &verb_explain,  &verb_dataset,   &verb_queue,
    &verb_keys,     &verb_bench,    &verb_selftest, &verb_wallet,   &verb_recipient, &verb_balance,
    &verb_history,  &verb_withdraw, &verb_estimate, &verb_simulate, &verb_config,    &verb_doctor};

static void print_overview(FILE *stream)
{
    fprintf(stream, "Usage: poolminer VERB [OPTION]...\n\n"
                    "Mines algorithms for a pool on this machine.\n\nVerbs:\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(stream, "  %-10s %s\n", VERBS[i]->name, VERBS[i]->summary);
    }
    fprintf(stream, "  %-10s %s\n  %-10s %s\n\n", "help", "Tells of a verb: poolminer help VERB.",
            "version", "Shows the version.");
    fprintf(stream, "`poolminer VERB --help` lists a verb's options.\n");
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(VERBS[i]->name, name) == 0) {
            return VERBS[i];
        }
    }
    return NULL;
}

static int fail_unknown_verb(const char *name)
{
    const char *names[VERB_COUNT + 2] = {"help", "version"};
    for (size_t i = 0; i < VERB_COUNT; i++) {
        names[i + 2] = VERBS[i]->name;
    }
    const char *nearest = pm_nearest_name(name, names, VERB_COUNT + 2);
    struct pm_error error = {0};
    if (nearest != NULL) {
        pm_fail(&error, PM_ERROR_INVALID, "unknown verb %.80s; did you mean %s?", name, nearest);
    } else {
        pm_fail(&error, PM_ERROR_INVALID, "unknown verb %.80s; `poolminer help` lists them", name);
    }
    verb_fail(&error);
    return EXIT_USAGE;
}

static int fail_extra(const char *verb, const char *argument)
{
    struct pm_error error = {0};
    pm_fail(&error, PM_ERROR_INVALID, "command line: %s takes no argument \"%.80s\"", verb,
            argument);
    verb_fail(&error);
    return EXIT_USAGE;
}

/* A verb that takes files looks at them itself. */
static bool check_arguments(const struct verb *verb, const struct pm_options *options,
                            struct pm_error *error)
{
    if (!verb->takes_files && pm_options_positional_count(options) > 0) {
        return pm_fail(error, PM_ERROR_INVALID, "command line: %s takes no argument \"%.80s\"",
                       verb->name, pm_options_positional(options, 0));
    }
    return true;
}

static int run_verb(const struct verb *verb, int argc, char *const argv[])
{
    struct settings settings;
    struct pm_error error = {0};
    if (!settings_load(verb, argc, argv, &settings, &error)) {
        verb_fail(&error);
        return EXIT_USAGE;
    }
    int result = EXIT_DONE;
    if (pm_options_help(settings.options)) {
        pm_options_print_help(settings.options, verb->usage, verb->purpose);
    } else if (pm_options_version(settings.options)) {
        printf("poolminer %s\n", PM_VERSION);
    } else if (!check_arguments(verb, settings.options, &error) ||
               !pm_program_start_log("poolminer", settings.options, &error)) {
        verb_fail(&error);
        result = EXIT_USAGE;
    } else {
        result = verb->run_settings != NULL ? verb->run_settings(&settings)
                                            : verb->run(settings.options);
    }
    settings_clear(&settings);
    return result;
}

static bool is_help(const char *name)
{
    return strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
}

static bool is_version(const char *name)
{
    return strcmp(name, "version") == 0 || strcmp(name, "--version") == 0;
}

/* "help", "help VERB". */
static int help(int argc, char *argv[])
{
    if (argc > 2) {
        return fail_extra("help", argv[2]);
    }
    if (argc < 2 || is_help(argv[1]) || is_version(argv[1])) {
        print_overview(stdout); /* which tells of these two as well */
        return EXIT_DONE;
    }
    const struct verb *verb = find_verb(argv[1]);
    if (verb == NULL) {
        return fail_unknown_verb(argv[1]);
    }
    char option[] = "--help";
    char *const arguments[] = {argv[1], option};
    return run_verb(verb, 2, arguments);
}

static int run(int argc, char *argv[])
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (is_help(name)) {
        return help(argc - 1, argv + 1);
    }
    if (is_version(name) && argc > 2) {
        return fail_extra("version", argv[2]);
    }
    if (is_version(name)) {
        printf("poolminer %s\n", PM_VERSION);
        return EXIT_DONE;
    }
    const struct verb *verb = find_verb(name);
    return verb != NULL ? run_verb(verb, argc - 1, argv + 1) : fail_unknown_verb(name);
}

static bool computes(int argc, char *argv[])
{
    const struct verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
    return verb != NULL && (verb->uses & USE_COMPUTE) != 0;
}

int main(int argc, char *argv[])
{
    if (computes(argc, argv)) {
        pm_threads_wait_asleep(argv);
    }
    if (!pm_program_enter("poolminer")) {
        return EXIT_FAILED;
    }
    return pm_program_leave("poolminer", run(argc, argv));
}
