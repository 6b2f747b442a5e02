#include "common/hotkey_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>

/* Opened once, so that what is checked is what is read. */
static bool open_private(const char *path, int *out, size_t *size, struct pm_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return pm_fail(error, errno == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO, "%s",
                       strerror(errno));
    }
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(file);
        return pm_fail(error, PM_ERROR_INVALID, "not a regular file");
    }
    if ((status.st_mode & 077) != 0) {
        close(file);
        return pm_fail(error, PM_ERROR_REFUSED,
                       "others may read it (mode %03o); make it private: chmod 600 %s",
                       (unsigned)status.st_mode & 0777U, path);
    }
    if (status.st_size > PM_HOTKEY_FILE_MAX) {
        close(file);
        return pm_fail(error, PM_ERROR_LIMIT, "longer than %d bytes: not a key file",
                       PM_HOTKEY_FILE_MAX);
    }
    *out = file;
    *size = (size_t)status.st_size;
    return true;
}

static bool read_whole(int file, char *text, size_t size, size_t *length, struct pm_error *error)
{
    *length = 0;
    while (*length < size) {
        ssize_t count = read(file, text + *length, size - *length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return pm_fail(error, PM_ERROR_IO, "%s", strerror(errno));
        }
        if (count == 0) {
            break;
        }
        *length += (size_t)count;
    }
    text[*length] = '\0';
    return true;
}

/* What is in the file, in protected memory; NULL with the error set. */
static char *read_private(const char *path, size_t *length, struct pm_error *error)
{
    int file = -1;
    size_t size = 0;
    if (!open_private(path, &file, &size, error)) {
        return NULL;
    }
    char *text = sodium_malloc(size + 1);
    if (text == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left");
    } else if (!read_whole(file, text, size, length, error)) {
        sodium_free(text);
        text = NULL;
    }
    close(file);
    return text;
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
    size_t length = 0;
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    char *text = read_private(path, &length, error);
    if (text == NULL) {
        return pm_fail_context(error, "key file %s", path);
    }
    bool done =
        (!pm_hotkey_is_sealed(text, length) || unseal(path, passwords, &text, &length, error)) &&
        pm_hotkey_parse(text, length, out, error);
    sodium_free(text);
    return done || pm_fail_context(error, "key file %s", path);
}

bool pm_hotkey_file_is_sealed(const char *path, bool *sealed, struct pm_error *error)
{
    size_t length = 0;
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    char *text = read_private(path, &length, error);
    if (text == NULL) {
        return pm_fail_context(error, "key file %s", path);
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
