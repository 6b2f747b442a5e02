#include "sidecar/store_sqlite_recent.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of jobs ascend by one, so that as many of the newest have a slot of their own. The memory
 * is taken as slots are used, 1.2 MiB at the end. */
enum { SLOTS = 2048 };

/* What of a job is remembered: all that stands before the reason, which is the longest member and
 * mostly empty. */
enum { REMEMBERED_BYTES = offsetof(struct pm_store_job, reason) };

struct slot {
    int64_t id; /* 0: none */
    enum pm_job_state state;
    bool lacks_checkpoint; /* for certain */
    unsigned char job[REMEMBERED_BYTES];
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
    return id > 0 && slot->id == id ? slot : NULL;
}

static struct slot *find(struct pm_sqlite_recent *recent, int64_t id)
{
    return (struct slot *)look_up(recent, id);
}

bool pm_sqlite_recent_get(const struct pm_sqlite_recent *recent, int64_t id,
                          struct pm_store_job *out)
{
    const struct slot *slot = look_up(recent, id);
    if (slot == NULL) {
        return false;
    }
    memcpy(out, slot->job, REMEMBERED_BYTES);
    out->reason[0] = '\0';
    return true;
}

void pm_sqlite_recent_note(struct pm_sqlite_recent *recent, const struct pm_store_job *job)
{
    struct slot *slot = &recent->slots[place_of(job->id)];
    const bool in_line = job->state == PM_JOB_QUEUED, leased = job->state == PM_JOB_LEASED;
    if (!in_line && !leased && job->reason[0] != '\0') {
        pm_sqlite_recent_forget(recent, job->id);
        return;
    }
    struct pm_store_job kept;
    memcpy(&kept, job, REMEMBERED_BYTES);
    if (!leased) {
        kept.lease_until_ms = kept.lease_request = 0;
    }
    if (in_line) {
        kept.holder[0] = '\0';
    }
    slot->lacks_checkpoint = slot->lacks_checkpoint && slot->id == job->id;
    slot->id = job->id;
    slot->state = job->state;
    memcpy(slot->job, &kept, REMEMBERED_BYTES);
}

void pm_sqlite_recent_forget(struct pm_sqlite_recent *recent, int64_t id)
{
    struct slot *slot = find(recent, id);
    if (slot != NULL) {
        slot->id = 0;
    }
}

void pm_sqlite_recent_forget_all(struct pm_sqlite_recent *recent)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (recent->slots[i].id != 0) { /* or memory would be taken that never was used */
            recent->slots[i].id = 0;
        }
    }
}

void pm_sqlite_recent_note_renewed(struct pm_sqlite_recent *recent, int64_t id, int64_t until_ms)
{
    struct slot *slot = find(recent, id);
    if (slot != NULL && slot->state == PM_JOB_LEASED) {
        memcpy(slot->job + offsetof(struct pm_store_job, lease_until_ms), &until_ms,
               sizeof until_ms);
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
