/* PostgreSQL through libpq. Statements are prepared once a connection; results come whole, so
 * cursors of different statements may be open side by side. What only writes is sent and not waited
 * for: the server answers it together with the next query, or before the commit. */
#include "pool/sql.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

enum {
    STATEMENTS_MAX = 256, /* a power of two, well above the number of statements in the pool */
    PARAMETERS_MAX = 16,
    /* Statements on their way. Their answers have to fit into a socket's buffer, for nobody reads
     * them meanwhile: some 40 bytes each. */
    UNANSWERED_MAX = 128,
    NUMBER_SIZE = 32,
    NAME_SIZE = 16,
};

struct postgres_cursor {
    struct pm_sql_cursor base;
    const char *text; /* NULL: a free place */
    bool prepared;    /* on this connection */
    char name[NAME_SIZE];
    PGresult *result;
    int row; /* -1: before the first */
};

struct postgres {
    struct pm_sql base;
    PGconn *connection;
    enum pm_sql_access access;
    struct postgres_cursor cursors[STATEMENTS_MAX]; /* hashed by the address of the text */
    const char *unanswered[UNANSWERED_MAX];         /* sent, in their order */
    size_t unanswered_count;                        /* 0: libpq is not in pipeline mode */
    bool confused; /* whose answer comes next is not known; only a new connection helps */
};

/* Any process may die in the middle of a transaction, its machine with it: the server ends what is
 * left of it. Whoever waits for another's transaction waits as long as SQLite's users do. */
static const char session[] = "SET synchronous_commit = on;"
                              "SET idle_in_transaction_session_timeout = 30000;"
                              "SET lock_timeout = 10000;"
                              "SET client_min_messages = warning;"
                              "SET client_encoding = 'UTF8'";

/* One writer at a time over all processes, as with SQLite: "pool" in the lock's number. */
static const char begin_write[] = "BEGIN ISOLATION LEVEL READ COMMITTED;"
                                  "SELECT pg_advisory_xact_lock(1886351212)";
static const char begin_read[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/* Who is at work shares this lock for as long as its connection lasts. */
static const char attend_alone[] = "SELECT CAST(pg_try_advisory_lock(1886351213) AS INTEGER)";
static const char attend[] = "SELECT pg_advisory_lock_shared(1886351213)";
static const char attend_with_others[] = "SELECT pg_advisory_unlock(1886351213)";

/* The server's first line; what follows it is for people who have the statement before them. */
static bool fail_saying(struct postgres *postgres, const char *doing, const char *message,
                        struct pm_error *error)
{
    int length = (int)strcspn(message, "\n");
    enum pm_error_code code =
        PQstatus(postgres->connection) == CONNECTION_OK ? PM_ERROR_IO : PM_ERROR_UNAVAILABLE;
    return pm_fail(error, code, "store: %.100s: PostgreSQL says: %.*s", doing, length, message);
}

static bool fail(struct postgres *postgres, const char *doing, struct pm_error *error)
{
    return fail_saying(postgres, doing, PQerrorMessage(postgres->connection), error);
}

/* ---- statements that are not waited for ---- */

static bool is_good(const PGresult *answer)
{
    ExecStatusType status = PQresultStatus(answer);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* The answer to the statement that is next in line; NULL when the connection is lost. */
static PGresult *take_answer(struct postgres *postgres, const char *text, bool *good,
                             struct pm_error *error)
{
    PGresult *answer = PQgetResult(postgres->connection);
    if (*good && answer == NULL) {
        *good = fail(postgres, text, error);
    } else if (*good && !is_good(answer)) {
        *good = fail_saying(postgres, text, PQresultErrorMessage(answer), error);
    }
    if (answer != NULL) {
        PQclear(PQgetResult(postgres->connection)); /* NULL, which ends it */
    }
    return answer;
}

/* Takes the answers of all that were sent, of the last one into *last if there is one. The first
 * that failed is the one to tell of: after it the server skips what follows. */
static bool settle(struct postgres *postgres, PGresult **last, struct pm_error *error)
{
    const size_t count = postgres->unanswered_count;
    bool good = true;
    if (count == 0) {
        return true;
    }
    postgres->unanswered_count = 0;
    if (PQpipelineSync(postgres->connection) != 1) {
        postgres->confused = true;
        return fail(postgres, postgres->unanswered[0], error);
    }
    for (size_t i = 0; i < count; i++) {
        PGresult *answer = take_answer(postgres, postgres->unanswered[i], &good, error);
        if (last != NULL && i + 1 == count) {
            *last = answer;
        } else {
            PQclear(answer);
        }
    }
    PGresult *synced = PQgetResult(postgres->connection);
    postgres->confused = PQresultStatus(synced) != PGRES_PIPELINE_SYNC ||
                         PQexitPipelineMode(postgres->connection) != 1;
    PQclear(synced);
    return good && (!postgres->confused || fail(postgres, "reading answers", error));
}

static bool run(struct postgres *postgres, const char *text, struct pm_error *error)
{
    if (!settle(postgres, NULL, error)) {
        return false;
    }
    PGresult *result = PQexec(postgres->connection, text);
    bool good = is_good(result);
    PQclear(result);
    return good || fail(postgres, text, error);
}

static void postgres_close(struct pm_sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        PQclear(postgres->cursors[i].result);
    }
    PQfinish(postgres->connection);
    free(postgres);
}

static bool reconnect(struct postgres *postgres, struct pm_error *error)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        postgres->cursors[i].prepared = false;
    }
    postgres->unanswered_count = 0;
    postgres->confused = false;
    postgres->base.connections++;
    PQreset(postgres->connection);
    if (PQstatus(postgres->connection) != CONNECTION_OK) {
        return fail(postgres, "connecting again", error);
    }
    return run(postgres, session, error);
}

static bool postgres_begin(struct pm_sql *sql, struct pm_error *error)
{
    struct postgres *postgres = (struct postgres *)sql;
    if ((postgres->confused || PQstatus(postgres->connection) != CONNECTION_OK) &&
        !reconnect(postgres, error)) {
        return false;
    }
    const char *begin = postgres->access == PM_SQL_READ ? begin_read : begin_write;
    if (run(postgres, begin, error)) {
        return true;
    }
    /* That the server hung up shows at the first statement: nothing has been done yet. */
    if (PQstatus(postgres->connection) != CONNECTION_OK) {
        return reconnect(postgres, error) && run(postgres, begin, error);
    }
    PQclear(PQexec(postgres->connection, "ROLLBACK"));
    return false;
}

static void postgres_rollback(struct pm_sql *sql)
{
    struct postgres *postgres = (struct postgres *)sql;
    settle(postgres, NULL, NULL); /* what failed is undone as well */
    PQclear(PQexec(postgres->connection, "ROLLBACK"));
}

static bool postgres_commit(struct pm_sql *sql, struct pm_error *error)
{
    struct postgres *postgres = (struct postgres *)sql;
    if (!settle(postgres, NULL, error)) {
        postgres_rollback(sql);
        return false;
    }
    PGresult *result = PQexec(postgres->connection, "COMMIT");
    /* A transaction in which something failed "commits" by rolling back, and says so. */
    bool committed =
        PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    return committed || fail(postgres, "commit", error);
}

static bool postgres_script(struct pm_sql *sql, const char *text, struct pm_error *error)
{
    return run((struct postgres *)sql, text, error);
}

static bool postgres_attend(struct pm_sql *sql, bool *alone, struct pm_error *error)
{
    struct postgres *postgres = (struct postgres *)sql;
    int64_t got = 0;
    bool found;
    if (!pm_sql_select_integer(sql, attend_alone, PM_SQL_NO_VALUES, &got, &found, error)) {
        return false;
    }
    *alone = got != 0;
    return run(postgres, attend, error) && (!*alone || run(postgres, attend_with_others, error));
}

static bool prepare(struct postgres *postgres, struct postgres_cursor *cursor,
                    struct pm_error *error)
{
    if (!settle(postgres, NULL, error)) {
        return false;
    }
    PGresult *result = PQprepare(postgres->connection, cursor->name, cursor->text, 0, NULL);
    cursor->prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return cursor->prepared || fail(postgres, cursor->text, error);
}

/* The place of a statement, prepared; NULL with the error set. */
static struct postgres_cursor *find(struct postgres *postgres, const char *text,
                                    struct pm_error *error)
{
    size_t place = ((uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15) >> 32) % STATEMENTS_MAX;
    for (size_t i = 0; i < STATEMENTS_MAX; i++, place = (place + 1) % STATEMENTS_MAX) {
        struct postgres_cursor *cursor = &postgres->cursors[place];
        if (cursor->text == NULL) {
            cursor->base.sql = &postgres->base;
            cursor->text = text;
            snprintf(cursor->name, sizeof cursor->name, "s%zu", place);
        }
        if (cursor->text == text) {
            return cursor->prepared || prepare(postgres, cursor, error) ? cursor : NULL;
        }
    }
    pm_fail(error, PM_ERROR_LIMIT, "store: more than %d different statements", STATEMENTS_MAX);
    return NULL;
}

/* A value as the server reads it; numbers are written into `buffer`. */
static const char *as_text(const struct pm_sql_value *value, char buffer[NUMBER_SIZE])
{
    switch (value->type) {
    case PM_SQL_INTEGER:
        snprintf(buffer, NUMBER_SIZE, "%" PRId64, value->integer);
        return buffer;
    case PM_SQL_REAL:
        snprintf(buffer, NUMBER_SIZE, "%.17g", value->real);
        return buffer;
    case PM_SQL_TEXT:
        return value->text;
    case PM_SQL_NULL:
        break;
    }
    return NULL;
}

/* Sends a statement on its way; its place among the cursors, or NULL with the error set. */
static struct postgres_cursor *send_statement(struct postgres *postgres, const char *text,
                                              const struct pm_sql_value *values, size_t count,
                                              struct pm_error *error)
{
    const char *parameters[PARAMETERS_MAX];
    char numbers[PARAMETERS_MAX][NUMBER_SIZE];
    if (count > PARAMETERS_MAX) {
        pm_fail(error, PM_ERROR_LIMIT, "store: %zu parameters for \"%.100s\"", count, text);
        return NULL;
    }
    struct postgres_cursor *cursor = find(postgres, text, error);
    if (cursor == NULL ||
        (postgres->unanswered_count == UNANSWERED_MAX && !settle(postgres, NULL, error))) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        parameters[i] = as_text(&values[i], numbers[i]);
    }
    if ((postgres->unanswered_count == 0 && PQenterPipelineMode(postgres->connection) != 1) ||
        PQsendQueryPrepared(postgres->connection, cursor->name, (int)count, parameters, NULL, NULL,
                            0) != 1) {
        postgres->confused = true;
        fail(postgres, text, error);
        return NULL;
    }
    postgres->unanswered[postgres->unanswered_count++] = text;
    return cursor;
}

static bool postgres_select(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                            size_t count, struct pm_sql_cursor **out, struct pm_error *error)
{
    struct postgres *postgres = (struct postgres *)sql;
    struct postgres_cursor *cursor = send_statement(postgres, text, values, count, error);
    if (cursor == NULL) {
        return false;
    }
    PQclear(cursor->result);
    cursor->result = NULL;
    cursor->row = -1;
    if (!settle(postgres, &cursor->result, error)) {
        return false;
    }
    *out = &cursor->base;
    return true;
}

static bool postgres_execute(struct pm_sql *sql, const char *text,
                             const struct pm_sql_value *values, size_t count,
                             struct pm_error *error)
{
    return send_statement((struct postgres *)sql, text, values, count, error) != NULL;
}

static bool postgres_settle(struct pm_sql *sql, struct pm_error *error)
{
    return settle((struct postgres *)sql, NULL, error);
}

static bool postgres_next(struct pm_sql_cursor *base, bool *row, struct pm_error *error)
{
    struct postgres_cursor *cursor = (struct postgres_cursor *)base;
    (void)error; /* all rows are here already */
    cursor->row++;
    *row = cursor->row < PQntuples(cursor->result);
    return true;
}

static void postgres_end(struct pm_sql_cursor *base)
{
    struct postgres_cursor *cursor = (struct postgres_cursor *)base;
    PQclear(cursor->result);
    cursor->result = NULL;
}

static bool postgres_is_null(struct pm_sql_cursor *base, int column)
{
    const struct postgres_cursor *cursor = (struct postgres_cursor *)base;
    return PQgetisnull(cursor->result, cursor->row, column) == 1;
}

static const char *postgres_column_text(struct pm_sql_cursor *base, int column)
{
    const struct postgres_cursor *cursor = (struct postgres_cursor *)base;
    return postgres_is_null(base, column) ? NULL : PQgetvalue(cursor->result, cursor->row, column);
}

static int64_t postgres_column_integer(struct pm_sql_cursor *base, int column)
{
    const char *text = postgres_column_text(base, column);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static double postgres_column_real(struct pm_sql_cursor *base, int column)
{
    const char *text = postgres_column_text(base, column);
    return text != NULL ? strtod(text, NULL) : 0;
}

static const struct pm_sql_driver postgres_driver = {
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .attend = postgres_attend,
    .script = postgres_script,
    .select = postgres_select,
    .execute = postgres_execute,
    .settle = postgres_settle,
    .next = postgres_next,
    .end = postgres_end,
    .is_null = postgres_is_null,
    .column_integer = postgres_column_integer,
    .column_real = postgres_column_real,
    .column_text = postgres_column_text,
};

static void on_notice(void *context, const char *message)
{
    (void)context;
    pm_log(PM_LOG_DEBUG, "POOL-POSTGRESQL", "%.*s", (int)strcspn(message, "\n"), message);
}

bool pm_sql_is_postgres(const char *name)
{
    return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

bool pm_sql_open_postgres(const char *url, enum pm_sql_access access, struct pm_sql **out,
                          struct pm_error *error)
{
    struct postgres *postgres = calloc(1, sizeof *postgres);
    if (postgres == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    }
    postgres->base.driver = &postgres_driver;
    postgres->base.connections = 1;
    postgres->access = access;
    postgres->connection = PQconnectdb(url);
    PQsetNoticeProcessor(postgres->connection, on_notice, NULL);
    if (PQstatus(postgres->connection) != CONNECTION_OK) {
        fail(postgres, "connecting to --store", error); /* not the URL: it may hold a password */
        postgres_close(&postgres->base);
        return false;
    }
    if (!run(postgres, session, error)) {
        postgres_close(&postgres->base);
        return false;
    }
    *out = &postgres->base;
    return true;
}
