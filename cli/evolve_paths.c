#include "cli/evolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return S_ISREG(a->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One would replace the other at the end. */
static bool check_two(const char *plot, const char *log, struct pm_error *error)
{
    struct stat a, b;
    const bool same =
        stat(plot, &a) == 0 && stat(log, &b) == 0 ? is_same_file(&a, &b) : strcmp(plot, log) == 0;
    return !same ||
           pm_fail(error, PM_ERROR_INVALID,
                   "evolve: --plot and --log-evolution are the same file, %s; name two", plot);
}

/* As with --plot /dev/stdout > file. */
static bool check_result(const char *option, const char *path, struct pm_error *error)
{
    struct stat file, out;
    if (stat(path, &file) != 0 || fstat(STDOUT_FILENO, &out) != 0 || !is_same_file(&file, &out)) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "evolve: --%s %s is the file that the result goes to; name another", option,
                   path);
}

static bool check_directory(const char *plot, struct pm_error *error)
{
    struct stat file;
    const char *slash = strrchr(plot, '/');
    if (stat(plot, &file) == 0) {
        return !S_ISDIR(file.st_mode) ||
               pm_fail(error, PM_ERROR_INVALID, "evolve: --plot %s is a directory", plot);
    }
    char *directory = slash == NULL ? strdup(".") : strndup(plot, (size_t)(slash - plot) + 1);
    if (directory == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolve: out of memory");
    }
    const bool writable = access(directory, W_OK | X_OK) == 0;
    if (!writable) {
        pm_fail(error, PM_ERROR_IO, "evolve: --plot %s cannot be written: %s: %s", plot, directory,
                strerror(errno));
    }
    free(directory);
    return writable;
}

bool evolve_check_paths(const char *plot, const char *log, struct pm_error *error)
{
    if (plot != NULL && log != NULL && !check_two(plot, log, error)) {
        return false;
    }
    return (log == NULL || check_result("log-evolution", log, error)) &&
           (plot == NULL || (check_result("plot", plot, error) && check_directory(plot, error)));
}
