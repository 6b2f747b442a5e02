#include "sidecar/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

bool pm_roster_create(struct pm_roster *roster)
{
    *roster = (struct pm_roster){0};
    roster->buckets = calloc(BUCKETS, sizeof(struct pm_peer *));
    return roster->buckets != NULL;
}

static void free_peer(struct pm_peer *peer)
{
    free(peer->progress);
    free(peer->report);
    free(peer->paused);
    free(peer);
}

void pm_roster_destroy(struct pm_roster *roster)
{
    struct pm_peer *peer = roster->silent_longest;
    while (peer != NULL) {
        struct pm_peer *next = peer->heard_after;
        free_peer(peer);
        peer = next;
    }
    free(roster->buckets);
    *roster = (struct pm_roster){0};
}

static struct pm_peer **bucket(const struct pm_roster *roster, const char *routing_id)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    for (const char *c = routing_id; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
    }
    return &roster->buckets[hash % BUCKETS];
}

struct pm_peer *pm_roster_find(const struct pm_roster *roster, const char *routing_id)
{
    struct pm_peer *peer = *bucket(roster, routing_id);
    while (peer != NULL && strcmp(peer->routing_id, routing_id) != 0) {
        peer = peer->chain;
    }
    return peer;
}

struct pm_peer *pm_roster_next(const struct pm_peer *peer)
{
    return peer->heard_after;
}

struct pm_peer *pm_roster_next_parked(const struct pm_peer *peer)
{
    return peer->parked_after;
}

/* ---- the heard order ---- */

static void heard_unlink(struct pm_roster *roster, struct pm_peer *peer)
{
    *(peer->heard_before == NULL ? &roster->silent_longest : &peer->heard_before->heard_after) =
        peer->heard_after;
    *(peer->heard_after == NULL ? &roster->heard_last : &peer->heard_after->heard_before) =
        peer->heard_before;
}

static void heard_append(struct pm_roster *roster, struct pm_peer *peer)
{
    peer->heard_after = NULL;
    peer->heard_before = roster->heard_last;
    *(roster->heard_last == NULL ? &roster->silent_longest : &roster->heard_last->heard_after) =
        peer;
    roster->heard_last = peer;
}

static void forget_one(struct pm_roster *roster)
{
    struct pm_peer *peer = roster->silent_longest;
    while (peer != NULL && peer->parked) {
        peer = peer->heard_after;
    }
    if (peer == NULL) {
        return;
    }
    struct pm_peer **link = bucket(roster, peer->routing_id);
    while (*link != NULL && *link != peer) {
        link = &(*link)->chain;
    }
    if (*link != NULL) {
        *link = peer->chain;
    }
    heard_unlink(roster, peer);
    free_peer(peer);
    roster->count--;
}

static struct pm_peer *add(struct pm_roster *roster, const char *routing_id)
{
    struct pm_wire_identity identity;
    if (!pm_wire_identity_decode(routing_id, strlen(routing_id), &identity)) {
        return NULL;
    }
    if (roster->count >= PM_ROSTER_MAX) {
        forget_one(roster);
    }
    struct pm_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL) {
        return NULL;
    }
    snprintf(peer->routing_id, sizeof peer->routing_id, "%s", routing_id);
    peer->identity = identity;
    struct pm_peer **head = bucket(roster, routing_id);
    peer->chain = *head;
    *head = peer;
    heard_append(roster, peer);
    roster->count++;
    return peer;
}

struct pm_peer *pm_roster_hear(struct pm_roster *roster, const void *routing_id, size_t size,
                               int64_t now_ms)
{
    char text[PM_WIRE_ROUTING_ID_MAX + 1];
    if (size == 0 || size > PM_WIRE_ROUTING_ID_MAX || memchr(routing_id, '\0', size) != NULL) {
        return NULL;
    }
    memcpy(text, routing_id, size);
    text[size] = '\0';
    struct pm_peer *peer = pm_roster_find(roster, text);
    if (peer == NULL) {
        peer = add(roster, text);
    }
    if (peer != NULL) {
        peer->heard_ms = now_ms;
        peer->unreachable_ms = -1;
        heard_unlink(roster, peer);
        heard_append(roster, peer);
    }
    return peer;
}

/* ---- the parked order ---- */

bool pm_roster_park(struct pm_roster *roster, struct pm_peer *peer, uint64_t request_id,
                    const char *run, int64_t until_ms)
{
    pm_roster_unpark(roster, peer);
    if (roster->parked_count >= PM_ROSTER_PARKED_MAX) {
        return false;
    }
    peer->parked = true;
    peer->parked_request = request_id;
    peer->parked_until_ms = until_ms;
    snprintf(peer->parked_run, sizeof peer->parked_run, "%s", run);
    peer->parked_before = roster->parked_last;
    *(roster->parked_last == NULL ? &roster->parked_first : &roster->parked_last->parked_after) =
        peer;
    roster->parked_last = peer;
    roster->parked_count++;
    return true;
}

void pm_roster_unpark(struct pm_roster *roster, struct pm_peer *peer)
{
    if (!peer->parked) {
        return;
    }
    *(peer->parked_before == NULL ? &roster->parked_first : &peer->parked_before->parked_after) =
        peer->parked_after;
    *(peer->parked_after == NULL ? &roster->parked_last : &peer->parked_after->parked_before) =
        peer->parked_before;
    peer->parked_before = peer->parked_after = NULL;
    peer->parked = peer->served = false;
    roster->parked_count--;
}

void pm_roster_set_progress(struct pm_peer *peer, int64_t job, const char *progress)
{
    free(peer->progress);
    peer->progress = progress == NULL ? NULL : strdup(progress);
    peer->progress_job = job;
}

const struct pm_peer *pm_roster_find_progress(const struct pm_roster *roster, const char *name,
                                              int64_t job, int64_t since_ms)
{
    for (const struct pm_peer *peer = roster->heard_last;
         peer != NULL && peer->heard_ms >= since_ms; peer = peer->heard_before) {
        if (peer->progress != NULL && peer->progress_job == job &&
            strcmp(peer->identity.name, name) == 0) {
            return peer;
        }
    }
    return NULL;
}

bool pm_roster_set_report(struct pm_peer *peer, const char *report, const char *paused,
                          struct pm_error *error)
{
    char *report_copy = strdup(report), *paused_copy = strdup(paused);
    if (report_copy == NULL || paused_copy == NULL) {
        free(report_copy);
        free(paused_copy);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a report");
    }
    free(peer->report);
    free(peer->paused);
    peer->report = report_copy;
    peer->paused = paused_copy;
    return true;
}

bool pm_roster_reports(const struct pm_peer *peer, int64_t now_ms)
{
    return peer->report != NULL && now_ms - peer->heard_ms <= PM_ROSTER_REPORT_MS;
}

/* The first that reports, from `peer` on towards those silent for longer. */
static const struct pm_peer *next_report(const struct pm_peer *peer, int64_t now_ms)
{
    while (peer != NULL && !pm_roster_reports(peer, now_ms)) {
        peer = now_ms - peer->heard_ms <= PM_ROSTER_REPORT_MS ? peer->heard_before : NULL;
    }
    return peer;
}

const struct pm_peer *pm_roster_find_report(const struct pm_roster *roster, const char *name,
                                            int64_t now_ms)
{
    const struct pm_peer *peer = next_report(roster->heard_last, now_ms);
    while (peer != NULL && strcmp(peer->identity.name, name) != 0) {
        peer = next_report(peer->heard_before, now_ms);
    }
    return peer;
}

static bool rests(const struct pm_peer *report)
{
    return report != NULL && report->paused[0] != '\0';
}

const char *pm_roster_paused(const struct pm_roster *roster, int64_t now_ms)
{
    const struct pm_peer *first = next_report(roster->heard_last, now_ms);
    for (const struct pm_peer *peer = first; peer != NULL;
         peer = next_report(peer->heard_before, now_ms)) {
        if (!rests(peer)) {
            return "";
        }
    }
    /* One that rests may have asked for work just before. */
    for (const struct pm_peer *peer = roster->parked_first; peer != NULL;
         peer = pm_roster_next_parked(peer)) {
        if (!rests(pm_roster_find_report(roster, peer->identity.name, now_ms))) {
            return "";
        }
    }
    return first != NULL ? first->paused : NULL;
}
