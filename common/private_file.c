#include "common/private_file.h"

#include <sys/stat.h>

#include <poolminer/file.h>

/* Looked at before it is read: who could exchange the file in between may write the directory, and
 * could exchange it for one with any mode as well. */
bool pm_private_file_read(const char *path, size_t max_bytes, unsigned forbidden, char **out,
                          size_t *length, struct pm_error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && (status.st_mode & forbidden) != 0) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "%s: others may use it (mode %03o); make it private: chmod 600 %s", path,
                       (unsigned)status.st_mode & 0777, path);
    }
    return pm_file_read(path, max_bytes, out, length, error);
}
