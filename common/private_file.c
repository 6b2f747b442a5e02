#include "common/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail_errno(struct pm_error *error, const char *path, int number)
{
    return pm_fail(error, number == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO, "%s: %s", path,
                   strerror(number));
}

static bool check(int file, const char *path, size_t max_bytes, unsigned forbidden, size_t *size,
                  struct pm_error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return fail_errno(error, path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: not a regular file", path);
    }
    if ((status.st_mode & forbidden) != 0) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "%s: others may %s it (mode %03o); make it private: chmod 600 %s", path,
                       (forbidden & 044) != 0 ? "read" : "change", (unsigned)status.st_mode & 0777U,
                       path);
    }
    if ((uintmax_t)status.st_size > max_bytes) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: longer than %zu bytes: not a key file", path,
                       max_bytes);
    }
    *size = (size_t)status.st_size;
    return true;
}

static bool read_whole(int file, const char *path, char *text, size_t size, size_t *length,
                       struct pm_error *error)
{
    *length = 0;
    while (*length < size) {
        ssize_t count = read(file, text + *length, size - *length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno(error, path, errno);
        }
        if (count == 0) {
            break;
        }
        *length += (size_t)count;
    }
    text[*length] = '\0';
    return true;
}

/* Opened once, so that what is checked is what is read. */
bool pm_private_file_read(const char *path, size_t max_bytes, unsigned forbidden, char **out,
                          size_t *length, struct pm_error *error)
{
    size_t size = 0;
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return fail_errno(error, path, errno);
    }
    if (!check(file, path, max_bytes, forbidden, &size, error)) {
        close(file);
        return false;
    }
    char *text = sodium_malloc(size + 1);
    bool done = text != NULL ? read_whole(file, path, text, size, length, error)
                             : pm_fail(error, PM_ERROR_MEMORY, "no protected memory left");
    close(file);
    if (!done) {
        sodium_free(text);
        return false;
    }
    *out = text;
    return true;
}
