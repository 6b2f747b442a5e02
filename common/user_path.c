#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/user_path.h>

bool pm_user_path(const char *variable, const char *fallback, const char *name, char **out,
                  struct pm_error *error)
{
    const char *slash = name[0] == '\0' ? "" : "/";
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int written;
    /* The specification: a base that is not absolute is to be ignored. */
    if (base != NULL && base[0] == '/') {
        written = asprintf(out, "%s/poolminer%s%s", base, slash, name);
    } else if (home != NULL && home[0] == '/') {
        written = asprintf(out, "%s/%s/poolminer%s%s", home, fallback, slash, name);
    } else {
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "no place for the user's files: neither %s nor HOME is set", variable);
    }
    if (written >= 0) {
        return true;
    }
    *out = NULL;
    return pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
}

char *pm_user_store(const char *given, const char *name, struct pm_error *error)
{
    char *path = given == NULL ? NULL : strdup(given);
    if (given == NULL) {
        pm_user_path("XDG_STATE_HOME", ".local/state", name, &path, error);
    } else if (path == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    }
    if (path == NULL) {
        return NULL;
    }
    char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        *slash = '\0';
        bool made = pm_file_make_directories(path, 0700, error);
        *slash = '/';
        if (!made) {
            free(path);
            return NULL;
        }
    }
    return path;
}
