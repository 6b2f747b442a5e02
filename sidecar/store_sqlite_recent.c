#include "sidecar/store_sqlite_recent.h"

#include <stdlib.h>

/* Numbers of jobs ascend by one, so that as many of the newest have a slot of their own. The memory
 * is taken as slots are used, 1.6 MiB at the end. */
enum { SLOTS = 1024 };

struct slot {
    struct pm_store_job job; /* id 0: none */
    bool lacks_checkpoint;   /* for certain */
};

struct pm_sqlite_recent {
    struct slot slots[SLOTS];
};

struct pm_sqlite_recent *pm_sqlite_recent_create(void)
{
    return calloc(1, sizeof(struct pm_sqlite_recent));
}

void pm_sqlite_recent_destroy(struct pm_sqlite_recent *recent)
{
    free(recent);
}

static size_t place_of(int64_t id)
{
    return (size_t)((uint64_t)id % SLOTS);
}

static const struct slot *look_up(const struct pm_sqlite_recent *recent, int64_t id)
{
    const struct slot *slot = &recent->slots[place_of(id)];
    return id > 0 && slot->job.id == id ? slot : NULL;
}

static struct slot *find(struct pm_sqlite_recent *recent, int64_t id)
{
    return (struct slot *)look_up(recent, id);
}

const struct pm_store_job *pm_sqlite_recent_find(const struct pm_sqlite_recent *recent, int64_t id)
{
    const struct slot *slot = look_up(recent, id);
    return slot != NULL ? &slot->job : NULL;
}

void pm_sqlite_recent_note(struct pm_sqlite_recent *recent, const struct pm_store_job *job)
{
    struct slot *slot = &recent->slots[place_of(job->id)];
    slot->lacks_checkpoint = slot->lacks_checkpoint && slot->job.id == job->id;
    slot->job = *job;
    if (job->state != PM_JOB_LEASED) {
        slot->job.lease_until_ms = slot->job.lease_request = 0;
    }
    if (job->state == PM_JOB_QUEUED) {
        slot->job.holder[0] = '\0';
    }
    if (job->state == PM_JOB_QUEUED || job->state == PM_JOB_LEASED) {
        slot->job.reason[0] = '\0';
    }
}

void pm_sqlite_recent_forget(struct pm_sqlite_recent *recent, int64_t id)
{
    struct slot *slot = find(recent, id);
    if (slot != NULL) {
        slot->job.id = 0;
    }
}

void pm_sqlite_recent_forget_all(struct pm_sqlite_recent *recent)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (recent->slots[i].job.id != 0) { /* or memory would be taken that never was used */
            recent->slots[i].job.id = 0;
        }
    }
}

void pm_sqlite_recent_note_renewed(struct pm_sqlite_recent *recent, int64_t id, int64_t until_ms)
{
    struct slot *slot = find(recent, id);
    if (slot != NULL && slot->job.state == PM_JOB_LEASED) {
        slot->job.lease_until_ms = until_ms;
    }
}

void pm_sqlite_recent_note_checkpoint(struct pm_sqlite_recent *recent, int64_t id, bool there)
{
    struct slot *slot = find(recent, id);
    if (slot != NULL) {
        slot->lacks_checkpoint = !there;
    }
}

bool pm_sqlite_recent_lacks_checkpoint(const struct pm_sqlite_recent *recent, int64_t id)
{
    const struct slot *slot = look_up(recent, id);
    return slot != NULL && slot->lacks_checkpoint;
}
