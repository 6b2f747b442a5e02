/* A pool, a sidecar, workers and drivers, of which one after the other is killed without warning,
 * stopped for longer than a lease, finds its clock an hour off or its disk full or broken, at
 * random moments, while what stands between drivers and pool answers 500, hangs, cuts answers off
 * or drops them. A witness between the sidecar and the others writes down what is acknowledged.
 * Afterwards the books are read and held against it: every job that was acknowledged has one
 * outcome and every result that was is in its lease's submission, every lease that the pool has
 * booked is known to its driver and the other way round, nothing was booked twice, and the money
 * adds up.
 *
 * POOLMINER_VIOLENCE_KILLS says how many kills (100 when not set; 1,000 take some eight minutes),
 * POOLMINER_VIOLENCE_SEED makes the same choices again. */
#include "asked_number.h"
#include "books.h"
#include "cmocka_include.h"
#include "faulty_front.h"
#include "programs.h"
#include "witness.h"

#include <errno.h>
#include <signal.h>
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
    JUMPS_IN = 6,          /* and the clock of one in so many jumps */
    DISKS_IN = 10,         /* and the disk of one in so many fails */
    JUMP_MAX_MS = 3600000, /* forwards or back */
    END_MS = 120000,
};

enum kind { POOL, SIDECAR, WORKER, DRIVER };

struct victim {
    enum kind kind;
    int number;
    char label[16];
    pid_t pid;
    int64_t goes_on_ms; /* when it is stopped: until then; else 0 */
    int64_t right_ms;   /* when its clock is off: until then; else 0 */
    int64_t mended_ms;  /* when its disk fails: until then; else 0 */
};

enum { VICTIMS = 2 + WORKERS + DRIVERS };

struct mill {
    struct place place;
    char pool_port[16], sidecar_port[16], pool_url[64], sidecar_url[64];
    struct victim victims[VICTIMS];
    struct faulty_front *front;
    struct witness *witness; /* between the sidecar and the others */
    int kills, stops, jumps, disks;
    unsigned random;
};

/* ---- the programs ---- */

static pid_t start_pool(struct mill *mill, const struct victim *victim)
{
    const struct place *place = &mill->place;
    return START(place, victim->label, "poolminer-pool", "--port", mill->pool_port, "--store",
                 place_file(place, "pool.db"), "--ready-file", place_file(place, "pool.ready"),
                 "--epoch-s", "3", "--task-timeout-s", "20", "--quorum", "2");
}

static pid_t start_sidecar(struct mill *mill, const struct victim *victim)
{
    const struct place *place = &mill->place;
    return START(place, victim->label, "poolminer-sidecar", "--port", mill->sidecar_port, "--store",
                 place_file(place, "sidecar.db"), "--ready-file",
                 place_file(place, "sidecar.ready"), "--lease-ms", "2000", "--heartbeat-ms", "500");
}

static pid_t start_worker(struct mill *mill, const struct victim *victim)
{
    return START(&mill->place, victim->label, "poolminer-worker", "--sidecar-url",
                 mill->sidecar_url, "--run-id", "mill", "--workers", "1", "--threads", "1",
                 "--checkpoint-ms", "100");
}

static unsigned below(struct mill *mill, unsigned bound)
{
    return (unsigned)rand_r(&mill->random) % bound;
}

/* Each start in another mode, so that one finishes what another has begun. */
static pid_t start_driver(struct mill *mill, const struct victim *victim, const char *duration_s)
{
    static const char *const MODES[] = {"lease",    "lease",  "lease",
                                        "evaluate", "evolve", "alternate"};
    const struct place *place = &mill->place;
    char hotkey[32];
    snprintf(hotkey, sizeof hotkey, "hotkey-%d", victim->number);
    return START(place, victim->label, "poolminer-driver", "--pool-url", mill->pool_url,
                 "--sidecar-url", mill->sidecar_url, "--run-id", "mill", "--hotkey-file",
                 place_file(place, hotkey), "--generations", "100000", "--evolve-max-seconds", "1",
                 "--no-work-wait-s", "0.5", "--window-wait-min-s", "0.5", "--grace-s", "90",
                 "--duration-s", duration_s, "--mode",
                 MODES[below(mill, sizeof MODES / sizeof *MODES)]);
}

static void start(struct mill *mill, struct victim *victim)
{
    switch (victim->kind) {
    case POOL:
        victim->pid = start_pool(mill, victim);
        break;
    case SIDECAR:
        victim->pid = start_sidecar(mill, victim);
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
    mill = (struct mill){
        .pool_port = "0",
        .sidecar_port = "0",
        .random = (unsigned)pm_test_asked_number("POOLMINER_VIOLENCE_SEED", 0, getpid())};
    print_message("POOLMINER_VIOLENCE_SEED=%u\n", mill.random);
    place_create(&mill.place);
    mill.place.clock = PM_SHIFTED_CLOCK;
    mill.place.disk = PM_FAILING_DISK;
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
    mill.front = faulty_front_start((int)strtol(mill.pool_port, NULL, 10), mill.random);
    snprintf(mill.pool_url, sizeof mill.pool_url, "http://127.0.0.1:%d",
             faulty_front_port(mill.front));
    mill.witness = witness_start((int)strtol(mill.sidecar_port, NULL, 10),
                                 place_file(&mill.place, "witness.db"));
    snprintf(mill.sidecar_url, sizeof mill.sidecar_url, "tcp://127.0.0.1:%d",
             witness_port(mill.witness));
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
    if (mill->witness != NULL) {
        witness_stop(mill->witness);
    }
    faulty_front_stop(mill->front);
    return 0;
}

/* ---- violence ---- */

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
        if (victim->right_ms != 0 && now_ms >= victim->right_ms) {
            victim->right_ms = 0;
            place_shift_clock(&mill->place, victim->label, 0);
        }
        if (victim->mended_ms != 0 && now_ms >= victim->mended_ms) {
            victim->mended_ms = 0;
            place_fail_disk(&mill->place, victim->label, 0);
        }
        if (waitid(P_PID, (id_t)victim->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid == victim->pid) {
            kill_hard(victim->pid); /* reaps it */
            start(mill, victim);
        }
    }
}

static void jump(struct mill *mill, struct victim *victim)
{
    const int64_t offset_ms = (int64_t)below(mill, 2 * JUMP_MAX_MS) - JUMP_MAX_MS;
    victim->right_ms = pm_clock_monotonic_ms() + below(mill, STOPPED_MAX_MS);
    place_shift_clock(&mill->place, victim->label, offset_ms);
    mill->jumps++;
}

/* Pool and sidecar are who have one. */
static void break_disk(struct mill *mill)
{
    struct victim *victim = &mill->victims[below(mill, 2) == 0 ? POOL : SIDECAR];
    victim->mended_ms = pm_clock_monotonic_ms() + below(mill, STOPPED_MAX_MS);
    place_fail_disk(&mill->place, victim->label, below(mill, 2) == 0 ? EIO : ENOSPC);
    mill->disks++;
}

static void strike(struct mill *mill)
{
    struct victim *victim = &mill->victims[below(mill, VICTIMS)];
    if (below(mill, DISKS_IN) == 0) {
        break_disk(mill);
        return;
    }
    if (below(mill, JUMPS_IN) == 0) {
        jump(mill, victim);
        return;
    }
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

/* Clocks are right, disks work, and all are killed a last time, for some may just be giving up; the
 * drivers then finish what they have begun. */
static void let_it_end(struct mill *mill)
{
    faulty_front_behave(mill->front);
    for (int i = 0; i < VICTIMS; i++) {
        struct victim *victim = &mill->victims[i];
        place_fail_disk(&mill->place, victim->label, 0);
        place_shift_clock(&mill->place, victim->label, 0);
        kill_hard(victim->pid);
        if (victim->kind == DRIVER) {
            victim->pid = start_driver(mill, victim, "1");
        } else {
            start(mill, victim);
        }
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
    witness_stop(mill->witness);
    mill->witness = NULL;
}

static const char *const FATES[FRONT_FATES] = {
    [FRONT_PASS] = "passed on",
    [FRONT_REFUSE] = "answered 500 and not passed on",
    [FRONT_LOSE] = "passed on and answered 500",
    [FRONT_HANG] = "kept waiting and not passed on",
    [FRONT_HANG_AFTER] = "passed on and kept waiting",
    [FRONT_TRUNCATE] = "passed on and cut off",
    [FRONT_DROP] = "passed on and dropped",
};

static void whatever_is_killed_nothing_is_lost(void **state)
{
    struct mill *mill = *state;
    const int kills = (int)pm_test_asked_number("POOLMINER_VIOLENCE_KILLS", 1, 100);
    while (mill->kills < kills) {
        pm_clock_sleep_ms(below(mill, PAUSE_MAX_MS));
        look_after(mill);
        strike(mill);
    }
    let_it_end(mill);
    print_message("%d kills, %d stops, %d clocks, %d disks, %d requests passed on\n", mill->kills,
                  mill->stops, mill->jumps, mill->disks,
                  faulty_front_count(mill->front, FRONT_PASS));
    for (enum front_fate fate = FRONT_REFUSE; fate < FRONT_FATES; fate++) {
        print_message("%d requests %s\n", faulty_front_count(mill->front, fate), FATES[fate]);
    }
    if (!books_balance(&mill->place)) {
        show_logs(&mill->place);
        fail_msg("a promise is broken");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_is_killed_nothing_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
