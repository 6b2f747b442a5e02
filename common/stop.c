#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/stop.h>

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "the stop flag is set in a signal handler");

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "so is the time of the first signal");

enum { SAME_WISH_MS = 250, SIGNALS = 4 };
static const int signals[SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static atomic_bool stop_flag;
static atomic_llong first_ms; /* when the first signal came; 0: none did */

static void handle_signal(int number)
{
    /* clock_gettime, below this, may be called in a signal handler. */
    long long now_ms = pm_clock_monotonic_ms(), earlier_ms = 0;
    if (atomic_compare_exchange_strong(&first_ms, &earlier_ms, now_ms)) {
        atomic_store(&stop_flag, true);
    } else if (now_ms - earlier_ms >= SAME_WISH_MS) {
        _exit(128 + number);
    }
}

/* nohup(1) asks to go on without a terminal. */
static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void pm_stop_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle_signal;
    sigemptyset(&action.sa_mask); /* they do not interrupt each other's handler */
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaddset(&action.sa_mask, signals[i]);
    }
    /* No SA_RESTART: a blocking call returns, so that loops see the flag at once. */
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i] != SIGHUP || !is_ignored(SIGHUP)) {
            sigaction(signals[i], &action, NULL);
        }
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    /* A file at the size limit is one that cannot be written: an error, not the end. */
    sigaction(SIGXFSZ, &action, NULL);
}

const atomic_bool *pm_stop_flag(void)
{
    return &stop_flag;
}

bool pm_stop_requested(void)
{
    return atomic_load(&stop_flag);
}
