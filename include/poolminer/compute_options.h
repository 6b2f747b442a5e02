/* The options that say what to compute with, as rows for a table of options: the worker has them,
 * and so has `poolminer`, which computes itself or passes them on. FILE_KEY is the member of the
 * settings file, or NULL for a program that reads none. HELP is the sentence in --help, where it
 * differs. */
#ifndef POOLMINER_COMPUTE_OPTIONS_H
#define POOLMINER_COMPUTE_OPTIONS_H

#include <poolminer/options.h>

#define PM_OPTION_ROW_DATASET(FILE_KEY)                                                            \
    {                                                                                              \
        .name = "dataset", .file_key = (FILE_KEY), .environment = "POOLMINER_DATASET",             \
        .type = PM_OPTION_TEXT, .is_path = true, .default_value = "synthetic", .argument = "NAME", \
        .help = "synthetic, synthetic:COUNT, network, an imported dataset's name, or a path."      \
    }
#define PM_OPTION_ROW_SUITE(FILE_KEY)                                                              \
    {                                                                                              \
        .name = "suite", .file_key = (FILE_KEY), .environment = "POOLMINER_SUITE",                 \
        .type = PM_OPTION_TEXT, .default_value = "first2000", .choices = "first2000|resampled",    \
        .argument = "EDITION",                                                                     \
        .help = "The edition of the task suite that scores are taken on; a pool's miners all use " \
                "the same."                                                                        \
    }
#define PM_OPTION_ROW_WORKERS(FILE_KEY, HELP)                                                      \
    {                                                                                              \
        .name = "workers", .file_key = (FILE_KEY), .environment = "POOLMINER_WORKERS",             \
        .type = PM_OPTION_INTEGER, .default_value = "1", .minimum = 1, .maximum = 256,             \
        .argument = "N", .help = (HELP)                                                            \
    }
#define PM_OPTION_ROW_THREADS(FILE_KEY, HELP)                                                      \
    {                                                                                              \
        .name = "threads", .file_key = (FILE_KEY), .environment = "POOLMINER_THREADS",             \
        .type = PM_OPTION_INTEGER, .default_value = "0", .minimum = 0, .maximum = 4096,            \
        .argument = "N", .help = (HELP)                                                            \
    }

#endif
