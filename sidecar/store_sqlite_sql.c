/* The schema, and every statement that is prepared once and kept. */
#include "sidecar/store_sqlite.h"

/* A job is one row that never changes, and one small row in the table of the state it is in, which
 * is what moves; a job that was put a moment ago has none yet (store_sqlite_queued.c). So putting,
 * leasing, finishing and collecting touch few pages, and none of them copies a body. `rank` is
 * minus the priority, so that every order ascends. */
const char pm_sqlite_schema[] =
    "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE counter(run INTEGER NOT NULL, counter INTEGER NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY(run, counter)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE job(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, rank INTEGER NOT NULL,"
    " turn INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " collected INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL)"
    " STRICT;"
    "CREATE UNIQUE INDEX job_key ON job(run, key) WHERE collected = 0;"
    "CREATE TABLE queued(run INTEGER NOT NULL, rank INTEGER NOT NULL, turn INTEGER NOT NULL,"
    " id INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, token INTEGER NOT NULL,"
    " failures INTEGER NOT NULL, ended_token INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY(run, rank, turn, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX queued_any ON queued(rank, turn, id);"
    "CREATE INDEX queued_deadline ON queued(deadline_ms) WHERE deadline_ms > 0;"
    "CREATE TABLE lease(id INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL,"
    " token INTEGER NOT NULL, failures INTEGER NOT NULL, ended_token INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, request INTEGER NOT NULL, holder TEXT NOT NULL) STRICT;"
    "CREATE TABLE outcome(place INTEGER PRIMARY KEY, id INTEGER NOT NULL, state INTEGER NOT NULL,"
    " collected INTEGER NOT NULL, token INTEGER NOT NULL, failures INTEGER NOT NULL,"
    " ended_token INTEGER NOT NULL, bytes INTEGER NOT NULL, holder TEXT NOT NULL,"
    " reason TEXT NOT NULL, result BLOB) STRICT;"
    "CREATE INDEX outcome_set_aside ON outcome(id) WHERE state = 4;"
    "CREATE TABLE checkpoint(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE record(sequence INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
    " key TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, updated_ms INTEGER NOT NULL,"
    " body BLOB NOT NULL, UNIQUE(run, key)) STRICT;"
    "CREATE INDEX record_run ON record(run, sequence);"
    "CREATE INDEX record_state ON record(run, state, sequence);"
    "CREATE TABLE record_total(run INTEGER NOT NULL, state TEXT NOT NULL, total INTEGER NOT NULL,"
    " PRIMARY KEY(run, state)) STRICT, WITHOUT ROWID;";

#define QUEUED_NEXT(index, where)                                                                  \
    "SELECT queued.id, queued.run, queued.rank, queued.turn, queued.deadline_ms, created_ms,"      \
    " collected, key, kind, iif(job.id IS NULL, NULL, 0), token, failures, ended_token, bytes,"    \
    " '', 0, 0, '' FROM queued " index " LEFT JOIN job ON job.id = queued.id " where               \
    " ORDER BY queued.rank, queued.turn, queued.id LIMIT 1"

const char *const pm_sqlite_sql[PM_SQL_COUNT] = {
    [PM_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [PM_SQL_COMMIT] = "COMMIT",
    [PM_SQL_ROLLBACK] = "ROLLBACK",
    [PM_SQL_SYNC_FULL] = "PRAGMA synchronous = FULL",
    [PM_SQL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [PM_SQL_FREE_PAGES] = "SELECT freelist_count, page_size FROM pragma_freelist_count,"
                          " pragma_page_size",
    [PM_SQL_RUN_INSERT] = "INSERT INTO run(name) VALUES(?1)",
    [PM_SQL_RUN_DELETE] = "DELETE FROM run WHERE id = ?1",
    [PM_SQL_RUN_DELETE_COUNTERS] = "DELETE FROM counter WHERE run = ?1",
    [PM_SQL_RUN_DELETE_RECORDS] = "DELETE FROM record WHERE run = ?1",
    [PM_SQL_RUN_DELETE_TOTALS] = "DELETE FROM record_total WHERE run = ?1",
    [PM_SQL_COUNTER_SET] = "INSERT OR REPLACE INTO counter VALUES(?1, ?2, ?3)",
    [PM_SQL_LAST_TURN] = "SELECT turn FROM queued WHERE rank = ?1 AND run = ?2"
                         " ORDER BY turn DESC LIMIT 1",
    [PM_SQL_FRONT_TURN] = "SELECT turn FROM queued INDEXED BY queued_any WHERE rank = ?1"
                          " ORDER BY turn LIMIT 1",
    [PM_SQL_JOB_INSERT] = "INSERT INTO job VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9)",
    /* What reads a job has these columns: what never changes; its state, or NULL; what all states
     * have; and what only some have. */
    [PM_SQL_JOB_GET] =
        "SELECT job.id, job.run, rank, job.turn, deadline_ms, created_ms, job.collected, key, kind,"
        " iif(lease.id IS NULL, state, 1), ifnull(lease.token, outcome.token),"
        " ifnull(lease.failures, outcome.failures), ifnull(lease.ended_token, outcome.ended_token),"
        " ifnull(lease.bytes, outcome.bytes), ifnull(lease.holder, outcome.holder), until_ms,"
        " request, reason"
        " FROM job LEFT JOIN lease ON lease.id = job.id LEFT JOIN outcome ON"
        " place = (job.run << 42) + job.id WHERE job.id = ?1",
    [PM_SQL_JOB_FIND] = "SELECT id FROM job WHERE run = ?1 AND key = ?2 AND collected = 0",
    [PM_SQL_JOB_SET_COLLECTED] = "UPDATE job SET collected = ?2 WHERE id = ?1",
    [PM_SQL_JOB_DELETE] = "DELETE FROM job WHERE id = ?1",
    [PM_SQL_BODY_GET] = "SELECT body FROM job WHERE id = ?1",
    [PM_SQL_QUEUED_INSERT] = "INSERT INTO queued VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [PM_SQL_QUEUED_GET] = "SELECT token, failures, ended_token, bytes FROM queued WHERE run = ?1"
                          " AND rank = ?2 AND turn = ?3 AND id = ?4",
    [PM_SQL_QUEUED_FIRST] = "SELECT run, rank, turn, id FROM queued INDEXED BY queued_any"
                            " ORDER BY rank, turn, id LIMIT 1",
    [PM_SQL_QUEUED_NEXT] = QUEUED_NEXT("INDEXED BY queued_any", ""),
    [PM_SQL_QUEUED_NEXT_OF_RUN] = QUEUED_NEXT("", "WHERE queued.run = ?1"),
    [PM_SQL_QUEUED_DELETE] =
        "DELETE FROM queued WHERE run = ?1 AND rank = ?2 AND turn = ?3 AND id = ?4",
    [PM_SQL_LEASE_INSERT] = "INSERT INTO lease VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [PM_SQL_LEASE_RENEW] = "UPDATE lease SET until_ms = ?2 WHERE id = ?1",
    [PM_SQL_LEASE_RENEW_ALL] = "UPDATE lease SET until_ms = ?1",
    [PM_SQL_LEASE_DELETE] = "DELETE FROM lease WHERE id = ?1",
    [PM_SQL_OUTCOME_INSERT] =
        "INSERT INTO outcome VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [PM_SQL_OUTCOME_SET_COLLECTED] = "UPDATE outcome SET collected = ?2 WHERE place = ?1",
    [PM_SQL_OUTCOME_DELETE] = "DELETE FROM outcome WHERE place = ?1",
    [PM_SQL_RESULT_GET] = "SELECT result FROM outcome WHERE place = ?1",
    [PM_SQL_CHECKPOINT_SET] = "INSERT OR REPLACE INTO checkpoint VALUES(?1, ?2)",
    [PM_SQL_CHECKPOINT_GET] = "SELECT data FROM checkpoint WHERE id = ?1",
    [PM_SQL_CHECKPOINT_DELETE] = "DELETE FROM checkpoint WHERE id = ?1",
    [PM_SQL_LIST_FRESH] =
        "SELECT id, run, rank, turn, deadline_ms, length(body) FROM job WHERE id > ?1"
        " AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.id = job.id)"
        " AND NOT EXISTS (SELECT 1 FROM outcome WHERE place = (job.run << 42) + job.id)"
        " AND NOT EXISTS (SELECT 1 FROM queued WHERE queued.run = job.run AND"
        " queued.rank = job.rank AND queued.turn = job.turn AND queued.id = job.id) ORDER BY id",
    [PM_SQL_LIST_LEASED] = "SELECT id FROM lease WHERE id > ?1 ORDER BY id LIMIT ?2",
    [PM_SQL_LIST_LEASES_DUE] =
        "SELECT id FROM lease WHERE until_ms <= ?1 ORDER BY until_ms LIMIT ?2",
    [PM_SQL_LIST_LEASES_OF] = "SELECT id FROM lease WHERE holder = ?1 ORDER BY id LIMIT ?2",
    [PM_SQL_LIST_DEADLINES_DUE] = "SELECT id FROM queued WHERE deadline_ms > 0 AND"
                                  " deadline_ms <= ?1 ORDER BY deadline_ms LIMIT ?2",
    [PM_SQL_LIST_OUTCOMES] =
        "SELECT outcome.id FROM outcome CROSS JOIN job ON job.id = outcome.id WHERE place > ?1"
        " AND place < ?2 AND outcome.collected = 0 AND key >= ?3 AND key < ?4"
        " ORDER BY place LIMIT ?5",
    [PM_SQL_LIST_ACTIVE] =
        "SELECT id FROM job INDEXED BY job_key WHERE collected = 0 AND run = ?1 AND key >= ?2 AND"
        " key < ?3 AND key > ?4 AND NOT EXISTS (SELECT 1 FROM outcome WHERE place = ?5 + job.id)"
        " ORDER BY key LIMIT ?6",
    [PM_SQL_LIST_SET_ASIDE] = "SELECT id FROM outcome INDEXED BY outcome_set_aside WHERE state = 4"
                              " ORDER BY id DESC LIMIT ?1",
    [PM_SQL_LIST_SET_ASIDE_COLLECTED] =
        "SELECT id FROM outcome INDEXED BY outcome_set_aside WHERE state = 4 AND collected = 1"
        " ORDER BY id LIMIT ?1",
    [PM_SQL_RECORD_GET] =
        "SELECT sequence, state, length(body) FROM record WHERE run = ?1 AND key = ?2",
    [PM_SQL_RECORD_DELETE] = "DELETE FROM record WHERE sequence = ?1",
    [PM_SQL_RECORD_INSERT] = "INSERT INTO record(run, key, state, reason, updated_ms, body)"
                             " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [PM_SQL_RECORD_OLDEST] = "SELECT sequence, length(body), run FROM record WHERE"
                             " state <> 'open' ORDER BY sequence LIMIT 1",
    [PM_SQL_RECORD_OLDEST_OF_RUN] =
        "SELECT sequence, length(body), run FROM record WHERE run = ?1 AND"
        " state <> 'open' ORDER BY sequence LIMIT 1",
    [PM_SQL_RECORDS] =
        "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE run = ?1 AND"
        " sequence < ?2 AND key >= ?4 AND key < ?5 ORDER BY sequence DESC LIMIT ?3",
    [PM_SQL_RECORDS_OF_STATE] =
        "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE run = ?1 AND"
        " sequence < ?2 AND key >= ?4 AND key < ?5 AND state = ?6 ORDER BY sequence DESC LIMIT ?3",
    [PM_SQL_TOTAL_ADD] = "INSERT INTO record_total VALUES(?1, ?2, ?3) ON CONFLICT(run, state) DO"
                         " UPDATE SET total = total + ?3",
    [PM_SQL_TOTALS] = "SELECT state, total FROM record_total WHERE run = ?1 ORDER BY state",
};
