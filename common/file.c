#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>

enum { PIPE_PATIENCE_MS = 1000 };

static bool fail_errno(struct pm_error *error, const char *path, const char *what)
{
    int number = errno;
    return pm_fail(error, number == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO, "%s: %s: %s", path,
                   what, strerror(number));
}

/* Reads until end of file into `data` of `size` bytes; *length beyond `size` - 1 means "too long".
 */
static bool read_all(int fd, char *data, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t count = read(fd, data + *length, size - *length);
        if (count == 0) {
            return true;
        }
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        *length += (size_t)count;
    }
    return true;
}

static bool read_open_file(int fd, const char *path, size_t max_bytes, char **out, size_t *length,
                           struct pm_error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return fail_errno(error, path, "cannot be examined");
    }
    if (!S_ISREG(status.st_mode)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: not a regular file", path);
    }
    if ((uintmax_t)status.st_size > max_bytes) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: %jd bytes, at most %zu are allowed", path,
                       (intmax_t)status.st_size, max_bytes);
    }
    /* One byte more than the file has, to notice that it grew: half of a change is no content. */
    size_t capacity = (size_t)status.st_size + 1;
    char *data = malloc(capacity);
    if (data == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory for %zu bytes", path, capacity);
    }
    if (!read_all(fd, data, capacity, length)) {
        fail_errno(error, path, "cannot be read");
        free(data);
        return false;
    }
    if (*length == capacity) {
        free(data);
        return pm_fail(error, PM_ERROR_IO, "%s: changed while it was read; try again", path);
    }
    data[*length] = '\0';
    *out = data;
    return true;
}

bool pm_file_read(const char *path, size_t max_bytes, char **out, size_t *length,
                  struct pm_error *error)
{
    /* O_NONBLOCK: opening a pipe without a writer must not hang before it can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_errno(error, path, "cannot be opened");
    }
    bool done = read_open_file(fd, path, max_bytes, out, length, error);
    close(fd);
    return done;
}

/* Length of the directory part of `path`, without the last slash; 0: the current directory. */
static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return 0;
    }
    return slash == path ? 1 : (size_t)(slash - path);
}

static bool sync_directory(const char *path)
{
    size_t length = directory_length(path);
    char *directory = length == 0 ? strdup(".") : strndup(path, length);
    if (directory == NULL) {
        return false;
    }
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    if (fd < 0) {
        return false;
    }
    /* Some file systems do not sync directories; that is their answer, not a failure. */
    bool done = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return done;
}

/* A pipe that is full: its reader gets a moment. */
static bool may_be_written(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    if (poll(&polled, 1, PIPE_PATIENCE_MS) != 0) {
        return true; /* interrupted, or with an error that the next write tells */
    }
    errno = ETIMEDOUT;
    return false;
}

static bool write_all(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0) {
            if (errno == EINTR || (errno == EAGAIN && may_be_written(fd))) {
                continue;
            }
            return false;
        }
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

static bool create_filled(const char *path, const void *data, size_t size, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) {
        return false;
    }
    bool done = write_all(fd, data, size) && fsync(fd) == 0;
    int saved_errno = errno;
    if (close(fd) != 0 && done) {
        return false;
    }
    errno = saved_errno;
    return done;
}

static bool move_into_place(const char *from, const char *to, bool overwrite)
{
    if (overwrite) {
        return rename(from, to) == 0;
    }
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    /* A file system without RENAME_NOREPLACE: a hard link does not replace either. */
    return link(from, to) == 0 && unlink(from) == 0;
}

static bool replace_or_create(const char *path, const void *data, size_t size, unsigned mode,
                              bool overwrite, struct pm_error *error)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return fail_errno(error, path, "no random name for a temporary file");
    }
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.%016jx.tmp", path, (uintmax_t)random) < 0) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", path);
    }
    bool done =
        create_filled(temporary, data, size, mode) && move_into_place(temporary, path, overwrite);
    if (done) {
        done = sync_directory(path) || fail_errno(error, path, "directory cannot be synced");
    } else {
        if (errno == EEXIST) {
            pm_fail(error, PM_ERROR_REFUSED, "%s: exists already and is not overwritten", path);
        } else {
            fail_errno(error, path, "cannot be written");
        }
        unlink(temporary);
    }
    free(temporary);
    return done;
}

/* A device or a pipe takes bytes; what is renamed over it would take its place. */
static bool write_through(const char *path, const void *data, size_t size, struct pm_error *error)
{
    /* O_NONBLOCK: a pipe that nobody opens, or that nobody empties, must fail rather than hang. */
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return fail_errno(error, path, errno == ENXIO ? "nobody reads it" : "cannot be opened");
    }
    bool done = write_all(fd, data, size);
    int saved_errno = errno;
    if (close(fd) != 0 && done) {
        done = false;
    } else {
        errno = saved_errno;
    }
    return done || fail_errno(error, path, "cannot be written");
}

bool pm_file_write_atomic(const char *path, const void *data, size_t size, unsigned mode,
                          bool overwrite, struct pm_error *error)
{
    struct stat status;
    if (!overwrite || lstat(path, &status) != 0 || S_ISREG(status.st_mode)) {
        return replace_or_create(path, data, size, mode, overwrite, error);
    }
    if (S_ISLNK(status.st_mode)) {
        if (stat(path, &status) != 0) {
            return fail_errno(error, path, "a link that leads nowhere");
        }
        if (!S_ISREG(status.st_mode)) { /* of /proc/self/fd, too, whose pipes have no other name */
            return write_through(path, data, size, error);
        }
        char *target = realpath(path, NULL);
        if (target == NULL) {
            return fail_errno(error, path, "a link that cannot be followed");
        }
        bool done = pm_file_write_atomic(target, data, size, mode, overwrite, error);
        free(target);
        return done;
    }
    return write_through(path, data, size, error);
}

static bool make_directory(const char *path, unsigned mode, struct pm_error *error)
{
    if (mkdir(path, (mode_t)mode) == 0) {
        return true;
    }
    if (errno != EEXIST) {
        return fail_errno(error, path, "directory cannot be made");
    }
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return pm_fail(error, PM_ERROR_IO, "%s: exists and is not a directory", path);
    }
    return true;
}

bool pm_file_make_directories(const char *path, unsigned mode, struct pm_error *error)
{
    char *copy = strdup(path);
    if (copy == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", path);
    }
    bool done = true;
    for (char *p = copy; done && *p != '\0'; p++) {
        if (*p == '/' && p != copy && p[-1] != '/') {
            *p = '\0';
            done = make_directory(copy, mode, error);
            *p = '/';
        }
    }
    done = done && make_directory(copy, mode, error);
    free(copy);
    return done;
}

char *pm_path_join(const char *directory, const char *name, const char *suffix,
                   struct pm_error *error)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s%s", directory, name, suffix) < 0) {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
        return NULL;
    }
    return path;
}
