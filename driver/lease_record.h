/* A lease as the sidecar keeps it for the driver: written before the first job is put, so that
 * whatever happens afterwards the lease is found again. Key "lease/ACCOUNT/ID"; states below. */
#ifndef DRIVER_LEASE_RECORD_H
#define DRIVER_LEASE_RECORD_H

#include "driver/lease.h"
#include "driver/lease_end.h"
#include "driver/lease_jobs.h"
#include "driver/submission.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* The reason of an open record once a submission may have been sent. */
#define PM_LEASE_SUBMITTING "submitting"

enum { PM_LEASE_GRANTED_BY_SIZE = 513 };

struct pm_lease_record {
    struct pm_lease lease;
    int64_t deadline_ms; /* unix, by our own clock */
    struct pm_lease_job_settings jobs;
    char profile[32]; /* what jobs.profile points to after decoding */
    /* The pool's address that granted it, for another may not know it; "": not known. */
    char granted_by[PM_LEASE_GRANTED_BY_SIZE];
    bool maybe_submitted;
    int64_t asked_ms; /* when it was asked for, in this life; 0: in an earlier one. Not recorded */
};

/* What all of this miner's record keys begin with. */
void pm_lease_record_prefix(const char *account, char out[PM_JOB_KEY_SIZE]);
void pm_lease_record_key(const char *account, const char *lease_id, char out[PM_JOB_KEY_SIZE]);

/* The body of an open record, NUL-terminated (the caller frees); NULL with the error set. */
char *pm_lease_record_encode(const struct pm_lease_record *record, struct pm_error *error);
/* `out` is not to be copied: jobs.profile points into it. Clear it after success. */
bool pm_lease_record_decode(const void *body, size_t size, struct pm_lease_record *out,
                            struct pm_error *error);
void pm_lease_record_clear(struct pm_lease_record *record);

/* The body of a closed record: how it ended, and what was computed for it, as submitted; only the
 * counts when that is larger than a record may be. */
char *pm_lease_record_encode_closed(const struct pm_lease_record *record,
                                    const struct pm_submission *submission,
                                    const struct pm_lease_end *end, struct pm_error *error);

#endif
