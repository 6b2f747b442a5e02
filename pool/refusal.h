/* Saying no: the HTTP status and the sentence that a miner gets instead of what it asked for. */
#ifndef POOL_REFUSAL_H
#define POOL_REFUSAL_H

#include <stdint.h>

struct pm_refusal {
    int status; /* 0: not refused */
    char detail[512];
    int retry_after_s;    /* for a Retry-After header; 0: none */
    int64_t seconds_left; /* until it is worth asking again; 0: not said */
};

/* Texts of docs/pool.md that clients tell apart. */
#define PM_DETAIL_ACTIVE_TASK "Miner already has active task"
#define PM_DETAIL_WINDOW "Lease already issued for this window. Wait for next window."
#define PM_DETAIL_NO_LEASE "Active lease assignment not found"
#define PM_DETAIL_MINIMUM "Cannot withdraw - below minimum"
#define PM_DETAIL_NO_WORK "No work available"

void pm_refuse(struct pm_refusal *refusal, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
