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
    char attach[256];
    bool good = true;
    assert_int_equal(sqlite3_open(place_file(place, "pool.db"), &books), SQLITE_OK);
    snprintf(attach, sizeof attach, "ATTACH '%s' AS queue", place_file(place, "sidecar.db"));
    assert_int_equal(sqlite3_exec(books, attach, NULL, NULL, NULL), SQLITE_OK);
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
    print_message("%zu promises: %lld jobs, %lld leases booked, %lld evaluations, %lld RAO paid\n",
                  sizeof PROMISES / sizeof *PROMISES, (long long)jobs, (long long)leases,
                  (long long)ask(books, "SELECT count(*) FROM evaluations"),
                  (long long)ask(books, "SELECT coalesce(sum(rao), 0) FROM payouts"));
    sqlite3_close(books);
    if (leases == 0) {
        print_error("nothing was booked at all\n");
    }
    return good && leases > 0;
}
