/* A store of each schema that pools ever had (tests/data/pool/story_N.sql), made by the last pool
 * of that schema, is opened by the present one: it says the same as a store that the present pool
 * has had from the beginning, and goes on as that one does, to the last column. */
#include "cmocka_include.h"
#include "crash_vfs.h"
#include "pool/golden_story.h"
#include "pool/old_store.h"
#include "pool/test_store.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/text.h>

/* What the present pool's own store said at the end of the story, after the replays, which are
 * heard of but change nothing else, and after what followed. */
static struct pm_text left, replayed, gone_on;

/* ---- all that a store says ---- */

struct listing {
    const char *name;
    int columns;
    const char *query;
};
/* Every column of every table. What a finished lease gave was not kept before schema 4, nor what
 * seeds an open one gave in schema 1: that is looked at below. */
static const struct listing listings[] = {
    {"counter", 2, "SELECT name, value FROM counters ORDER BY name"},
    {"miner", 15,
     "SELECT hotkey, registered_ms, last_seen_ms, recipient_coldkey, recipient_signed_s,"
     " reputation_total, evaluations_submitted, evaluations_finalised, evaluations_accurate,"
     " evolutions_submitted, evolutions_finalised, evolutions_over_threshold, best_score,"
     " lease_window, lease_count FROM miners ORDER BY hotkey"},
    {"algorithm", 17,
     "SELECT id, digest, dsl, input_dim, author, in_population, score, evaluation_count, "
     "created_ms,"
     " agreed_ms, verified_ms, engaged, CASE WHEN agreed_ms = 0 THEN is_open END, place, "
     "reward_epoch, reward_micro,"
     " COALESCE(parents, '') FROM algorithms ORDER BY id"},
    {"evaluation", 7,
     "SELECT algorithm_id, hotkey, score, submitted_ms, accurate, reward_epoch, reward_micro"
     " FROM evaluations ORDER BY algorithm_id, hotkey"},
    {"lease", 12,
     "SELECT id, hotkey, kind, state, window_number, issued_ms, timeout_ms, evolve_budget, refused,"
     " submission_digest, answer, CASE WHEN state = 0 THEN COALESCE(work, '') END"
     " FROM leases ORDER BY id"},
    {"epoch", 9,
     "SELECT number, start_ms, end_ms, settled, settled_ms, reputation, budget_rao, paid_rao,"
     " pool_rao FROM epochs ORDER BY number"},
    {"reputation", 3, "SELECT epoch, hotkey, micro FROM reputation ORDER BY epoch, hotkey"},
    {"reward", 6,
     "SELECT kind, algorithm_id, hotkey, epoch, micro, booked_ms FROM rewards"
     " ORDER BY kind, algorithm_id, hotkey"},
    {"payout", 4, "SELECT epoch, hotkey, reputation, rao FROM payouts ORDER BY epoch, hotkey"},
    {"withdrawal", 7,
     "SELECT id, hotkey, rao, recipient_coldkey, requested_ms, state, decided_ms FROM withdrawals"
     " ORDER BY id"},
};
enum { LISTINGS = sizeof listings / sizeof *listings };

static void list(struct pm_sql *sql, const struct listing *listing, struct pm_text *out)
{
    struct pm_sql_cursor *cursor;
    struct pm_error error = {0};
    bool row = false;
    bool good = pm_sql_select(sql, listing->query, PM_SQL_NO_VALUES, &cursor, &error);
    while (good && (good = pm_sql_next(cursor, &row, &error)) && row) {
        pm_text_append(out, "%s", listing->name);
        for (int i = 0; i < listing->columns; i++) {
            const char *text = pm_sql_column_text(cursor, i);
            pm_text_append(out, "|%s", text != NULL ? text : "NULL");
        }
        pm_text_append(out, "\n");
    }
    if (!good) {
        fail_msg("%s: %s", listing->name, error.message);
    }
    pm_sql_end(cursor);
}

static void list_all(struct pm_text *out)
{
    struct pm_sql *sql = old_store_open();
    for (size_t i = 0; i < LISTINGS; i++) {
        list(sql, &listings[i], out);
    }
    pm_sql_close(sql);
    assert_false(out->failed);
}

/* How long the lines are that both texts begin with. */
static size_t same_lines(const char *one, const char *other)
{
    size_t same = 0;
    for (size_t i = 0; one[i] == other[i] && one[i] != '\0'; i++) {
        if (one[i] == '\n') {
            same = i + 1;
        }
    }
    return same;
}

static void assert_says(const struct pm_text *expected)
{
    struct pm_text said = {0};
    list_all(&said);
    const size_t same = same_lines(said.data, expected->data);
    if (strcmp(said.data + same, expected->data + same) != 0) {
        fail_msg("the migrated store says\n%.500s\nwhere it should\n%.500s", said.data + same,
                 expected->data + same);
    }
    pm_text_clear(&said);
}

/* ---- the sums ---- */

static int64_t integer(struct pm_sql *sql, const char *query)
{
    struct pm_error error = {0};
    int64_t value = 0;
    bool found = false;
    if (!pm_sql_select_integer(sql, query, PM_SQL_NO_VALUES, &value, &found, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(found);
    return value;
}

static void assert_none(struct pm_sql *sql, const char *query)
{
    assert_int_equal(integer(sql, query), 0);
}

/* Each counts what must not be. */
static void assert_sums(int settled)
{
    struct pm_sql *sql = old_store_open();
    assert_none(sql, "SELECT COUNT(*) FROM epochs WHERE settled = 1 AND"
                     " (paid_rao + pool_rao <> budget_rao OR paid_rao <>"
                     " (SELECT SUM(rao) FROM payouts p WHERE p.epoch = epochs.number))");
    assert_none(sql, "SELECT COUNT(*) FROM epochs WHERE settled = 1 AND reputation <>"
                     " (SELECT SUM(micro) FROM rewards r WHERE r.epoch = epochs.number)");
    assert_none(sql, "SELECT COUNT(*) FROM reputation WHERE micro <> (SELECT SUM(r.micro)"
                     " FROM rewards r WHERE r.epoch = reputation.epoch"
                     " AND r.hotkey = reputation.hotkey)");
    assert_none(sql, "SELECT COUNT(*) FROM miners WHERE reputation_total <>"
                     " (SELECT COALESCE(SUM(micro), 0) FROM rewards r"
                     " WHERE r.hotkey = miners.hotkey)");
    char count[128];
    snprintf(count, sizeof count, "SELECT COUNT(*) - %d FROM epochs WHERE settled = 1", settled);
    assert_none(sql, count);
    pm_sql_close(sql);
}

static void assert_balance(struct virtual_pool *pool, const char *hotkey, int64_t balance,
                           int64_t pending, int64_t withdrawn)
{
    struct virtual_miner miner = virtual_pool_miner(pool, hotkey);
    assert_int_equal(miner.balance.lifetime_rao, balance + pending + withdrawn);
    assert_int_equal(miner.balance.pending_rao, pending);
    assert_int_equal(miner.balance.withdrawn_rao, withdrawn);
}

/* ---- the pool ---- */

static void open_pool_at(struct virtual_pool *pool, int64_t now_ms)
{
    *pool = (struct virtual_pool){
        .rules = virtual_pool_default_rules(), .now_ms = now_ms, .leases_asked = STORY_LEASES};
    story_set_rules(&pool->rules);
    virtual_pool_open(pool, old_store_name());
}

static void open_pool(struct virtual_pool *pool)
{
    open_pool_at(pool, STORY_END_MS);
}

/* The present pool, from the beginning. */
static int tell(void **state)
{
    struct virtual_pool pool;
    (void)state;
    old_store_remove();
    open_pool_at(&pool, STORY_BEGIN_MS);
    pool.leases_asked = 0;
    story_tell(&pool);
    virtual_pool_close(&pool);
    list_all(&left);
    open_pool(&pool);
    story_replay(&pool);
    virtual_pool_close(&pool);
    list_all(&replayed);
    open_pool(&pool);
    story_go_on(&pool);
    virtual_pool_close(&pool);
    list_all(&gone_on);
    old_store_remove();
    return 0;
}

static int forget(void **state)
{
    (void)state;
    old_store_remove();
    pm_text_clear(&left);
    pm_text_clear(&replayed);
    pm_text_clear(&gone_on);
    return 0;
}

/* Asked for again, an open lease is the same, with seeds; of schema 1 nobody knows them any more.
 */
static void resume(struct virtual_pool *pool, bool seeds_known)
{
    const struct pm_pool_lease_wish wish = {
        .hotkey = "miner-d", .evaluate_max = 8, .seed_max = 4, .resume = true};
    struct pm_grant grant;
    struct pm_refusal refusal;
    const int64_t asked = pool->leases_asked;
    const int status = virtual_pool_wish(pool, &wish, &grant, &refusal);
    pool->leases_asked = asked;
    assert_int_equal(status, seeds_known ? 200 : 400);
    if (!seeds_known) {
        assert_true(refusal.seconds_left > 0);
        return;
    }
    assert_string_equal(grant.lease.id, "0000000000000000000000000000000c");
    assert_int_equal(grant.evaluate_count, 1);
    assert_int_equal(grant.evaluate[0].id, 9);
    assert_int_equal(grant.seed_count, 4);
    pm_grant_clear(&grant);
}

static void check(const char *script, bool seeds_known)
{
    struct virtual_pool pool;
    old_store_load(script);
    open_pool(&pool); /* migrates */
    virtual_pool_close(&pool);
    assert_says(&left);
    assert_sums(1);
    open_pool(&pool);
    assert_balance(&pool, "miner-a", 433000003, 7000000, 10000000);
    assert_balance(&pool, "miner-b", 0, 428571431, 0);
    story_replay(&pool);
    virtual_pool_close(&pool);
    assert_says(&replayed);
    open_pool(&pool);
    resume(&pool, seeds_known);
    story_go_on(&pool);
    virtual_pool_close(&pool);
    assert_says(&gone_on);
    assert_sums(2);
}

static void test_schema_1(void **state)
{
    (void)state;
    check("story_1.sql", false);
}

static void test_schema_2(void **state)
{
    (void)state;
    check("story_2.sql", true);
}

static void test_schema_3(void **state)
{
    (void)state;
    check("story_3.sql", true);
}

static void test_schema_4(void **state)
{
    (void)state;
    check("story_4.sql", true);
}

static void test_schema_7(void **state)
{
    (void)state;
    check(test_store_url() != NULL ? "story_7_postgres.sql" : "story_7.sql", true);
}

/* ---- death in the middle of it ---- */

/* Opens the store, as a process that dies at write or sync number `at`; false: it came to an end
 * before. */
static bool migrate_and_die(enum crash_kind kind, int64_t at)
{
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct pm_pool_store *opened;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        crash_vfs_die_in_earnest();
        crash_vfs_arm(kind, at);
        _exit(pm_pool_store_open(old_store_name(), &opened, NULL) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) == CRASH_EXIT_STATUS;
}

/* Whenever it dies, the store is as it was or as it should be. */
static void test_death_in_a_migration(void **state)
{
    static const enum crash_kind kinds[] = {CRASH_KILL, CRASH_TORN, CRASH_POWER};
    struct virtual_pool pool;
    (void)state;
    if (test_store_url() != NULL) {
        skip(); /* PostgreSQL has its own tests of its transactions */
    }
    crash_vfs_install();
    int left_old = 0, left_new = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool dead = true;
        for (int64_t at = 1; dead; at += CRASH_STRIDE) {
            old_store_load("story_4.sql");
            dead = migrate_and_die(kinds[i], at);
            struct pm_sql *sql = old_store_open();
            const int64_t version = integer(sql, "SELECT MAX(version) FROM schema_versions");
            left_old += version == 4;
            left_new += dead && version > 7;
            assert_true(version == 4 || version > 7);
            assert_int_equal(integer(sql, "SELECT COUNT(*) FROM schema_versions"), version);
            pm_sql_close(sql);
            open_pool(&pool);
            virtual_pool_close(&pool);
            assert_says(&left);
        }
    }
    assert_true(left_old > 0);
    assert_true(left_new > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_1), cmocka_unit_test(test_schema_2),
        cmocka_unit_test(test_schema_3), cmocka_unit_test(test_schema_4),
        cmocka_unit_test(test_schema_7), cmocka_unit_test(test_death_in_a_migration),
    };
    return cmocka_run_group_tests(tests, tell, forget);
}
