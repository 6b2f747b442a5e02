#include "driver/key_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who holds an flock on this inode; 0: not told. Format of the lines: proc_locks(5). */
static int holder_of(ino_t inode)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    int holder = 0;
    while (locks != NULL && holder == 0 && fgets(line, sizeof line, locks) != NULL) {
        int pid = 0;
        unsigned long long number = 0;
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %*x:%*x:%llu", &pid, &number) == 2 &&
            number == inode) {
            holder = pid;
        }
    }
    if (locks != NULL) {
        fclose(locks);
    }
    return holder;
}

static bool fail_held(const char *path, int file, struct pm_error *error)
{
    struct stat status;
    char process[32] = "";
    int holder = fstat(file, &status) == 0 ? holder_of(status.st_ino) : 0;
    if (holder > 0) {
        snprintf(process, sizeof process, " (process %d)", holder);
    }
    return pm_fail(error, PM_ERROR_REFUSED,
                   "%s: another driver%s mines with this key; stop it, or give this one a key of "
                   "its own with --hotkey-file",
                   path, process);
}

bool pm_key_lock(const char *path, int *out, struct pm_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return pm_fail(error, PM_ERROR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        *out = file;
        return true;
    }
    if (errno == EWOULDBLOCK) {
        fail_held(path, file, error);
    } else {
        pm_fail(error, PM_ERROR_IO, "%s: cannot be locked: %s", path, strerror(errno));
    }
    close(file);
    return false;
}
