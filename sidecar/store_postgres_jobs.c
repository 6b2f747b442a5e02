/* Jobs: one row each. */
#include "sidecar/store_postgres.h"

#include <stdlib.h>
#include <string.h>

static struct pm_postgres_store *of(struct pm_store *base)
{
    return (struct pm_postgres_store *)base;
}

/* ---- reading ---- */

/* The columns of a job, in the order in which the statements name them. */
static void read_job(const struct pm_postgres_store *store, const PGresult *result,
                     struct pm_store_job *job)
{
    int column = 0;
    job->id = pm_postgres_get_number(result, 0, column++);
    job->run = pm_postgres_get_number(result, 0, column++);
    job->state = (enum pm_job_state)pm_postgres_get_number(result, 0, column++);
    job->priority = -pm_postgres_get_number(result, 0, column++);
    job->turn = pm_postgres_get_number(result, 0, column++);
    job->deadline_ms = pm_postgres_get_number(result, 0, column++);
    job->created_ms = pm_postgres_get_number(result, 0, column++);
    job->collected = pm_postgres_get_number(result, 0, column++) != 0;
    job->token = pm_postgres_get_number(result, 0, column++);
    job->failures = pm_postgres_get_number(result, 0, column++);
    job->ended_token = pm_postgres_get_number(result, 0, column++);
    job->bytes = pm_postgres_get_number(result, 0, column++);
    job->lease_until_ms = pm_postgres_get_number(result, 0, column++);
    job->elsewhere =
        pm_postgres_get_number(result, 0, column++) != store->owner && job->state == PM_JOB_LEASED;
    job->lease_request = pm_postgres_get_number(result, 0, column++);
    pm_postgres_get_text(result, 0, column++, job->holder, sizeof job->holder);
    pm_postgres_get_text(result, 0, column++, job->reason, sizeof job->reason);
    pm_postgres_get_text(result, 0, column++, job->key, sizeof job->key);
    pm_postgres_get_text(result, 0, column, job->kind, sizeof job->kind);
}

static bool get_one(struct pm_store *base, enum pm_postgres_statement which,
                    const struct pm_postgres_call *call, struct pm_store_job *out, bool *found,
                    struct pm_error *error)
{
    PGresult *result = pm_postgres_run(of(base), which, call, error);
    if (result == NULL) {
        return false;
    }
    *found = PQntuples(result) > 0;
    if (*found) {
        read_job(of(base), result, out);
    }
    PQclear(result);
    return true;
}

bool pm_postgres_job_get(struct pm_store *base, int64_t id, struct pm_store_job *out, bool *found,
                         struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, id);
    return get_one(base, PM_PG_JOB_GET, &call, out, found, error);
}

bool pm_postgres_job_next(struct pm_store *base, int64_t run, struct pm_store_job *out, bool *found,
                          struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    if (run == 0) {
        return get_one(base, PM_PG_JOB_NEXT, &call, out, found, error);
    }
    pm_postgres_number(&call, run);
    return get_one(base, PM_PG_JOB_NEXT_OF_RUN, &call, out, found, error);
}

/* The only number of a result, 0 when there is none. */
static bool one_number(struct pm_store *base, enum pm_postgres_statement which,
                       const struct pm_postgres_call *call, int64_t *out, struct pm_error *error)
{
    PGresult *result = pm_postgres_run(of(base), which, call, error);
    if (result == NULL) {
        return false;
    }
    *out = PQntuples(result) > 0 ? pm_postgres_get_number(result, 0, 0) : 0;
    PQclear(result);
    return true;
}

bool pm_postgres_job_find(struct pm_store *base, int64_t run, const char *key, int64_t *id,
                          struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, run);
    pm_postgres_text(&call, key);
    return one_number(base, PM_PG_JOB_FIND, &call, id, error);
}

bool pm_postgres_next_turn(struct pm_store *base, int64_t run, int64_t priority, int64_t *turn,
                           struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, run);
    pm_postgres_number(&call, -priority);
    return one_number(base, PM_PG_NEXT_TURN, &call, turn, error);
}

/* ---- changing ---- */

bool pm_postgres_job_insert(struct pm_store *base, struct pm_store_job *job,
                            const struct pm_wire_frame *body, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, job->run);
    pm_postgres_number(&call, -job->priority);
    pm_postgres_number(&call, job->turn);
    pm_postgres_number(&call, job->deadline_ms);
    pm_postgres_number(&call, job->created_ms);
    pm_postgres_number(&call, job->token);
    pm_postgres_number(&call, job->failures);
    pm_postgres_number(&call, job->ended_token);
    pm_postgres_number(&call, job->bytes);
    pm_postgres_text(&call, job->key);
    pm_postgres_text(&call, job->kind);
    pm_postgres_bytes(&call, body);
    return one_number(base, PM_PG_JOB_INSERT, &call, &job->id, error);
}

bool pm_postgres_job_move(struct pm_store *base, const struct pm_store_job *job,
                          enum pm_job_state from, const struct pm_wire_frame *result,
                          struct pm_error *error)
{
    const bool queued = job->state == PM_JOB_QUEUED, leased = job->state == PM_JOB_LEASED;
    struct pm_postgres_call call = {0};
    (void)from; /* one table holds all states */
    pm_postgres_number(&call, job->id);
    pm_postgres_number(&call, job->state);
    pm_postgres_number(&call, job->token);
    pm_postgres_number(&call, job->failures);
    pm_postgres_number(&call, job->ended_token);
    pm_postgres_number(&call, job->bytes);
    pm_postgres_number(&call, leased ? job->lease_until_ms : 0);
    pm_postgres_number(&call, leased ? job->lease_request : 0);
    pm_postgres_text(&call, queued ? "" : job->holder);
    pm_postgres_text(&call, queued || leased ? "" : job->reason);
    pm_postgres_number(&call, job->collected);
    pm_postgres_number(&call, leased ? of(base)->owner : 0);
    pm_postgres_bytes(&call, result);
    return pm_postgres_do(of(base), PM_PG_JOB_MOVE, &call, error);
}

bool pm_postgres_job_renew(struct pm_store *base, int64_t id, int64_t until_ms,
                           struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, id);
    pm_postgres_number(&call, until_ms);
    pm_postgres_number(&call, of(base)->owner);
    return pm_postgres_do(of(base), PM_PG_JOB_RENEW, &call, error);
}

static bool take_over(struct pm_store *base, enum pm_postgres_statement which, int64_t until_ms,
                      struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, until_ms);
    pm_postgres_number(&call, of(base)->owner);
    return pm_postgres_do(of(base), which, &call, error);
}

bool pm_postgres_renew_all(struct pm_store *base, int64_t until_ms, struct pm_error *error)
{
    return take_over(base, PM_PG_RENEW_ALL, until_ms, error);
}

bool pm_postgres_adopt(struct pm_store *base, int64_t until_ms, struct pm_error *error)
{
    return take_over(base, PM_PG_ADOPT, until_ms, error);
}

bool pm_postgres_job_delete(struct pm_store *base, const struct pm_store_job *job,
                            struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, job->id);
    return pm_postgres_do(of(base), PM_PG_JOB_DELETE, &call, error);
}

/* ---- parts ---- */

bool pm_postgres_part_get(struct pm_store *base, const struct pm_store_job *job,
                          enum pm_store_part part, void **data, size_t *size,
                          struct pm_error *error)
{
    static const enum pm_postgres_statement statements[] = {
        [PM_STORE_BODY] = PM_PG_BODY_GET,
        [PM_STORE_RESULT] = PM_PG_RESULT_GET,
        [PM_STORE_CHECKPOINT] = PM_PG_CHECKPOINT_GET,
    };
    struct pm_postgres_call call = {0};
    *data = NULL;
    *size = 0;
    pm_postgres_number(&call, job->id);
    PGresult *result = pm_postgres_run(of(base), statements[part], &call, error);
    if (result == NULL) {
        return false;
    }
    bool there = PQntuples(result) > 0 && PQgetisnull(result, 0, 0) == 0;
    size_t length = there ? (size_t)PQgetlength(result, 0, 0) : 0;
    *data = there ? malloc(length + 1) : NULL;
    if (*data != NULL) {
        memcpy(*data, PQgetvalue(result, 0, 0), length);
        *size = length;
    }
    PQclear(result);
    return !there || *data != NULL ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory for a job's body");
}

bool pm_postgres_checkpoint_set(struct pm_store *base, int64_t id,
                                const struct pm_wire_frame *checkpoint, struct pm_error *error)
{
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, id);
    pm_postgres_bytes(&call, checkpoint);
    return pm_postgres_do(of(base), PM_PG_CHECKPOINT_SET, &call, error);
}
