/* To be preloaded: the disk under a program's databases, failing when a test says so. The errno
 * that their writes and syncs fail with (0: they work) is an eight-byte number in the file that
 * POOLMINER_TEST_DISK names, looked at each time. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const _Atomic int64_t *trouble;

static ssize_t (*real_pwrite)(int file, const void *data, size_t size, off_t offset);
static int (*real_fdatasync)(int file);
static int (*real_ftruncate)(int file, off_t size);

__attribute__((constructor)) static void open_trouble(void)
{
    const char *path = getenv("POOLMINER_TEST_DISK");
    const int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    if (file < 0) {
        return;
    }
    void *mapped = mmap(NULL, sizeof *trouble, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    trouble = mapped != MAP_FAILED ? mapped : NULL;
}

/* Sets errno. */
static bool fails(int file)
{
    const int64_t reason = trouble != NULL ? atomic_load(trouble) : 0;
    char link[64], path[512];
    if (reason == 0) {
        return false;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    errno = (int)reason;
    return strstr(path, ".db") != NULL;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
    return fails(file) ? -1 : real_pwrite(file, data, size, offset);
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t offset)
{
    return pwrite(file, data, size, offset);
}

/* A full disk syncs what it has. */
int fdatasync(int file)
{
    return fails(file) && errno == EIO ? -1 : real_fdatasync(file);
}

int ftruncate(int file, off_t size)
{
    return fails(file) && errno == EIO ? -1 : real_ftruncate(file, size);
}

int ftruncate64(int file, off_t size)
{
    return ftruncate(file, size);
}
