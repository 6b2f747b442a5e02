/* To be preloaded: the wall clock of a program, off by what a test says. The offset in milliseconds
 * is an eight-byte number in the file that POOLMINER_TEST_CLOCK names, looked at each time. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t *offset_ms;

__attribute__((constructor)) static void open_offset(void)
{
    const char *path = getenv("POOLMINER_TEST_CLOCK");
    const int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        return;
    }
    void *mapped = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    offset_ms = mapped != MAP_FAILED ? mapped : NULL;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    const int status = (int)syscall(SYS_clock_gettime, id, out);
    if (status == 0 && offset_ms != NULL && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        const int64_t offset = atomic_load(offset_ms);
        const int64_t ns = out->tv_nsec + offset % 1000 * 1000000;
        const int64_t carry = ns < 0 ? -1 : ns / 1000000000;
        out->tv_sec += (time_t)(offset / 1000 + carry);
        out->tv_nsec = (long)(ns - carry * 1000000000);
    }
    return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
