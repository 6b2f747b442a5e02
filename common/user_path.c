#include <stdio.h>
#include <stdlib.h>

#include <poolminer/user_path.h>

bool pm_user_path(const char *variable, const char *fallback, const char *name, char **out,
                  struct pm_error *error)
{
    const char *slash = name[0] == '\0' ? "" : "/";
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    int written;
    /* The specification: a base that is not absolute is to be ignored. */
    if (base && base[0] == '/')
        written = asprintf(out, "%s/poolminer%s%s", base, slash, name);
    else if (home && home[0] == '/')
        written = asprintf(out, "%s/%s/poolminer%s%s", home, fallback, slash, name);
    else
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "no place for the user's files: neither %s nor HOME is set", variable);
    if (written >= 0)
        return true;
    *out = NULL;
    return pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
}
