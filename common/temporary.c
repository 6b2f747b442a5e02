#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/temporary.h>

bool pm_temporary_make(char **out, struct pm_error *error)
{
    const char *base = getenv("TMPDIR");
    char *path =
        pm_path_join(base != NULL && base[0] == '/' ? base : "/tmp", "poolminer-XXXXXX", "", error);
    if (path == NULL) {
        return false;
    }
    if (mkdtemp(path) == NULL) {
        pm_fail(error, PM_ERROR_IO, "%s: %s", path, strerror(errno));
        free(path);
        return false;
    }
    *out = path;
    return true;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    remove(path); /* what is left when this fails keeps its directory */
    return 0;
}

void pm_temporary_remove(const char *directory)
{
    enum { OPEN_DIRECTORIES = 8 };
    nftw(directory, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
