/* The options that configure mining as a guest (poolminer/guest.h), as rows for a table of options:
 * the worker has them, and so has `poolminer mine`, which passes them on. FILE_KEY is the member of
 * the settings file, or NULL for a program that reads none. */
#ifndef POOLMINER_GUEST_OPTIONS_H
#define POOLMINER_GUEST_OPTIONS_H

#include <poolminer/options.h>

#define PM_OPTION_ROW_NICE(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "nice", .file_key = (FILE_KEY), .environment = "POOLMINER_NICE",                   \
        .type = PM_OPTION_INTEGER, .default_value = "19", .minimum = 0, .maximum = 19,             \
        .argument = "N",                                                                           \
        .help = "How far computing stands back behind other programs; 19: it gets only what they " \
                "leave (SCHED_IDLE), 0: not at all."                                               \
    }
#define PM_OPTION_ROW_CPU_LIMIT(FILE_KEY)                                                          \
    {                                                                                              \
        .name = "cpu-limit", .file_key = (FILE_KEY), .environment = "POOLMINER_CPU_LIMIT",         \
        .type = PM_OPTION_NUMBER, .default_value = "100", .minimum = 1, .maximum = 100,            \
        .argument = "PERCENT",                                                                     \
        .help = "How much of the processors' time that this process may have (taskset, cgroups) "  \
                "computing takes at most; 50 of four processors is two processors' time."          \
    }
#define PM_OPTION_ROW_BATTERY(FILE_KEY)                                                            \
    {                                                                                              \
        .name = "pause-on-battery", .file_key = (FILE_KEY),                                        \
        .environment = "POOLMINER_PAUSE_ON_BATTERY", .type = PM_OPTION_FLAG,                       \
        .default_value = "true", .help = "Compute nothing while the machine runs on its battery."  \
    }
#define PM_OPTION_ROW_CHARGE(FILE_KEY)                                                             \
    {                                                                                              \
        .name = "pause-below-charge", .file_key = (FILE_KEY),                                      \
        .environment = "POOLMINER_PAUSE_BELOW_CHARGE", .type = PM_OPTION_INTEGER,                  \
        .default_value = "0", .minimum = 0, .maximum = 100, .argument = "PERCENT",                 \
        .help = "Compute nothing while the battery has less, plugged in or not, until it has 5 "   \
                "percent more; 0: whatever it has."                                                \
    }
#define PM_OPTION_ROW_HOT(FILE_KEY)                                                                \
    {                                                                                              \
        .name = "pause-above-temp", .file_key = (FILE_KEY),                                        \
        .environment = "POOLMINER_PAUSE_ABOVE_TEMP", .type = PM_OPTION_NUMBER,                     \
        .default_value = "0", .minimum = 0, .maximum = 150, .argument = "DEGREES",                 \
        .help = "Compute nothing from when the processor is hotter (Celsius) until it is cooler "  \
                "than --resume-below-temp; 0: however hot it is."                                  \
    }
#define PM_OPTION_ROW_COOL(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "resume-below-temp", .file_key = (FILE_KEY),                                       \
        .environment = "POOLMINER_RESUME_BELOW_TEMP", .type = PM_OPTION_NUMBER,                    \
        .default_value = "0", .minimum = 0, .maximum = 150, .argument = "DEGREES",                 \
        .help = "See --pause-above-temp; 0: 10 degrees below it."                                  \
    }
#define PM_OPTION_ROW_USED(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "pause-while-used", .file_key = (FILE_KEY),                                        \
        .environment = "POOLMINER_PAUSE_WHILE_USED", .type = PM_OPTION_INTEGER,                    \
        .default_value = "0", .minimum = 0, .maximum = 86400, .argument = "SECONDS",               \
        .help = "Compute nothing until nobody has used the machine for so long, as far as that "   \
                "can be seen; 0: also while somebody does."                                        \
    }

#endif
