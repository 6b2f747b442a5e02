/* Who is there: the named clients the broker has heard, what they said of their progress, and which
 * of them are parked, waiting for work. In memory only; a restarted sidecar hears them all again.
 *
 * Bounded: beyond PM_ROSTER_MAX the client silent for longest that is not parked is forgotten. */
#ifndef PM_SIDECAR_ROSTER_H
#define PM_SIDECAR_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/wire.h>

enum {
    PM_ROSTER_MAX = 8192,
    PM_ROSTER_PARKED_MAX = 4096,
    PM_ROSTER_RUN_MAX = 128,
    PM_ROSTER_REPORT_MS = 10000, /* for so long a report is believed */
};

struct pm_peer {
    char routing_id[PM_WIRE_ROUTING_ID_MAX + 1];
    struct pm_wire_identity identity;
    int64_t heard_ms;            /* on the queue's steady clock; likewise below */
    int64_t unreachable_ms;      /* since when no connection was found; -1: connected */
    uint64_t last_lease_request; /* 0: none since the sidecar started; likewise below */
    uint64_t last_tell_request;
    int64_t progress_job; /* 0: none */
    char *progress;       /* JSON text, or NULL */

    /* What a worker's process tells of itself, over a connection of its own; NULL: nothing. */
    char *report; /* JSON text */
    char *paused; /* why it computes nothing; "": it does */

    bool parked;
    bool served; /* parked, and given a job in the transaction that is open */
    uint64_t parked_request;
    int parked_connection; /* links.h */
    int64_t parked_until_ms;
    char parked_run[PM_ROSTER_RUN_MAX + 1];

    /* Private to roster.c: hash chain; heard order; parked order. */
    struct pm_peer *chain, *heard_before, *heard_after, *parked_before, *parked_after;
};

struct pm_roster {
    struct pm_peer **buckets;
    struct pm_peer *silent_longest, *heard_last; /* ends of the heard order */
    struct pm_peer *parked_first, *parked_last;  /* ends of the parked order */
    size_t count, parked_count;
};

bool pm_roster_create(struct pm_roster *roster);
void pm_roster_destroy(struct pm_roster *roster);

/* The client with this routing id, which has just been heard; made if new. NULL: it has no name as
 * the protocol asks, or memory is out. */
struct pm_peer *pm_roster_hear(struct pm_roster *roster, const void *routing_id, size_t size,
                               int64_t now_ms);
/* The client, or NULL. */
struct pm_peer *pm_roster_find(const struct pm_roster *roster, const char *routing_id);
struct pm_peer *pm_roster_next(const struct pm_peer *peer); /* from silent_longest on */

/* Parks a client at the end of the line. False: the line is full. */
bool pm_roster_park(struct pm_roster *roster, struct pm_peer *peer, uint64_t request_id,
                    const char *run, int64_t until_ms);
void pm_roster_unpark(struct pm_roster *roster, struct pm_peer *peer);
struct pm_peer *pm_roster_next_parked(const struct pm_peer *peer);

/* The client that has told last how far this job is, not before `since_ms`, or NULL. Its name is
 * that of the holder, which may tell it over a connection of its own. */
const struct pm_peer *pm_roster_find_progress(const struct pm_roster *roster, const char *name,
                                              int64_t job, int64_t since_ms);

/* Remembers copies of both. PM_ERROR_MEMORY. */
bool pm_roster_set_report(struct pm_peer *peer, const char *report, const char *paused,
                          struct pm_error *error);
/* The latest report of a worker of this name, at most PM_ROSTER_REPORT_MS old, or NULL. */
const struct pm_peer *pm_roster_find_report(const struct pm_roster *roster, const char *name,
                                            int64_t now_ms);
/* Whether the peer has reported within that time. */
bool pm_roster_reports(const struct pm_peer *peer, int64_t now_ms);
/* Why no worker computes: some report, all of them rest, and nobody waits for work. "": one
 * computes or waits; NULL: nobody says anything. */
const char *pm_roster_paused(const struct pm_roster *roster, int64_t now_ms);

/* Remembers a copy of the progress; NULL forgets it. */
void pm_roster_set_progress(struct pm_peer *peer, int64_t job, const char *progress);

#endif
