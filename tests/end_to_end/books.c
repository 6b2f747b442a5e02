#include "books.h"

#include "cmocka_include.h"

#include <sqlite3.h>
#include <stdio.h>

static int64_t ask(sqlite3 *books, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(books, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(books));
    }
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

static void show(sqlite3 *books, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(books, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        print_error("  %s\n", (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
}

/* What the promises below are about, told apart: of the drivers' records, those of leases that they
 * believe to be submitted; of the witness' calls, what was acknowledged (a put, a lease that was
 * found, a result) and what drivers were given. A job's key is ACCOUNT/LEASE/KIND/NUMBER. */
static const char PREPARATION[] =
    "CREATE TEMP TABLE closed AS SELECT l.id AS lease, l.hotkey, substr(r.key, 7) || '/' AS prefix,"
    " CAST(r.body AS TEXT) AS body FROM queue.record r JOIN leases l ON r.key LIKE '%/' || l.id"
    " WHERE r.state = 'submitted';"
    "CREATE TEMP TABLE putting AS SELECT DISTINCT told ->> 'job' AS job, asked ->> 'key' AS key"
    " FROM witness.call WHERE verb = 'put' AND answer = 'ok';"
    "CREATE TEMP TABLE leasing AS SELECT told ->> 'job' AS job, told ->> 'token' AS token,"
    " told ->> 'key' AS key, client || request AS request FROM witness.call WHERE verb = 'lease'"
    " AND answer = 'ok' AND told ->> 'found' UNION SELECT told ->> '$.next.job',"
    " told ->> '$.next.token', told ->> '$.next.key', client || request FROM witness.call WHERE"
    " verb = 'finish' AND answer = 'ok' AND told ->> '$.next.found';"
    "CREATE TEMP TABLE finishing AS SELECT DISTINCT c.asked ->> 'job' AS job,"
    " c.asked ->> 'token' AS token, l.key AS key, CAST(b.data AS TEXT) AS result FROM witness.call "
    "c"
    " JOIN witness.body b ON b.call = c.id AND place = -1 LEFT JOIN leasing l ON"
    " l.job = c.asked ->> 'job' AND l.token = c.asked ->> 'token' WHERE verb = 'finish' AND"
    " answer = 'ok';"
    "CREATE TEMP TABLE giving AS SELECT DISTINCT j.value ->> 'job' AS job,"
    " j.value ->> 'state' AS state, CAST(b.data AS TEXT) AS result FROM witness.call c"
    " JOIN json_each(c.told, '$.jobs') j LEFT JOIN witness.body b ON b.call = c.id AND"
    " b.place = j.key WHERE verb = 'results' AND answer = 'ok';"
    "CREATE INDEX temp.leasing_job ON leasing(job); CREATE INDEX temp.giving_job ON giving(job);"
    /* the last word that was acknowledged about each record, and what was asked since */
    "CREATE TEMP TABLE noting AS SELECT id, asked ->> 'key' AS key, asked ->> 'state' AS state,"
    " answer = 'ok' AS sure FROM witness.call WHERE verb = 'record-put' AND"
    " ifnull(answer, '') <> 'error';";

/* Each is a sentence, and a question whose answer is how often it does not hold. */
static const struct {
    const char *promise, *violations;
} PROMISES[] = {
    {"the pool's file is whole", "SELECT count(*) FROM pragma_integrity_check WHERE schema = "
                                 "'main' AND integrity_check <> 'ok'"},
    {"the sidecar's file is whole", "SELECT count(*) FROM pragma_integrity_check WHERE schema = "
                                    "'queue' AND integrity_check <> 'ok'"},
    {"no row of the pool hangs in the air", "SELECT count(*) FROM pragma_foreign_key_check"},
    /* All the others hold where nothing has happened. */
    {"something was submitted", "SELECT NOT EXISTS (SELECT 1 FROM leases WHERE state = 1)"},
    {"no job waits or is under way",
     "SELECT (SELECT count(*) FROM queue.queued) + (SELECT count(*) FROM queue.lease)"},
    /* of enum pm_counter: PUT 8, COMPLETED 9, GONE_WRONG 10, SET_ASIDE_EVER 11, EXPIRED 13,
     * CANCELLED 14 */
    {"every job that was put has one outcome",
     "SELECT abs(sum(CASE counter WHEN 8 THEN value ELSE -value END)) FROM queue.counter WHERE"
     " run > 0 AND counter IN (8, 9, 10, 11, 13, 14)"},
    {"no checkpoint outlives its job",
     "SELECT count(*) FROM queue.checkpoint WHERE id NOT IN (SELECT id FROM queue.job)"},
    /* BYTES 5 */
    {"the bytes that are counted are there",
     "SELECT abs((SELECT sum(value) FROM queue.counter WHERE run > 0 AND counter = 5) - (SELECT"
     " coalesce(sum(length(body)), 0) FROM queue.job) - (SELECT coalesce(sum(length(result)), 0)"
     " FROM queue.outcome) - (SELECT coalesce(sum(length(data)), 0) FROM queue.checkpoint) -"
     " (SELECT coalesce(sum(length(body)), 0) FROM queue.record))"},
    /* Of what follows nothing is known by the sidecar's store alone. */
    {"something was acknowledged", "SELECT (SELECT count(*) FROM putting) = 0"},
    {"a job that was acknowledged was counted",
     "SELECT max(0, (SELECT count(DISTINCT job) FROM putting) - (SELECT sum(value) FROM"
     " queue.counter WHERE run > 0 AND counter = 8))"},
    {"the outcome of a job that was acknowledged came to its driver, or waits for it",
     "SELECT count(DISTINCT job) FROM putting WHERE job NOT IN (SELECT job FROM giving) AND"
     " job NOT IN (SELECT id FROM queue.outcome)"},
    {"a result that was acknowledged came to its driver, or waits for it",
     "SELECT count(DISTINCT job) FROM finishing WHERE job NOT IN (SELECT job FROM giving) AND"
     " job NOT IN (SELECT id FROM queue.outcome)"},
    {"what came to a driver is what was acknowledged",
     "SELECT count(*) FROM finishing f JOIN giving g ON g.job = f.job WHERE g.state <> 'done' OR"
     " g.result IS NOT f.result"},
    {"whose result is acknowledged has a lease that was given",
     "SELECT count(*) FROM finishing WHERE key IS NULL"},
    {"no lease's token is given twice",
     "SELECT count(*) FROM (SELECT 1 FROM leasing GROUP BY job, token HAVING"
     " count(DISTINCT request) > 1)"},
    {"what is finished is not computed again",
     "SELECT count(*) FROM finishing f JOIN leasing l ON l.job = f.job WHERE l.token > f.token"},
    {"a record says what was acknowledged last, or was asked since",
     "SELECT count(*) FROM (SELECT key, max(id) AS last FROM noting WHERE sure GROUP BY key) k"
     " WHERE NOT EXISTS (SELECT 1 FROM noting n JOIN queue.record r ON r.key = n.key AND"
     " r.state = n.state WHERE n.key = k.key AND n.id >= k.last)"},
    {"every score that was acknowledged is in its lease's submission",
     "SELECT count(*) FROM closed c JOIN finishing f ON substr(f.key, 1, length(c.prefix)) ="
     " c.prefix JOIN json_each(f.result, '$.evaluations') e WHERE json_type(c.body,"
     " '$.submission') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(c.body,"
     " '$.submission.evaluations') s WHERE s.value ->> 'algorithm_id' ="
     " e.value ->> 'algorithm_id' AND s.value ->> 'score' = e.value ->> 'score')"},
    {"the best of what was evolved and acknowledged is in its lease's submission",
     "SELECT count(*) FROM closed c JOIN finishing f ON substr(f.key, 1, length(c.prefix)) ="
     " c.prefix JOIN json_each(f.result, '$.evolutions') e WHERE json_type(c.body,"
     " '$.submission') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(c.body, '$.evolved') s"
     " WHERE s.value ->> 'score' >= e.value ->> 'score')"},
    {"every lease has come to an end", "SELECT count(*) FROM queue.record WHERE state = 'open'"},
    {"what a driver believes to be submitted is booked",
     "SELECT count(*) FROM queue.record r WHERE r.state = 'submitted' AND NOT EXISTS (SELECT 1"
     " FROM leases l WHERE l.state = 1 AND r.key LIKE '%/' || l.id)"},
    {"what is booked, its driver knows to be submitted",
     "SELECT count(*) FROM leases l WHERE l.state = 1 AND NOT EXISTS (SELECT 1 FROM queue.record r"
     " WHERE r.state = 'submitted' AND r.key LIKE '%/' || l.id)"},
    {"no evaluation counts twice",
     "SELECT abs((SELECT sum(evaluations_submitted) FROM miners) - (SELECT count(*) FROM"
     " evaluations))"},
    {"no evolution counts twice",
     "SELECT abs((SELECT sum(evolutions_submitted) FROM miners) - (SELECT count(*) FROM algorithms"
     " WHERE author IS NOT NULL))"},
    {"every score of a submission is booked, as its author's",
     "SELECT count(*) FROM closed c JOIN json_each(c.body, '$.submission.evaluations') s WHERE NOT"
     " EXISTS (SELECT 1 FROM evaluations e WHERE e.algorithm_id = s.value ->> 'algorithm_id' AND"
     " e.hotkey = c.hotkey AND abs(e.score - (s.value ->> 'score')) < 1e-12)"},
    {"every program of a submission is in the pool, and new ones are their author's",
     "SELECT count(*) FROM closed c JOIN json_each(c.body, '$.evolved') s WHERE NOT EXISTS"
     " (SELECT 1 FROM algorithms a WHERE a.dsl = s.value ->> 'algorithm_dsl') OR NOT EXISTS"
     " (SELECT 1 FROM json_each(c.body, '$.answer.evolutions') e JOIN algorithms a ON"
     " a.id = e.value ->> 'algorithm_id' WHERE a.dsl = s.value ->> 'algorithm_dsl' AND"
     " (e.value ->> 'status' = 'duplicate' OR a.author = c.hotkey))"},
    {"an epoch pays what its payouts say",
     "SELECT count(*) FROM epochs e WHERE settled = 1 AND paid_rao <> (SELECT"
     " coalesce(sum(rao), 0) FROM payouts p WHERE p.epoch = e.number)"},
    {"an epoch divides its budget",
     "SELECT count(*) FROM epochs WHERE settled = 1 AND paid_rao + pool_rao <> budget_rao"},
    {"reputation comes from rewards",
     "SELECT count(*) FROM epochs e WHERE (SELECT coalesce(sum(micro), 0) FROM reputation r WHERE"
     " r.epoch = e.number) <> (SELECT coalesce(sum(micro), 0) FROM rewards w WHERE"
     " w.epoch = e.number)"},
    {"a miner's reputation is that of all epochs",
     "SELECT count(*) FROM miners m WHERE reputation_total <> (SELECT coalesce(sum(micro), 0) FROM"
     " reputation r WHERE r.hotkey = m.hotkey)"},
};

/* What is known of leases that pool and driver tell differently of. */
static const char DIFFERENCES[] =
    "SELECT l.id || ' issued ' || l.issued_ms || ' until ' || l.timeout_ms || ': ' || coalesce("
    "r.state || ' at ' || r.updated_ms || ': ' || r.reason || ' ' || r.body, 'no record') FROM"
    " leases l LEFT JOIN queue.record r ON r.key LIKE '%/' || l.id WHERE (l.state = 1) <>"
    " (coalesce(r.state, '') = 'submitted')";

bool books_balance(const struct place *place)
{
    sqlite3 *books;
    char attach[512];
    bool good = true;
    assert_int_equal(sqlite3_open(place_file(place, "pool.db"), &books), SQLITE_OK);
    snprintf(attach, sizeof attach, "ATTACH '%s' AS queue; ATTACH '%s' AS witness",
             place_file(place, "sidecar.db"), place_file(place, "witness.db"));
    assert_int_equal(sqlite3_exec(books, attach, NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(books, PREPARATION, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s", sqlite3_errmsg(books));
    }
    for (size_t i = 0; i < sizeof PROMISES / sizeof *PROMISES; i++) {
        int64_t violations = ask(books, PROMISES[i].violations);
        if (violations != 0) {
            print_error("broken %lld times: %s\n", (long long)violations, PROMISES[i].promise);
            good = false;
        }
    }
    if (!good) {
        show(books, DIFFERENCES);
    }
    int64_t jobs = ask(books, "SELECT sum(value) FROM queue.counter WHERE run > 0 AND counter = 8");
    int64_t leases = ask(books, "SELECT count(*) FROM leases WHERE state = 1");
    print_message("%zu promises: %lld jobs, %lld results acknowledged, %lld leases booked,"
                  " %lld evaluations, %lld evolutions, %lld RAO paid\n",
                  sizeof PROMISES / sizeof *PROMISES, (long long)jobs,
                  (long long)ask(books, "SELECT count(DISTINCT job) FROM finishing"),
                  (long long)leases, (long long)ask(books, "SELECT count(*) FROM evaluations"),
                  (long long)ask(books, "SELECT count(*) FROM algorithms WHERE author IS NOT NULL"),
                  (long long)ask(books, "SELECT coalesce(sum(rao), 0) FROM payouts"));
    sqlite3_close(books);
    if (leases == 0) {
        print_error("nothing was booked at all\n");
    }
    return good && leases > 0;
}
