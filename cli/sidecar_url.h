/* Which sidecar a verb speaks with. */
#ifndef CLI_SIDECAR_URL_H
#define CLI_SIDECAR_URL_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>
#include <poolminer/queue_client.h>

/* Rows for the verb's own options; it has USE_QUEUE beside. */
#define SIDECAR_URL_OPTIONS                                                                        \
    {.name = "sidecar-url",                                                                        \
     .environment = "POOLMINER_SIDECAR_URL",                                                       \
     .type = PM_OPTION_TEXT,                                                                       \
     .repeats = true,                                                                              \
     .argument = "URL",                                                                            \
     .help = "The sidecar to ask, or several over the same store, of which one that answers is "   \
             "asked; by default that of the miner that runs here, or else the one at "             \
             "--sidecar-port on this machine."},                                                   \
    {                                                                                              \
        .name = "key-file", .environment = "POOLMINER_KEY_FILE", .type = PM_OPTION_TEXT,           \
        .is_path = true, .argument = "FILE",                                                       \
        .help = "For a sidecar that wants keys: what `poolminer keys authorize` made."             \
    }

enum { SIDECAR_URL_SIZE = 128 };

/* The first --sidecar-url, else --sidecar-port of the command line on this machine, else where the
 * miner that runs with the files here has its sidecar, else the settings' port. */
bool sidecar_url_find(const struct pm_options *options, char url[SIDECAR_URL_SIZE],
                      struct pm_error *error);

/* A client for asking it, or another --sidecar-url; gives up as soon as this process is to stop. */
bool sidecar_connect(const struct pm_options *options, struct pm_queue_client **out,
                     struct pm_error *error);

#endif
