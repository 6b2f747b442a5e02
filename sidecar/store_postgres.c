/* PostgreSQL: the connection, statements and transactions. */
#include "sidecar/store_postgres.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <poolminer/log.h>

enum {
    SCHEMA_VERSION = 1,
    LOCK_CLASS = 0x504d5343, /* "PMSC", as in store_postgres_sql.c */
    OWNER_ATTEMPTS = 8,
    INT8_OID = 20, /* of PostgreSQL's catalog, and fixed for ever */
    TEXT_OID = 25,
    BYTEA_OID = 17,
};

/* A server that hangs must not hang the sidecar for ever: its clients are told, and ask again. */
static const char SESSION[] = "SET client_min_messages = warning; SET client_encoding = 'UTF8';"
                              "SET statement_timeout = 10000; SET lock_timeout = 5000;"
                              "SET idle_in_transaction_session_timeout = 30000;"
                              "SET search_path = poolminer_queue";

/* ---- statements ---- */

/* The server's first line; the others are for people who have the statement before them. */
static bool fail(struct pm_postgres_store *store, const char *doing, struct pm_error *error)
{
    const char *message = PQerrorMessage(store->connection);
    return pm_fail(error, PM_ERROR_IO, "the store: %s: PostgreSQL says: %.*s", doing,
                   (int)strcspn(message, "\n"), message);
}

static bool execute(struct pm_postgres_store *store, const char *sql, struct pm_error *error)
{
    PGresult *result = PQexec(store->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
           fail(store, "setting up", error);
}

static void add(struct pm_postgres_call *call, Oid type, const void *value, size_t length)
{
    int place = call->count++;
    call->values[place] = value;
    call->lengths[place] = (int)length;
    call->formats[place] = 1; /* as it is */
    call->types[place] = type;
}

void pm_postgres_number(struct pm_postgres_call *call, int64_t number)
{
    uint8_t *bytes = call->numbers[call->count];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    }
    add(call, INT8_OID, bytes, 8);
}

void pm_postgres_text(struct pm_postgres_call *call, const char *text)
{
    add(call, TEXT_OID, text, strlen(text));
}

void pm_postgres_bytes(struct pm_postgres_call *call, const struct pm_wire_frame *bytes)
{
    bool none = bytes == NULL;
    add(call, BYTEA_OID, none ? NULL : bytes->size == 0 ? "" : bytes->data, none ? 0 : bytes->size);
}

static bool prepare(struct pm_postgres_store *store, enum pm_postgres_statement which,
                    const struct pm_postgres_call *call, const char *name, struct pm_error *error)
{
    if (store->prepared[which]) {
        return true;
    }
    PGresult *result =
        PQprepare(store->connection, name, pm_postgres_sql[which], call->count, call->types);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    store->prepared[which] = good;
    return good || fail(store, "preparing a statement", error);
}

PGresult *pm_postgres_run(struct pm_postgres_store *store, enum pm_postgres_statement which,
                          const struct pm_postgres_call *call, struct pm_error *error)
{
    char name[16];
    snprintf(name, sizeof name, "s%d", (int)which);
    if (!prepare(store, which, call, name, error)) {
        return NULL;
    }
    PGresult *result = PQexecPrepared(store->connection, name, call->count, call->values,
                                      call->lengths, call->formats, 1);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        return result;
    }
    fail(store, "a statement failed", error);
    PQclear(result);
    return NULL;
}

bool pm_postgres_do(struct pm_postgres_store *store, enum pm_postgres_statement which,
                    const struct pm_postgres_call *call, struct pm_error *error)
{
    PGresult *result = pm_postgres_run(store, which, call, error);
    PQclear(result);
    return result != NULL;
}

int64_t pm_postgres_get_number(const PGresult *result, int row, int column)
{
    uint64_t number = 0;
    const uint8_t *bytes = (const uint8_t *)PQgetvalue(result, row, column);
    for (int i = 0; i < PQgetlength(result, row, column); i++) {
        number = number << 8 | bytes[i];
    }
    return (int64_t)number;
}

void pm_postgres_get_text(const PGresult *result, int row, int column, char *out, size_t size)
{
    snprintf(out, size, "%.*s", PQgetlength(result, row, column), PQgetvalue(result, row, column));
}

/* ---- the connection ---- */

static bool ask_bool(struct pm_postgres_store *store, const char *sql, bool *answer,
                     struct pm_error *error)
{
    PGresult *result = PQexec(store->connection, sql);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    *answer = good && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    return good || fail(store, "setting up", error);
}

/* Takes a number that no living sidecar has, and holds it as long as the connection is there. */
static bool take_number(struct pm_postgres_store *store, struct pm_error *error)
{
    for (int i = 0; i < OWNER_ATTEMPTS; i++) {
        uint32_t random;
        char sql[96];
        bool taken;
        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
            return pm_fail(error, PM_ERROR_IO, "reading random numbers failed");
        }
        store->owner = (int64_t)(random >> 1) + 1;
        store->owner = store->owner > INT32_MAX ? INT32_MAX : store->owner;
        snprintf(sql, sizeof sql, "SELECT pg_try_advisory_lock(%d, %lld)", LOCK_CLASS,
                 (long long)store->owner);
        if (!ask_bool(store, sql, &taken, error)) {
            return false;
        }
        if (taken) {
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_IO, "the store: no number is left for this sidecar");
}

/* The server's own setting may be one under which a commit is answered before it is written down;
 * any other is at least as safe as `on` of a server without standbys. */
static const char ON[] = "SELECT set_config('synchronous_commit', 'on', false)"
                         " WHERE current_setting('synchronous_commit') = 'off'";
static const char IS_UNSAFE[] = "SELECT current_setting('fsync') = 'off' OR"
                                " current_setting('full_page_writes') = 'off'";

/* What a session cannot set right is said once. */
static bool make_durable(struct pm_postgres_store *store, struct pm_error *error)
{
    bool unsafe;
    if (!store->durable) {
        return true;
    }
    if (!execute(store, ON, error) || !ask_bool(store, IS_UNSAFE, &unsafe, error)) {
        return false;
    }
    if (unsafe && !store->said_unsafe) {
        pm_log(
            PM_LOG_WARN, "SIDECAR-STORE-UNSAFE",
            "the PostgreSQL server runs with fsync or full_page_writes off: what is acknowledged "
            "may be lost with its machine's power");
    }
    store->said_unsafe = unsafe;
    return true;
}

static bool start_session(struct pm_postgres_store *store, struct pm_error *error)
{
    memset(store->prepared, 0, sizeof store->prepared);
    store->rest = PM_PG_REST_UNKNOWN;
    return execute(store, SESSION, error) && make_durable(store, error) &&
           take_number(store, error);
}

/* Others may have taken over what was ours meanwhile; the numbers of leases are not changed by it.
 */
static bool reconnect(struct pm_postgres_store *store, struct pm_error *error)
{
    PQreset(store->connection);
    if (PQstatus(store->connection) != CONNECTION_OK) {
        return fail(store, "connecting again", error);
    }
    return start_session(store, error);
}

/* ---- transactions ---- */

static bool postgres_begin(struct pm_store *base, bool durable, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    const char *begin =
        durable && store->durable ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off";
    if (PQstatus(store->connection) != CONNECTION_OK && !reconnect(store, error)) {
        return false;
    }
    if (!execute(store, begin, error)) {
        /* That the server went away shows at the first statement: nothing has been done yet. */
        if (PQstatus(store->connection) == CONNECTION_OK || !reconnect(store, error) ||
            !execute(store, begin, error)) {
            return false;
        }
    }
    return pm_postgres_runs_load(store, error);
}

static void postgres_rollback(struct pm_store *base)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    PQclear(PQexec(store->connection, "ROLLBACK"));
    store->rest = store->rest_open ? PM_PG_REST_UNKNOWN : store->rest;
    store->rest_open = false;
    pm_postgres_runs_ended(store, false);
}

static bool postgres_commit(struct pm_store *base, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    if (!pm_postgres_runs_flush(store, error)) {
        return false;
    }
    PGresult *result = PQexec(store->connection, "COMMIT");
    /* A transaction in which something failed "commits" by rolling back, and says so. */
    bool committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    if (!committed) {
        return fail(store, "commit", error);
    }
    store->rest_open = false;
    pm_postgres_runs_ended(store, true);
    return true;
}

/* PostgreSQL looks after its own disk, and says when it is full. */
static bool postgres_room(struct pm_store *base, int64_t *bytes, struct pm_error *error)
{
    (void)base;
    (void)error;
    *bytes = INT64_MAX;
    return true;
}

static void postgres_close(struct pm_store *base)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    PQfinish(store->connection);
    free(store->runs);
    free(store);
}

/* ---- opening ---- */

static const struct pm_store_verbs VERBS = {
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .room = postgres_room,
    .run_find = pm_postgres_run_find,
    .run_name = pm_postgres_run_name,
    .run_at = pm_postgres_run_at,
    .count = pm_postgres_count,
    .counted = pm_postgres_counted,
    .next_turn = pm_postgres_next_turn,
    .job_insert = pm_postgres_job_insert,
    .job_get = pm_postgres_job_get,
    .job_find = pm_postgres_job_find,
    .job_next = pm_postgres_job_next,
    .job_move = pm_postgres_job_move,
    .job_renew = pm_postgres_job_renew,
    .renew_all = pm_postgres_renew_all,
    .adopt = pm_postgres_adopt,
    .job_delete = pm_postgres_job_delete,
    .list = pm_postgres_list,
    .part_get = pm_postgres_part_get,
    .checkpoint_set = pm_postgres_checkpoint_set,
    .record_find = pm_postgres_record_find,
    .record_put = pm_postgres_record_put,
    .records = pm_postgres_records,
    .record_drop_oldest = pm_postgres_record_drop_oldest,
    .record_totals = pm_postgres_record_totals,
    .rest_tell = pm_postgres_rest_tell,
    .rest_ask = pm_postgres_rest_ask,
};

/* Two sidecars that start at once make the tables one after the other. */
static bool make_tables(struct pm_postgres_store *store, struct pm_error *error)
{
    char newer[64];
    bool is_newer;
    snprintf(newer, sizeof newer, "SELECT max(version) > %d FROM version", SCHEMA_VERSION);
    if (!execute(store, "SET client_min_messages = warning; BEGIN", error) ||
        !execute(store, "SELECT pg_advisory_xact_lock(1347244867, 0)", error) ||
        !execute(store, pm_postgres_schema, error) || !ask_bool(store, newer, &is_newer, error) ||
        !execute(store, "COMMIT", error)) {
        return false;
    }
    return !is_newer || pm_fail(error, PM_ERROR_INVALID,
                                "the store was made by a newer version of this program; use that, "
                                "or name another database with --store");
}

bool pm_store_is_postgres(const char *name)
{
    return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

bool pm_store_postgres_open(const char *url, bool durable, struct pm_store **out,
                            struct pm_error *error)
{
    static const char *const names[] = {"dbname", "connect_timeout", "fallback_application_name",
                                        NULL};
    const char *const values[] = {url, "5", "poolminer-sidecar", NULL};
    struct pm_postgres_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the store");
    }
    store->base.verbs = &VERBS;
    store->base.shared = true;
    store->durable = durable;
    store->connection = PQconnectdbParams(names, values, 1);
    PQsetNoticeProcessor(store->connection, say_nothing, NULL);
    bool good = PQstatus(store->connection) == CONNECTION_OK
                    ? make_tables(store, error) && start_session(store, error) &&
                          pm_postgres_runs_load(store, error)
                    : fail(store, "connecting (is the server there, and the URL right?)", error);
    if (!good) {
        postgres_close(&store->base);
        return false;
    }
    *out = &store->base;
    return true;
}
