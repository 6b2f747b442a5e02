#include "common/hotkey_secret.h"
#include "common/private_file.h"

#include <sodium.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>

static bool read_private(const char *path, char **text, size_t *length, struct pm_error *error)
{
    return pm_private_file_read(path, PM_HOTKEY_FILE_MAX, 077, text, length, error) ||
           pm_fail_context(error, "key file");
}

/* Asks for the password of a sealed file and puts what was in it in the place of `*text`. */
static bool unseal(const char *path, const struct pm_password_source *passwords, char **text,
                   size_t *length, struct pm_error *error)
{
    if (passwords == NULL) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "the key is encrypted, and there is nobody to ask for its password");
    }
    char *password = sodium_malloc(PM_PASSWORD_SIZE);
    if (password == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no protected memory left");
    }
    size_t opened_length = 0;
    char *opened = NULL;
    if (passwords->ask(passwords->context, path, password, error)) {
        opened = pm_hotkey_unseal(*text, *length, password, &opened_length, error);
    }
    sodium_free(password);
    if (opened == NULL) {
        return false;
    }
    sodium_free(*text);
    *text = opened;
    *length = opened_length;
    return true;
}

bool pm_hotkey_load(const char *path, const struct pm_password_source *passwords,
                    struct pm_hotkey **out, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!read_private(path, &text, &length, error)) {
        return false;
    }
    bool done =
        (!pm_hotkey_is_sealed(text, length) || unseal(path, passwords, &text, &length, error)) &&
        pm_hotkey_parse(text, length, out, error);
    sodium_free(text);
    return done || pm_fail_context(error, "key file %s", path);
}

bool pm_hotkey_file_is_sealed(const char *path, bool *sealed, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!read_private(path, &text, &length, error)) {
        return false;
    }
    *sealed = pm_hotkey_is_sealed(text, length);
    sodium_free(text);
    return true;
}

static bool write_new(const char *path, const void *data, size_t size, struct pm_error *error)
{
    return pm_file_write_atomic(path, data, size, 0600, false, error) ||
           pm_fail_context(error, "writing the key file");
}

bool pm_hotkey_save(const struct pm_hotkey *hotkey, const char *path, struct pm_error *error)
{
    size_t length = 0;
    char *text = pm_hotkey_write_json(hotkey, &length, error);
    if (text == NULL) {
        return false;
    }
    bool done = write_new(path, text, length, error);
    sodium_free(text);
    return done;
}

bool pm_hotkey_save_sealed(const struct pm_hotkey *hotkey, const char *password, const char *path,
                           struct pm_error *error)
{
    uint8_t sealed[PM_HOTKEY_FILE_MAX];
    size_t length = 0, sealed_length = 0;
    char *text = pm_hotkey_write_json(hotkey, &length, error);
    if (text == NULL) {
        return false;
    }
    bool done = pm_hotkey_seal(text, length, password, sealed, &sealed_length, error) &&
                write_new(path, sealed, sealed_length, error);
    sodium_free(text);
    return done;
}

bool pm_hotkey_save_public(const struct pm_hotkey *hotkey, const char *path, struct pm_error *error)
{
    size_t length = 0;
    char *text = pm_hotkey_write_public(hotkey, &length, error);
    if (text == NULL) {
        return false;
    }
    bool done = write_new(path, text, length, error);
    sodium_free(text);
    return done;
}
