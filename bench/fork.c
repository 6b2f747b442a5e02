#include "bench/fork.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool bench_fork_tell(int told, int port)
{
    return write(told, &port, sizeof port) == (ssize_t)sizeof port;
}

bool bench_fork(bench_fork_serve *serve, const void *context, const char *name, pid_t *pid,
                int *port, struct pm_error *error)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return pm_fail(error, PM_ERROR_IO, "a pipe to %s: %s", name, strerror(errno));
    }
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* it must not outlive who measures it */
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        close(ends[0]);
        serve(context, ends[1]);
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    const bool good = *pid > 0 && read(ends[0], port, sizeof *port) == (ssize_t)sizeof *port;
    close(ends[0]);
    return good || pm_fail(error, PM_ERROR_IO, "%s does not come up", name);
}
