/* A pool, a sidecar, workers and drivers, of which one after the other is killed without warning or
 * stopped for longer than a lease, at random moments. Afterwards the books are read: every job that
 * was acknowledged has one outcome, every lease that the pool has booked is known to its driver and
 * the other way round, nothing was booked twice, and the money adds up.
 *
 * POOLMINER_VIOLENCE_KILLS says how many kills (100 when not set; 1,000 take some eight minutes),
 * POOLMINER_VIOLENCE_SEED makes the same choices again. */
#include "cmocka_include.h"
#include "programs.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum {
    DRIVERS = 3,
    WORKERS = 2,
    PAUSE_MAX_MS = 700,
    STOPPED_MAX_MS = 3500, /* leases last 2,000 */
    STOPS_IN = 6,          /* one in so many is stopped, not killed */
    END_MS = 120000,
};

enum kind { POOL, SIDECAR, WORKER, DRIVER };

struct victim {
    enum kind kind;
    int number;
    char label[16];
    pid_t pid;
    int64_t goes_on_ms; /* when it is stopped: until then; else 0 */
};

enum { VICTIMS = 2 + WORKERS + DRIVERS };

struct mill {
    struct place place;
    char pool_port[16], sidecar_port[16], pool_url[64], sidecar_url[64];
    struct victim victims[VICTIMS];
    int kills, stops;
    unsigned random;
};

/* ---- the programs ---- */

static pid_t start_pool(struct mill *mill)
{
    const struct place *place = &mill->place;
    return START(place, "pool", "poolminer-pool", "--port", mill->pool_port, "--store",
                 place_file(place, "pool.db"), "--ready-file", place_file(place, "pool.ready"),
                 "--epoch-s", "3", "--task-timeout-s", "20", "--quorum", "2");
}

static pid_t start_sidecar(struct mill *mill)
{
    const struct place *place = &mill->place;
    return START(place, "sidecar", "poolminer-sidecar", "--port", mill->sidecar_port, "--store",
                 place_file(place, "sidecar.db"), "--ready-file",
                 place_file(place, "sidecar.ready"), "--lease-ms", "2000", "--heartbeat-ms", "500");
}

static pid_t start_worker(struct mill *mill, const struct victim *victim)
{
    return START(&mill->place, victim->label, "poolminer-worker", "--sidecar-url",
                 mill->sidecar_url, "--run-id", "mill", "--workers", "1", "--threads", "1");
}

static pid_t start_driver(struct mill *mill, const struct victim *victim, const char *duration_s)
{
    const struct place *place = &mill->place;
    char hotkey[32];
    snprintf(hotkey, sizeof hotkey, "hotkey-%d", victim->number);
    return START(place, victim->label, "poolminer-driver", "--pool-url", mill->pool_url,
                 "--sidecar-url", mill->sidecar_url, "--run-id", "mill", "--hotkey-file",
                 place_file(place, hotkey), "--generations", "100000", "--evolve-max-seconds", "1",
                 "--no-work-wait-s", "0.5", "--window-wait-min-s", "0.5", "--grace-s", "90",
                 "--duration-s", duration_s);
}

static void start(struct mill *mill, struct victim *victim)
{
    switch (victim->kind) {
    case POOL:
        victim->pid = start_pool(mill);
        break;
    case SIDECAR:
        victim->pid = start_sidecar(mill);
        break;
    case WORKER:
        victim->pid = start_worker(mill, victim);
        break;
    case DRIVER:
        victim->pid = start_driver(mill, victim, "0");
        break;
    }
}

static int set_up(void **state)
{
    static struct mill mill;
    static const char *const names[] = {"pool", "sidecar", "worker", "driver"};
    const char *seed = getenv("POOLMINER_VIOLENCE_SEED");
    mill = (struct mill){.pool_port = "0",
                         .sidecar_port = "0",
                         .random =
                             seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid()};
    print_message("POOLMINER_VIOLENCE_SEED=%u\n", mill.random);
    place_create(&mill.place);
    for (int i = 0; i < VICTIMS; i++) {
        struct victim *victim = &mill.victims[i];
        victim->kind = i < 2 ? (enum kind)i : i < 2 + WORKERS ? WORKER : DRIVER;
        victim->number = i;
        snprintf(victim->label, sizeof victim->label, "%s-%d", names[victim->kind], i);
    }
    start(&mill, &mill.victims[POOL]);
    start(&mill, &mill.victims[SIDECAR]);
    snprintf(mill.pool_port, sizeof mill.pool_port, "%d", wait_ready(&mill.place, "pool.ready"));
    snprintf(mill.sidecar_port, sizeof mill.sidecar_port, "%d",
             wait_ready(&mill.place, "sidecar.ready"));
    snprintf(mill.pool_url, sizeof mill.pool_url, "http://127.0.0.1:%s", mill.pool_port);
    snprintf(mill.sidecar_url, sizeof mill.sidecar_url, "tcp://127.0.0.1:%s", mill.sidecar_port);
    for (int i = 2; i < VICTIMS; i++) {
        start(&mill, &mill.victims[i]);
    }
    *state = &mill;
    return 0;
}

static int tear_down(void **state)
{
    struct mill *mill = *state;
    place_destroy(&mill->place);
    return 0;
}

/* ---- violence ---- */

static unsigned below(struct mill *mill, unsigned bound)
{
    return (unsigned)rand_r(&mill->random) % bound;
}

/* What stood still for long enough goes on; what has ended by itself is started again, as a
 * supervisor would. */
static void look_after(struct mill *mill)
{
    int64_t now_ms = pm_clock_monotonic_ms();
    for (int i = 0; i < VICTIMS; i++) {
        struct victim *victim = &mill->victims[i];
        siginfo_t ended = {0};
        if (victim->goes_on_ms != 0 && now_ms >= victim->goes_on_ms) {
            victim->goes_on_ms = 0;
            kill(victim->pid, SIGCONT);
        }
        if (waitid(P_PID, (id_t)victim->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid == victim->pid) {
            kill_hard(victim->pid); /* reaps it */
            start(mill, victim);
        }
    }
}

static void strike(struct mill *mill)
{
    struct victim *victim = &mill->victims[below(mill, VICTIMS)];
    if (victim->goes_on_ms == 0 && below(mill, STOPS_IN) == 0) {
        victim->goes_on_ms = pm_clock_monotonic_ms() + below(mill, STOPPED_MAX_MS);
        kill(victim->pid, SIGSTOP);
        mill->stops++;
        return;
    }
    kill_hard(victim->pid);
    victim->goes_on_ms = 0;
    mill->kills++;
    start(mill, victim);
}

/* All that stand still go on, and the drivers finish what they have begun. */
static void let_it_end(struct mill *mill)
{
    for (int i = 0; i < VICTIMS; i++) {
        struct victim *victim = &mill->victims[i];
        victim->goes_on_ms = 0;
        kill(victim->pid, SIGCONT);
    }
    look_after(mill);
    for (int i = VICTIMS - DRIVERS; i < VICTIMS; i++) {
        struct victim *victim = &mill->victims[i];
        kill_hard(victim->pid);
        victim->pid = start_driver(mill, victim, "1");
    }
    for (int i = VICTIMS - DRIVERS; i < VICTIMS; i++) {
        struct victim *victim = &mill->victims[i];
        if (wait_end(&mill->place, victim->label, victim->pid, END_MS) != 0) {
            show_logs(&mill->place);
            fail_msg("%s could not finish", victim->label);
        }
    }
    for (int i = VICTIMS - DRIVERS - 1; i >= 0; i--) {
        struct victim *victim = &mill->victims[i];
        kill(victim->pid, SIGTERM);
        wait_end(&mill->place, victim->label, victim->pid, END_MS);
    }
}

/* ---- the books ---- */

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

/* Each is a sentence, and a question whose answer is how often it does not hold. */
static const struct {
    const char *promise, *violations;
} PROMISES[] = {
    {"the pool's file is whole", "SELECT count(*) FROM pragma_integrity_check WHERE schema = "
                                 "'main' AND integrity_check <> 'ok'"},
    {"the sidecar's file is whole", "SELECT count(*) FROM pragma_integrity_check WHERE schema = "
                                    "'queue' AND integrity_check <> 'ok'"},
    {"no row of the pool hangs in the air", "SELECT count(*) FROM pragma_foreign_key_check"},
    {"no job waits or is under way",
     "SELECT (SELECT count(*) FROM queue.queued) + (SELECT count(*) FROM queue.lease)"},
    /* of enum pm_counter: PUT 8, COMPLETED 9, GONE_WRONG 10, SET_ASIDE_EVER 11, EXPIRED 13,
     * CANCELLED 14 */
    {"every job that was put has one outcome",
     "SELECT abs(sum(CASE counter WHEN 8 THEN value ELSE -value END)) FROM queue.counter WHERE"
     " run > 0 AND counter IN (8, 9, 10, 11, 13, 14)"},
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

static void read_the_books(struct mill *mill)
{
    sqlite3 *books;
    char attach[256];
    bool good = true;
    assert_int_equal(sqlite3_open(place_file(&mill->place, "pool.db"), &books), SQLITE_OK);
    snprintf(attach, sizeof attach, "ATTACH '%s' AS queue", place_file(&mill->place, "sidecar.db"));
    assert_int_equal(sqlite3_exec(books, attach, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof PROMISES / sizeof *PROMISES; i++) {
        int64_t violations = ask(books, PROMISES[i].violations);
        if (violations != 0) {
            print_error("broken %lld times: %s\n", (long long)violations, PROMISES[i].promise);
            good = false;
        }
    }
    int64_t jobs = ask(books, "SELECT sum(value) FROM queue.counter WHERE run > 0 AND counter = 8");
    int64_t leases = ask(books, "SELECT count(*) FROM leases WHERE state = 1");
    print_message("%d kills, %d stops: %lld jobs, %lld leases booked, %lld evaluations, %lld RAO "
                  "paid\n",
                  mill->kills, mill->stops, (long long)jobs, (long long)leases,
                  (long long)ask(books, "SELECT count(*) FROM evaluations"),
                  (long long)ask(books, "SELECT coalesce(sum(rao), 0) FROM payouts"));
    sqlite3_close(books);
    if (!good || leases == 0) {
        show_logs(&mill->place);
        fail_msg("%s", good ? "nothing was booked at all" : "a promise is broken");
    }
}

static void whatever_is_killed_nothing_is_lost(void **state)
{
    struct mill *mill = *state;
    const char *wanted = getenv("POOLMINER_VIOLENCE_KILLS");
    const int kills = wanted != NULL ? (int)strtol(wanted, NULL, 10) : 100;
    while (mill->kills < kills) {
        pm_clock_sleep_ms(below(mill, PAUSE_MAX_MS));
        look_after(mill);
        strike(mill);
    }
    let_it_end(mill);
    read_the_books(mill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_is_killed_nothing_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
