/* The options that configure a log, as rows for a table of options: every program has them, and so
 * has `poolminer mine`, which passes them on. FILE_KEY is the member of the settings file, or NULL
 * for a program that reads none. */
#ifndef POOLMINER_LOG_OPTIONS_H
#define POOLMINER_LOG_OPTIONS_H

#include <poolminer/options.h>

#define PM_OPTION_ROW_LOG_FORMAT(FILE_KEY)                                                         \
    {                                                                                              \
        .name = "log-format", .file_key = (FILE_KEY), .environment = "POOLMINER_LOG_FORMAT",       \
        .type = PM_OPTION_TEXT, .default_value = "text", .choices = "text|json",                   \
        .argument = "FORMAT", .help = "How a line of the log is written."                          \
    }
#define PM_OPTION_ROW_LOG_FILE(FILE_KEY)                                                           \
    {                                                                                              \
        .name = "log-file", .file_key = (FILE_KEY), .environment = "POOLMINER_LOG_FILE",           \
        .type = PM_OPTION_TEXT, .is_path = true, .argument = "FILE",                               \
        .help = "Where the log goes; standard error then has warnings and errors only. Several "   \
                "programs may have the same."                                                      \
    }
#define PM_OPTION_ROW_LOG_FILE_MIB(FILE_KEY)                                                       \
    {                                                                                              \
        .name = "log-file-mib", .file_key = (FILE_KEY), .environment = "POOLMINER_LOG_FILE_MIB",   \
        .type = PM_OPTION_NUMBER, .default_value = "10", .minimum = 0.01, .maximum = 10000,        \
        .argument = "MIB",                                                                         \
        .help = "How large it gets; then it becomes FILE.1, and what was that FILE.2."             \
    }
#define PM_OPTION_ROW_LOG_FILES(FILE_KEY)                                                          \
    {                                                                                              \
        .name = "log-files", .file_key = (FILE_KEY), .environment = "POOLMINER_LOG_FILES",         \
        .type = PM_OPTION_INTEGER, .default_value = "5", .minimum = 1, .maximum = 1000,            \
        .argument = "N", .help = "How many of them are kept, the newest included."                 \
    }

#endif
