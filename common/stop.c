#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/stop.h>

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "the stop flag is set in a signal handler");

static atomic_bool stop_flag;

static void handle_signal(int number)
{
    if (atomic_exchange(&stop_flag, true)) {
        _exit(128 + number);
    }
}

void pm_stop_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle_signal;
    sigemptyset(&action.sa_mask);
    /* No SA_RESTART: a blocking call returns, so that loops see the flag at once. */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

const atomic_bool *pm_stop_flag(void)
{
    return &stop_flag;
}

bool pm_stop_requested(void)
{
    return atomic_load(&stop_flag);
}
