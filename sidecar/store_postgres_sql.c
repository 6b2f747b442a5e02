/* The schema, and every statement. What is read to be changed is locked until the transaction ends:
 * another sidecar waits for it or, where any other row would do, passes it over. */
#include "sidecar/store_postgres.h"

/* Sidecars that are alive hold an advisory lock of this class and their number, which the server
 * takes back with their connection; "PMSC". `rank` is minus the priority. */
#define LOCK_CLASS "1347244867"

const char pm_postgres_schema[] =
    "CREATE SCHEMA IF NOT EXISTS poolminer_queue;"
    "SET search_path = poolminer_queue;"
    "CREATE TABLE IF NOT EXISTS version(version bigint NOT NULL PRIMARY KEY);"
    "INSERT INTO version VALUES(1) ON CONFLICT DO NOTHING;"
    "CREATE TABLE IF NOT EXISTS run(id bigserial PRIMARY KEY, name text NOT NULL UNIQUE,"
    " counters bigint[] NOT NULL);"
    "CREATE TABLE IF NOT EXISTS job(id bigserial PRIMARY KEY, run bigint NOT NULL,"
    " state bigint NOT NULL, rank bigint NOT NULL, turn bigint NOT NULL,"
    " deadline_ms bigint NOT NULL, created_ms bigint NOT NULL, collected bigint NOT NULL,"
    " token bigint NOT NULL, failures bigint NOT NULL, ended_token bigint NOT NULL,"
    " bytes bigint NOT NULL, until_ms bigint NOT NULL, owner bigint NOT NULL,"
    " request bigint NOT NULL, holder text NOT NULL, reason text NOT NULL,"
    " key text COLLATE \"C\" NOT NULL, kind text NOT NULL, body bytea NOT NULL, result bytea,"
    " checkpoint bytea);"
    "CREATE UNIQUE INDEX IF NOT EXISTS job_key ON job(run, key) WHERE collected = 0;"
    "CREATE INDEX IF NOT EXISTS job_queued ON job(rank, turn, id) WHERE state = 0;"
    "CREATE INDEX IF NOT EXISTS job_queued_of_run ON job(run, rank, turn, id) WHERE state = 0;"
    "CREATE INDEX IF NOT EXISTS job_deadline ON job(deadline_ms) WHERE state = 0 AND"
    " deadline_ms > 0;"
    "CREATE INDEX IF NOT EXISTS job_leased ON job(owner, until_ms) WHERE state = 1;"
    "CREATE INDEX IF NOT EXISTS job_outcome ON job(run, id) WHERE state > 1 AND collected = 0;"
    "CREATE INDEX IF NOT EXISTS job_set_aside ON job(id) WHERE state = 4;"
    "CREATE TABLE IF NOT EXISTS record(sequence bigserial PRIMARY KEY, run bigint NOT NULL,"
    " key text COLLATE \"C\" NOT NULL, state text NOT NULL, reason text NOT NULL,"
    " updated_ms bigint NOT NULL, body bytea NOT NULL, UNIQUE(run, key));"
    "CREATE INDEX IF NOT EXISTS record_run ON record(run, sequence);"
    "CREATE INDEX IF NOT EXISTS record_state ON record(run, state, sequence);"
    "CREATE TABLE IF NOT EXISTS record_total(run bigint NOT NULL, state text NOT NULL,"
    " total bigint NOT NULL, PRIMARY KEY(run, state));"
    "CREATE TABLE IF NOT EXISTS rest(owner bigint PRIMARY KEY, paused text COLLATE \"C\""
    " NOT NULL);";

#define JOB_COLUMNS                                                                                \
    "id, run, state, rank, turn, deadline_ms, created_ms, collected, token, failures, "            \
    "ended_token, bytes, until_ms, owner, request, holder, reason, key, kind"

#define OWNER_LIVES                                                                                \
    "EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM "  \
    "pg_database WHERE datname = current_database()) AND classid = " LOCK_CLASS                    \
    " AND objsubid = 2 AND granted AND objid::bigint = owner)"
#define OWNER_GONE "owner <> $2 AND NOT " OWNER_LIVES

const char *const pm_postgres_sql[PM_PG_COUNT] = {
    [PM_PG_ADOPT] = "UPDATE job SET until_ms = $1, owner = $2 WHERE state = 1 AND " OWNER_GONE,
    [PM_PG_RENEW_ALL] = "UPDATE job SET until_ms = $1, owner = $2 WHERE state = 1 AND"
                        " (owner = $2 OR (" OWNER_GONE "))",
    [PM_PG_RUNS] = "SELECT id, name, array_to_string(counters, ',') FROM run ORDER BY id",
    [PM_PG_RUN_CREATE] = "INSERT INTO run(name, counters) VALUES($1, '{}') ON CONFLICT(name)"
                         " DO UPDATE SET name = excluded.name RETURNING id",
    [PM_PG_RUN_DELETE] =
        "WITH records AS (DELETE FROM record WHERE run = $1),"
        " totals AS (DELETE FROM record_total WHERE run = $1) DELETE FROM run WHERE id = $1",
    [PM_PG_RUN_COUNT] =
        "UPDATE run SET counters = (SELECT array_agg(coalesce(was, 0) + coalesce(change, 0)"
        " ORDER BY i) FROM unnest(counters, string_to_array($2, ',')::bigint[])"
        " WITH ORDINALITY AS each(was, change, i)) WHERE id = $1",
    [PM_PG_NEXT_TURN] =
        "SELECT greatest(coalesce((SELECT turn + 1 FROM job WHERE state = 0 AND run = $1 AND"
        " rank = $2 ORDER BY turn DESC LIMIT 1), 0), coalesce((SELECT turn FROM job WHERE"
        " state = 0 AND rank = $2 ORDER BY turn LIMIT 1), 0))",
    [PM_PG_JOB_INSERT] =
        "INSERT INTO job(run, state, rank, turn, deadline_ms, created_ms, collected, token,"
        " failures, ended_token, bytes, until_ms, owner, request, holder, reason, key, kind, body)"
        " VALUES($1, 0, $2, $3, $4, $5, 0, $6, $7, $8, $9, 0, 0, 0, '', '', $10, $11, $12)"
        " RETURNING id",
    [PM_PG_JOB_GET] = "SELECT " JOB_COLUMNS " FROM job WHERE id = $1 FOR UPDATE",
    [PM_PG_JOB_FIND] = "SELECT id FROM job WHERE run = $1 AND key = $2 AND collected = 0",
    [PM_PG_JOB_NEXT] = "SELECT " JOB_COLUMNS " FROM job WHERE state = 0 ORDER BY rank, turn, id"
                       " LIMIT 1 FOR UPDATE SKIP LOCKED",
    [PM_PG_JOB_NEXT_OF_RUN] = "SELECT " JOB_COLUMNS " FROM job WHERE state = 0 AND run = $1"
                              " ORDER BY rank, turn, id LIMIT 1 FOR UPDATE SKIP LOCKED",
    [PM_PG_JOB_MOVE] =
        "UPDATE job SET state = $2, token = $3, failures = $4, ended_token = $5, bytes = $6,"
        " until_ms = $7, request = $8, holder = $9, reason = $10, collected = $11, owner = $12,"
        " result = $13 WHERE id = $1",
    [PM_PG_JOB_RENEW] = "UPDATE job SET until_ms = $2, owner = $3 WHERE id = $1 AND state = 1",
    [PM_PG_JOB_DELETE] = "DELETE FROM job WHERE id = $1",
    [PM_PG_BODY_GET] = "SELECT body FROM job WHERE id = $1",
    [PM_PG_RESULT_GET] = "SELECT result FROM job WHERE id = $1",
    [PM_PG_CHECKPOINT_GET] = "SELECT checkpoint FROM job WHERE id = $1",
    [PM_PG_CHECKPOINT_SET] = "UPDATE job SET checkpoint = $2 WHERE id = $1",
    [PM_PG_LIST_LEASED] = "SELECT id FROM job WHERE state = 1 AND id > $1 ORDER BY id LIMIT $2",
    [PM_PG_LIST_LEASES_DUE] = "SELECT id FROM job WHERE state = 1 AND owner = $3 AND"
                              " until_ms <= $1 ORDER BY until_ms LIMIT $2 FOR UPDATE SKIP LOCKED",
    [PM_PG_LIST_LEASES_OF] =
        "SELECT id FROM job WHERE state = 1 AND holder = $1 AND ($3 = 0 OR owner = $3)"
        " ORDER BY id LIMIT $2 FOR UPDATE",
    [PM_PG_LIST_DEADLINES_DUE] =
        "SELECT id FROM job WHERE state = 0 AND deadline_ms > 0 AND deadline_ms <= $1"
        " ORDER BY deadline_ms LIMIT $2 FOR UPDATE SKIP LOCKED",
    [PM_PG_LIST_OUTCOMES] =
        "SELECT id FROM job WHERE state > 1 AND collected = 0 AND run = $1 AND id > $2 AND"
        " key >= $3 AND key < $4 ORDER BY id LIMIT $5",
    [PM_PG_LIST_ACTIVE] =
        "SELECT id FROM job WHERE collected = 0 AND run = $1 AND key >= $2 AND key < $3 AND"
        " key > $4 AND state < 2 ORDER BY key LIMIT $5 FOR UPDATE",
    [PM_PG_LIST_SET_ASIDE] = "SELECT id FROM job WHERE state = 4 ORDER BY id DESC LIMIT $1",
    [PM_PG_LIST_SET_ASIDE_COLLECTED] =
        "SELECT id FROM job WHERE state = 4 AND collected = 1 ORDER BY id LIMIT $1",
    [PM_PG_RECORD_GET] = "SELECT sequence, state, length(body)::bigint FROM record WHERE run = $1"
                         " AND key = $2 FOR UPDATE",
    [PM_PG_RECORD_DELETE] = "DELETE FROM record WHERE sequence = $1",
    [PM_PG_RECORD_INSERT] = "INSERT INTO record(run, key, state, reason, updated_ms, body)"
                            " VALUES($1, $2, $3, $4, $5, $6) RETURNING sequence",
    [PM_PG_RECORD_OLDEST] = "SELECT sequence, length(body)::bigint, run FROM record WHERE"
                            " state <> 'open' ORDER BY sequence LIMIT 1 FOR UPDATE",
    [PM_PG_RECORD_OLDEST_OF_RUN] =
        "SELECT sequence, length(body)::bigint, run FROM record WHERE run = $1 AND"
        " state <> 'open' ORDER BY sequence LIMIT 1 FOR UPDATE",
    [PM_PG_RECORDS] = "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE"
                      " run = $1 AND sequence < $2 AND key >= $4 AND key < $5"
                      " ORDER BY sequence DESC LIMIT $3",
    [PM_PG_RECORDS_OF_STATE] =
        "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE run = $1 AND"
        " sequence < $2 AND key >= $4 AND key < $5 AND state = $6 ORDER BY sequence DESC LIMIT $3",
    [PM_PG_TOTAL_ADD] = "INSERT INTO record_total AS r VALUES($1, $2, $3) ON CONFLICT(run, state)"
                        " DO UPDATE SET total = r.total + excluded.total",
    /* What those that are gone said goes with it. */
    [PM_PG_REST_TELL] =
        "WITH gone AS (DELETE FROM rest WHERE owner IN (SELECT owner FROM rest WHERE " OWNER_GONE
        " FOR UPDATE SKIP LOCKED)) INSERT INTO rest VALUES($2, $1) ON CONFLICT(owner)"
        " DO UPDATE SET paused = excluded.paused",
    [PM_PG_REST_FORGET] = "DELETE FROM rest WHERE owner = $1",
    [PM_PG_REST_ASK] =
        "SELECT paused FROM rest WHERE owner <> $1 AND " OWNER_LIVES " ORDER BY paused LIMIT 1",
    [PM_PG_TOTALS] = "SELECT state, total FROM record_total WHERE run = $1 ORDER BY state",
};
