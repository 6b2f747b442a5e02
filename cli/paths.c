#include "cli/paths.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/user_path.h>
#include <poolminer/wallet.h>

static bool no_memory(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_MEMORY, "paths: no memory");
}

char *path_join(const char *directory, const char *name, struct pm_error *error)
{
    return pm_path_join(directory, name, "", error);
}

bool path_data_directory(const struct pm_options *options, char **out, struct pm_error *error)
{
    const char *set = pm_options_text(options, "data-dir");
    if (set == NULL) {
        return pm_user_path("XDG_DATA_HOME", ".local/share", "", out, error) ||
               pm_fail_context(error, "--data-dir is not given");
    }
    *out = strdup(set);
    return *out != NULL || no_memory(error);
}

bool path_hotkey_file(const struct pm_options *options, char **out, bool *may_make,
                      struct pm_error *error)
{
    char *directory = NULL;
    if (!path_data_directory(options, &directory, error)) {
        return false;
    }
    char *own = path_join(directory, "hotkey", error);
    free(directory);
    bool done = own != NULL && pm_wallet_key_file(options, own, out, may_make, error);
    free(own);
    return done;
}
