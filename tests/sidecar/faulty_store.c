#include "sidecar/faulty_store.h"

#include "sidecar/sidecar_test.h"

#include <stdlib.h>

struct faulty {
    struct pm_store base;
    struct pm_store *inner;
    int64_t fail_at, calls;
};

static struct faulty *of(struct pm_store *store)
{
    return (struct faulty *)store;
}

static bool faults(struct pm_store *store, struct pm_error *error)
{
    struct faulty *faulty = of(store);
    if (++faulty->calls != faulty->fail_at) {
        return false;
    }
    pm_fail(error, PM_ERROR_IO, "the store: injected fault");
    return true;
}

/* Forwards a call, unless it is the one to fail. */
#define FORWARD(name, ...) (!faults(store, error) && of(store)->inner->verbs->name(__VA_ARGS__))
#define INNER of(store)->inner

static void faulty_close(struct pm_store *store)
{
    INNER->verbs->close(INNER);
    free(store);
}

static bool faulty_begin(struct pm_store *store, bool durable, struct pm_error *error)
{
    return FORWARD(begin, INNER, durable, error);
}

static bool faulty_commit(struct pm_store *store, struct pm_error *error)
{
    return FORWARD(commit, INNER, error);
}

static void faulty_rollback(struct pm_store *store)
{
    INNER->verbs->rollback(INNER);
}

static bool faulty_sync(struct pm_store *store, struct pm_error *error)
{
    if (FORWARD(sync, INNER, error)) {
        return true;
    }
    atomic_store(&INNER->lost, true);
    atomic_store(&store->lost, true);
    return false;
}

static bool faulty_room(struct pm_store *store, int64_t *bytes, struct pm_error *error)
{
    return FORWARD(room, INNER, bytes, error);
}

static bool faulty_run_find(struct pm_store *store, const char *name, bool create, int64_t *run,
                            struct pm_error *error)
{
    return FORWARD(run_find, INNER, name, create, run, error);
}

static const char *faulty_run_name(struct pm_store *store, int64_t run)
{
    return INNER->verbs->run_name(INNER, run);
}

static int64_t faulty_run_at(struct pm_store *store, size_t index)
{
    return INNER->verbs->run_at(INNER, index);
}

static void faulty_count(struct pm_store *store, int64_t run, enum pm_counter counter,
                         int64_t change)
{
    INNER->verbs->count(INNER, run, counter, change);
}

static int64_t faulty_counted(struct pm_store *store, int64_t run, enum pm_counter counter)
{
    return INNER->verbs->counted(INNER, run, counter);
}

static bool faulty_next_turn(struct pm_store *store, int64_t run, int64_t priority, int64_t *turn,
                             struct pm_error *error)
{
    return FORWARD(next_turn, INNER, run, priority, turn, error);
}

static bool faulty_job_insert(struct pm_store *store, struct pm_store_job *job,
                              const struct pm_wire_frame *body, struct pm_error *error)
{
    return FORWARD(job_insert, INNER, job, body, error);
}

static bool faulty_job_get(struct pm_store *store, int64_t id, struct pm_store_job *out,
                           bool *found, struct pm_error *error)
{
    return FORWARD(job_get, INNER, id, out, found, error);
}

static bool faulty_job_find(struct pm_store *store, int64_t run, const char *key, int64_t *id,
                            struct pm_error *error)
{
    return FORWARD(job_find, INNER, run, key, id, error);
}

static bool faulty_job_next(struct pm_store *store, int64_t run, struct pm_store_job *out,
                            bool *found, struct pm_error *error)
{
    return FORWARD(job_next, INNER, run, out, found, error);
}

static bool faulty_job_move(struct pm_store *store, const struct pm_store_job *job,
                            enum pm_job_state from, const struct pm_wire_frame *result,
                            struct pm_error *error)
{
    return FORWARD(job_move, INNER, job, from, result, error);
}

static bool faulty_job_renew(struct pm_store *store, int64_t id, int64_t until_ms,
                             struct pm_error *error)
{
    return FORWARD(job_renew, INNER, id, until_ms, error);
}

static bool faulty_adopt(struct pm_store *store, int64_t until_ms, struct pm_error *error)
{
    return FORWARD(adopt, INNER, until_ms, error);
}

static bool faulty_renew_all(struct pm_store *store, int64_t until_ms, struct pm_error *error)
{
    return FORWARD(renew_all, INNER, until_ms, error);
}

static bool faulty_job_delete(struct pm_store *store, const struct pm_store_job *job,
                              struct pm_error *error)
{
    return FORWARD(job_delete, INNER, job, error);
}

static bool faulty_list(struct pm_store *store, const struct pm_store_query *query, int64_t *ids,
                        size_t capacity, size_t *count, struct pm_error *error)
{
    return FORWARD(list, INNER, query, ids, capacity, count, error);
}

static bool faulty_part_get(struct pm_store *store, const struct pm_store_job *job,
                            enum pm_store_part part, void **data, size_t *size,
                            struct pm_error *error)
{
    return FORWARD(part_get, INNER, job, part, data, size, error);
}

static bool faulty_checkpoint_set(struct pm_store *store, int64_t id,
                                  const struct pm_wire_frame *checkpoint, struct pm_error *error)
{
    return FORWARD(checkpoint_set, INNER, id, checkpoint, error);
}

static bool faulty_record_find(struct pm_store *store, int64_t run, const char *key,
                               char state[PM_STORE_STATE_MAX + 1], int64_t *size,
                               struct pm_error *error)
{
    return FORWARD(record_find, INNER, run, key, state, size, error);
}

static bool faulty_record_put(struct pm_store *store, int64_t run, struct pm_store_record *record,
                              const struct pm_wire_frame *body, struct pm_error *error)
{
    return FORWARD(record_put, INNER, run, record, body, error);
}

static bool faulty_records(struct pm_store *store, int64_t run,
                           const struct pm_store_record_query *query,
                           pm_store_record_visitor *visit, void *context, struct pm_error *error)
{
    return FORWARD(records, INNER, run, query, visit, context, error);
}

static bool faulty_record_drop_oldest(struct pm_store *store, int64_t run, struct pm_error *error)
{
    return FORWARD(record_drop_oldest, INNER, run, error);
}

static bool faulty_record_totals(struct pm_store *store, int64_t run, pm_store_total_visitor *visit,
                                 void *context, struct pm_error *error)
{
    return FORWARD(record_totals, INNER, run, visit, context, error);
}

static bool faulty_rest_tell(struct pm_store *store, const char *paused, struct pm_error *error)
{
    return FORWARD(rest_tell, INNER, paused, error);
}

static bool faulty_rest_ask(struct pm_store *store, bool *told, char paused[PM_QUEUE_PAUSED_SIZE],
                            struct pm_error *error)
{
    return FORWARD(rest_ask, INNER, told, paused, error);
}

static const struct pm_store_verbs VERBS = {
    .close = faulty_close,
    .begin = faulty_begin,
    .commit = faulty_commit,
    .rollback = faulty_rollback,
    .sync = faulty_sync,
    .room = faulty_room,
    .run_find = faulty_run_find,
    .run_name = faulty_run_name,
    .run_at = faulty_run_at,
    .count = faulty_count,
    .counted = faulty_counted,
    .next_turn = faulty_next_turn,
    .job_insert = faulty_job_insert,
    .job_get = faulty_job_get,
    .job_find = faulty_job_find,
    .job_next = faulty_job_next,
    .job_move = faulty_job_move,
    .job_renew = faulty_job_renew,
    .renew_all = faulty_renew_all,
    .adopt = faulty_adopt,
    .job_delete = faulty_job_delete,
    .list = faulty_list,
    .part_get = faulty_part_get,
    .checkpoint_set = faulty_checkpoint_set,
    .record_find = faulty_record_find,
    .record_put = faulty_record_put,
    .records = faulty_records,
    .record_drop_oldest = faulty_record_drop_oldest,
    .record_totals = faulty_record_totals,
    .rest_tell = faulty_rest_tell,
    .rest_ask = faulty_rest_ask,
};

struct pm_store *faulty_store_create(struct pm_store *inner)
{
    struct faulty *faulty = calloc(1, sizeof *faulty);
    assert_non_null(faulty);
    faulty->base.verbs = &VERBS;
    faulty->inner = inner;
    faulty->base.syncs_apart = inner->syncs_apart;
    faulty->base.shared = inner->shared;
    return &faulty->base;
}

void faulty_store_fail_at(struct pm_store *store, int64_t fail_at)
{
    of(store)->fail_at = fail_at;
    of(store)->calls = 0;
}

int64_t faulty_store_calls(const struct pm_store *store)
{
    return ((const struct faulty *)store)->calls;
}
