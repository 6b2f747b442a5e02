/* The options of programs that connect to a sidecar, worker and driver, as rows for a table of
 * options. */
#ifndef POOLMINER_SIDECAR_OPTIONS_H
#define POOLMINER_SIDECAR_OPTIONS_H

#include <poolminer/options.h>

#define PM_OPTION_ROW_SIDECAR_URL                                                                  \
    {                                                                                              \
        .name = "sidecar-url", .environment = "POOLMINER_SIDECAR_URL", .type = PM_OPTION_TEXT,     \
        .repeats = true, .default_value = "tcp://127.0.0.1:8123", .argument = "URL",               \
        .help = "The sidecar to take jobs to and from; several (in the environment separated by "  \
                "blanks) are sidecars over the same store, for when one does not answer."          \
    }

#define PM_OPTION_ROW_KEY_FILE                                                                     \
    {                                                                                              \
        .name = "key-file", .environment = "POOLMINER_KEY_FILE", .type = PM_OPTION_TEXT,           \
        .is_path = true, .argument = "FILE",                                                       \
        .help = "For a sidecar on another machine: what `poolminer keys authorize` made there."    \
    }

#endif
