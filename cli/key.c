#include "cli/key.h"

#include "cli/paths.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/password.h>
#include <poolminer/program.h>

bool key_ask_password(const struct pm_options *options, const char *path, char **password,
                      struct pm_error *error)
{
    bool sealed = false;
    *password = NULL;
    if (!pm_hotkey_file_is_sealed(path, &sealed, error)) {
        return error->code == PM_ERROR_NOT_FOUND;
    }
    if (!sealed) {
        return true;
    }
    pm_program_forbid_core_dumps();
    int fd = (int)pm_options_integer(options, "password-fd");
    const struct pm_password_source source = pm_password_source(&fd);
    char *text = sodium_init() < 0 ? NULL : sodium_malloc(PM_PASSWORD_SIZE + 1);
    if (text == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a password");
    }
    if (!source.ask(source.context, path, text, error)) {
        sodium_free(text);
        return false;
    }
    size_t length = strlen(text);
    memcpy(text + length, "\n", 2);
    *password = text;
    return true;
}

void key_free_password(char *password)
{
    sodium_free(password);
}

bool key_load(const struct pm_options *options, struct pm_hotkey **out, char **path,
              struct pm_error *error)
{
    bool may_make = false;
    int fd = (int)pm_options_integer(options, "password-fd");
    const struct pm_password_source source = pm_password_source(&fd);
    if (!path_hotkey_file(options, path, &may_make, error)) {
        return false;
    }
    if (may_make && access(*path, F_OK) != 0 && errno == ENOENT) {
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "%s: there is no key yet; `poolminer mine` makes one on first use, "
                       "--wallet.name and --hotkey-file name one that is elsewhere",
                       *path);
    }
    return pm_hotkey_load(*path, &source, out, error);
}
