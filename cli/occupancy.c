#include "cli/occupancy.h"

#include "cli/paths.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

bool occupancy_lock(const char *data_directory, int *lock, struct pm_error *error)
{
    char *path = path_join(data_directory, "mine.lock", error);
    if (path == NULL) {
        return false;
    }
    bool done = false;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        pm_fail(error, PM_ERROR_IO, "%s: %s", path, strerror(errno));
    } else if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        pm_fail(error, PM_ERROR_REFUSED,
                "another `poolminer mine` runs with the files in %s: stop it, or give this one "
                "--data-dir (and --sidecar-port 0)",
                data_directory);
        close(descriptor);
    } else {
        *lock = descriptor;
        done = true;
    }
    free(path);
    return done;
}

void occupancy_unlock(int lock)
{
    if (lock >= 0) {
        close(lock);
    }
}

bool occupancy_is_held(const char *data_directory)
{
    int lock = -1;
    struct pm_error error = {0};
    const bool is_free =
        access(data_directory, F_OK) != 0 || occupancy_lock(data_directory, &lock, &error);
    occupancy_unlock(lock);
    return !is_free && error.code == PM_ERROR_REFUSED;
}

bool occupancy_check_port(int port, struct pm_error *error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) {
        return pm_fail(error, PM_ERROR_IO, "no socket: %s", strerror(errno));
    }
    /* As the sidecar does: connections that were closed a moment ago are no obstacle. */
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool taken = bind(listener, (const struct sockaddr *)&address, sizeof address) != 0;
    int reason = errno;
    close(listener);
    return !taken ||
           pm_fail(
               error, PM_ERROR_REFUSED,
               "the sidecar cannot listen on 127.0.0.1:%d: %s; stop what listens there (another "
               "miner, or a poolminer-sidecar started by hand), or choose another port with "
               "--sidecar-port, 0 for a free one",
               port, strerror(reason));
}
