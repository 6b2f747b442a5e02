#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <poolminer/locked_memory.h>

enum { NEEDED_BYTES = 32 * 1024 }; /* some secrets at a time, each with pages of its own */

static bool can_lock(size_t bytes)
{
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) {
        return false;
    }
    const bool done = mlock(room, bytes) == 0;
    const int reason = errno;
    munmap(room, bytes); /* which unlocks it */
    errno = reason;
    return done;
}

bool pm_locked_memory_check(struct pm_error *error)
{
    struct rlimit limit = {0};
    if (can_lock(NEEDED_BYTES)) {
        return true;
    }
    const int reason = errno;
    getrlimit(RLIMIT_MEMLOCK, &limit);
    return pm_fail(error, PM_ERROR_UNAVAILABLE,
                   "memory cannot be locked (%s, the limit is %llu KiB), so the key may get into "
                   "the swap; raise the limit (ulimit -l 64, LimitMEMLOCK=64K in a unit), or keep "
                   "the swap encrypted",
                   strerror(reason), (unsigned long long)limit.rlim_cur / 1024);
}
