/* What `poolminer doctor` looks at: each check says what it found, one line each. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

enum doctor_state {
    DOCTOR_PASS,
    DOCTOR_WARN,    /* mining works, less well than it could */
    DOCTOR_FAIL,    /* mining does not work, or earns nothing */
    DOCTOR_UNKNOWN, /* not to be known here */
    DOCTOR_STATE_COUNT
};

/* What the pool says of the data that it is scored on; "": it does not say. */
struct doctor_pool {
    bool answers;
    char fingerprint[65], suite[33];
};

struct doctor {
    const struct pm_options *options;
    char *data_directory;
    struct doctor_pool pool; /* of the first address that answers */
    bool json;
    size_t count[DOCTOR_STATE_COUNT]; /* findings so far */
    struct pm_error error; /* why a finding could not be shown; code PM_ERROR_NONE: all */
};

/* Shows one finding. `remedy`: what to do, NULL where nothing is to be done or the text says it. */
void doctor_say(struct doctor *doctor, const char *check, enum doctor_state state,
                const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* dns, tls, pool and clock, of every address of the pool; fills doctor->pool. */
void doctor_check_pool(struct doctor *doctor);
/* key and memory: there, private, readable, and kept out of the swap. */
void doctor_check_key(struct doctor *doctor);
/* disk and queue: room in the data directory, and whether it can be written to. */
void doctor_check_data(struct doctor *doctor);
/* instance: another miner with these files, or on this port. */
void doctor_check_instance(struct doctor *doctor);
/* processor, cgroup, affinity. */
void doctor_check_cores(struct doctor *doctor);
/* dataset and selftest: whether scores will be those of others. After doctor_check_pool. */
void doctor_check_scores(struct doctor *doctor);
/* power: batteries and mains. */
void doctor_check_power(struct doctor *doctor);

#endif
