/* Rows for a table of options that both `poolminer` and poolminer-driver have: name, variable,
 * bounds, default and words are the same wherever they are given. FILE_KEY is the member of the
 * settings file, or NULL for a program that reads none. */
#ifndef POOLMINER_MINING_OPTIONS_H
#define POOLMINER_MINING_OPTIONS_H

#include <poolminer/job.h>
#include <poolminer/options.h>

#define PM_OPTION_ROW_POOL_URL(FILE_KEY)                                                           \
    {                                                                                              \
        .name = "pool-url", .file_key = (FILE_KEY), .environment = "POOLMINER_POOL_ENDPOINT",      \
        .type = PM_OPTION_TEXT, .repeats = true, .default_value = "http://127.0.0.1:8434",         \
        .argument = "URL",                                                                         \
        .help = "The pool's API, http or https; several (a list in the file) are addresses of "    \
                "the same pool, for when one does not answer."                                     \
    }

#define PM_OPTION_ROW_RUN_ID(FILE_KEY)                                                             \
    {                                                                                              \
        .name = "run-id", .file_key = (FILE_KEY), .environment = "POOLMINER_RUN_ID",               \
        .type = PM_OPTION_TEXT, .default_value = PM_JOB_RUN_ID_DEFAULT, .argument = "NAME",        \
        .help = "Names this run in the sidecar; workers take the jobs of the run they name."       \
    }

#define PM_OPTION_ROW_MODE(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "mode", .file_key = (FILE_KEY), .environment = "POOLMINER_MODE",                   \
        .type = PM_OPTION_TEXT, .default_value = "lease",                                          \
        .choices = "lease|evaluate|evolve|alternate", .argument = "MODE",                          \
        .help = "The work to ask for: leases; or tasks, of one kind, or of both in turn, most of " \
                "the time what earns more an hour as measured. Where the pool has only the other " \
                "of leases and tasks, that is used."                                               \
    }

#define PM_OPTION_ROW_GENERATIONS(FILE_KEY)                                                        \
    {                                                                                              \
        .name = "generations", .file_key = (FILE_KEY), .environment = "POOLMINER_GENERATIONS",     \
        .type = PM_OPTION_INTEGER, .default_value = "50", .minimum = 1,                            \
        .maximum = PM_JOB_GENERATIONS_MAX, .argument = "N",                                        \
        .help = "Generations of one evolution."                                                    \
    }

#define PM_OPTION_ROW_PROFILE(FILE_KEY)                                                            \
    {                                                                                              \
        .name = "profile", .file_key = (FILE_KEY), .environment = "POOLMINER_PROFILE",             \
        .type = PM_OPTION_TEXT, .default_value = "full", .choices = "full|baseline",               \
        .argument = "NAME", .help = "What evolution may write."                                    \
    }

#define PM_OPTION_ROW_EVOLVE_MAX_SECONDS(FILE_KEY)                                                 \
    {                                                                                              \
        .name = "evolve-max-seconds", .file_key = (FILE_KEY),                                      \
        .environment = "POOLMINER_EVOLVE_MAX_SECONDS", .type = PM_OPTION_INTEGER,                  \
        .default_value = "0", .minimum = 0, .maximum = 86400, .argument = "SECONDS",               \
        .help = "Compute at most this long on one evolution; 0: until its generations are done "   \
                "or the lease ends."                                                               \
    }

#endif
