/* What a transaction changes again and again, miners and counters, is added up and written once, at
 * its end or before somebody looks. */
#include "pool/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 64 }; /* a power of two, as all sizes of the table */

struct pm_store_miner_change {
    char hotkey[PM_ADDRESS_SIZE]; /* "": a free place */
    int64_t seen_ms;              /* 0: was not */
    struct pm_pool_counts counts;
    double best_score;
    int64_t epoch;              /* a window, too, in which all of these were added */
    int64_t reputation, leases; /* what was added */
};

static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *text != '\0'; text++) {
        value = (value ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return value;
}

/* The place of a hotkey, or a free one for it. */
static struct pm_store_miner_change *find(struct pm_store_miner_change *changes, size_t places,
                                          const char *hotkey)
{
    size_t place = hash(hotkey) & (places - 1);
    while (changes[place].hotkey[0] != '\0' && strcmp(changes[place].hotkey, hotkey) != 0) {
        place = (place + 1) & (places - 1);
    }
    return &changes[place];
}

static bool grow(struct pm_store_pending *pending, struct pm_error *error)
{
    size_t places = pending->places > 0 ? 2 * pending->places : FIRST_PLACES;
    struct pm_store_miner_change *larger = calloc(places, sizeof *larger);
    if (larger == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    }
    for (size_t i = 0; i < pending->places; i++) {
        if (pending->changes[i].hotkey[0] != '\0') {
            *find(larger, places, pending->changes[i].hotkey) = pending->changes[i];
        }
    }
    free(pending->changes);
    pending->changes = larger;
    pending->places = places;
    return true;
}

/* The changes of a miner; NULL with the error set. */
static struct pm_store_miner_change *change_of(struct pm_pool_store *store, const char *hotkey,
                                               struct pm_error *error)
{
    struct pm_store_pending *pending = &store->pending;
    if (2 * pending->count >= pending->places && !grow(pending, error)) {
        return NULL;
    }
    struct pm_store_miner_change *change = find(pending->changes, pending->places, hotkey);
    if (change->hotkey[0] == '\0') {
        snprintf(change->hotkey, sizeof change->hotkey, "%s", hotkey);
        pending->count++;
    }
    return change;
}

void pm_store_pending_clear(struct pm_pool_store *store)
{
    struct pm_store_pending *pending = &store->pending;
    if (pending->count > 0) {
        memset(pending->changes, 0, pending->places * sizeof *pending->changes);
    }
    pending->count = 0;
    memset(pending->counters, 0, sizeof pending->counters);
    pending->has_epoch = false;
    pending->has_next_due = false;
}

static bool write_miner(struct pm_pool_store *store, const struct pm_store_miner_change *change,
                        struct pm_error *error)
{
    const struct pm_pool_counts *counts = &change->counts;
    return pm_sql_execute(
               store->sql,
               "UPDATE miners SET"
               " last_seen_ms = CASE WHEN $2 > CAST(0 AS BIGINT) THEN $2 ELSE last_seen_ms END,"
               " evaluations_submitted = evaluations_submitted + $3,"
               " evaluations_finalised = evaluations_finalised + $4,"
               " evaluations_accurate = evaluations_accurate + $5,"
               " evolutions_submitted = evolutions_submitted + $6,"
               " evolutions_finalised = evolutions_finalised + $7,"
               " evolutions_over_threshold = evolutions_over_threshold + $8,"
               " reputation_total = reputation_total + $9,"
               " best_score = CASE WHEN best_score < $10 THEN $10 ELSE best_score END,"
               " lease_count = $11 + CASE WHEN $11 = CAST(0 AS BIGINT) OR lease_window = $12"
               "  THEN lease_count ELSE 0 END,"
               " lease_window = CASE WHEN $11 = CAST(0 AS BIGINT) THEN lease_window ELSE $12 END"
               " WHERE hotkey = $1",
               PM_SQL_VALUES(pm_sql_text(change->hotkey), pm_sql_integer(change->seen_ms),
                             pm_sql_integer(counts->evaluations_submitted),
                             pm_sql_integer(counts->evaluations_finalised),
                             pm_sql_integer(counts->evaluations_accurate),
                             pm_sql_integer(counts->evolutions_submitted),
                             pm_sql_integer(counts->evolutions_finalised),
                             pm_sql_integer(counts->evolutions_over_threshold),
                             pm_sql_integer(change->reputation), pm_sql_real(change->best_score),
                             pm_sql_integer(change->leases), pm_sql_integer(change->epoch)),
               error) &&
           (change->reputation == 0 ||
            pm_sql_execute(store->sql,
                           "INSERT INTO reputation (epoch, hotkey, micro) VALUES ($1, $2, $3)"
                           " ON CONFLICT (epoch, hotkey)"
                           " DO UPDATE SET micro = reputation.micro + $3",
                           PM_SQL_VALUES(pm_sql_integer(change->epoch), pm_sql_text(change->hotkey),
                                         pm_sql_integer(change->reputation)),
                           error));
}

static bool write_counter(struct pm_pool_store *store, const struct pm_store_counter *counter,
                          struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "INSERT INTO counters (name, value) VALUES ($1, $2)"
                          " ON CONFLICT (name) DO UPDATE SET value = $2",
                          PM_SQL_VALUES(pm_sql_text(counter->name), pm_sql_integer(counter->value)),
                          error);
}

bool pm_store_pending_write(struct pm_pool_store *store, struct pm_error *error)
{
    struct pm_store_pending *pending = &store->pending;
    for (size_t i = 0; i < pending->places && pending->count > 0; i++) {
        struct pm_store_miner_change *change = &pending->changes[i];
        if (change->hotkey[0] != '\0') {
            if (!write_miner(store, change, error)) {
                return false;
            }
            *change = (struct pm_store_miner_change){.seen_ms = 0};
            pending->count--;
        }
    }
    for (size_t i = 0; i < PM_STORE_COUNTERS_MAX; i++) {
        struct pm_store_counter *counter = &pending->counters[i];
        if (counter->changed && !write_counter(store, counter, error)) {
            return false;
        }
        counter->changed = false;
    }
    return true;
}

/* ---- changes ---- */

static bool add_if_new(struct pm_pool_store *store, const char *hotkey, int64_t now_ms,
                       struct pm_error *error)
{
    int64_t one;
    bool found;
    return pm_sql_select_integer(store->sql, "SELECT 1 FROM miners WHERE hotkey = $1",
                                 PM_SQL_VALUES(pm_sql_text(hotkey)), &one, &found, error) &&
           (found ||
            pm_sql_execute(store->sql,
                           "INSERT INTO miners (hotkey, registered_ms, last_seen_ms)"
                           " VALUES ($1, $2, $2)",
                           PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(now_ms)), error));
}

bool pm_store_miner_touch(struct pm_pool_store *store, const char *hotkey, int64_t now_ms,
                          struct pm_error *error)
{
    struct pm_store_miner_change *change = change_of(store, hotkey, error);
    if (change == NULL || (change->seen_ms == 0 && !add_if_new(store, hotkey, now_ms, error))) {
        return false;
    }
    change->seen_ms = now_ms;
    return true;
}

bool pm_store_miner_count(struct pm_pool_store *store, const char *hotkey,
                          const struct pm_pool_counts *more, struct pm_error *error)
{
    struct pm_store_miner_change *change = change_of(store, hotkey, error);
    if (change == NULL) {
        return false;
    }
    change->counts.evaluations_submitted += more->evaluations_submitted;
    change->counts.evaluations_finalised += more->evaluations_finalised;
    change->counts.evaluations_accurate += more->evaluations_accurate;
    change->counts.evolutions_submitted += more->evolutions_submitted;
    change->counts.evolutions_finalised += more->evolutions_finalised;
    change->counts.evolutions_over_threshold += more->evolutions_over_threshold;
    return true;
}

bool pm_store_miner_best_score(struct pm_pool_store *store, const char *hotkey, double score,
                               struct pm_error *error)
{
    struct pm_store_miner_change *change = change_of(store, hotkey, error);
    if (change == NULL) {
        return false;
    }
    change->best_score = score > change->best_score ? score : change->best_score;
    return true;
}

/* The same for what is of one epoch: what the miner has of another one is written first. */
static struct pm_store_miner_change *change_in_epoch(struct pm_pool_store *store,
                                                     const char *hotkey, int64_t epoch,
                                                     struct pm_error *error)
{
    struct pm_store_miner_change *change = change_of(store, hotkey, error);
    if (change != NULL && (change->reputation != 0 || change->leases != 0) &&
        change->epoch != epoch) {
        change = pm_store_pending_write(store, error) ? change_of(store, hotkey, error) : NULL;
    }
    if (change != NULL) {
        change->epoch = epoch;
    }
    return change;
}

bool pm_store_reputation_add(struct pm_pool_store *store, const char *hotkey, int64_t epoch,
                             int64_t micro, struct pm_error *error)
{
    struct pm_store_miner_change *change = change_in_epoch(store, hotkey, epoch, error);
    if (change == NULL) {
        return false;
    }
    change->reputation += micro;
    return true;
}

bool pm_store_miner_lease(struct pm_pool_store *store, const char *hotkey, int64_t window,
                          struct pm_error *error)
{
    struct pm_store_miner_change *change = change_in_epoch(store, hotkey, window, error);
    if (change == NULL) {
        return false;
    }
    change->leases++;
    return true;
}

/* A counter with its value; NULL with the error set. */
static struct pm_store_counter *counter_of(struct pm_pool_store *store, const char *name,
                                           struct pm_error *error)
{
    struct pm_store_counter *counter = store->pending.counters;
    bool found;
    while (counter->name[0] != '\0' && strcmp(counter->name, name) != 0) {
        counter++;
        if (counter == store->pending.counters + PM_STORE_COUNTERS_MAX) {
            pm_fail(error, PM_ERROR_LIMIT, "store: no room for counter %s", name);
            return NULL;
        }
    }
    if (counter->name[0] != '\0') {
        return counter;
    }
    counter->value = 0;
    /* Writers follow one another, so nobody comes between. */
    if (!pm_sql_select_integer(store->sql, "SELECT value FROM counters WHERE name = $1",
                               PM_SQL_VALUES(pm_sql_text(name)), &counter->value, &found, error)) {
        return NULL;
    }
    snprintf(counter->name, sizeof counter->name, "%s", name);
    return counter;
}

bool pm_store_next_id(struct pm_pool_store *store, const char *name, int64_t *out,
                      struct pm_error *error)
{
    struct pm_store_counter *counter = counter_of(store, name, error);
    if (counter == NULL) {
        return false;
    }
    *out = ++counter->value;
    counter->changed = true;
    return true;
}

bool pm_store_last_id(struct pm_pool_store *store, const char *name, int64_t *out,
                      struct pm_error *error)
{
    const struct pm_store_counter *counter = counter_of(store, name, error);
    *out = counter != NULL ? counter->value : 0;
    return counter != NULL;
}
