#include "common/hotkey_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { CRYPTO_ED25519 = 0, CRYPTO_SR25519 = 1, SECRET_TEXT_MAX = 2 + 2 * PM_SR25519_SECRET_SIZE };

/* What a key file says; the strings belong to the parsed JSON. NULL: not there. */
struct key_fields {
    const char *account, *public_key, *private_key, *phrase, *seed, *address;
    int64_t crypto_type;
};

/* "0x" and exactly 2 * size digits. The digits may be a secret: errors do not show them. */
static bool read_hex(const char *name, const char *text, uint8_t *out, size_t size,
                     struct pm_error *error)
{
    size_t length = strnlen(text, SECRET_TEXT_MAX + 1);
    if (strncmp(text, "0x", 2) != 0 || length != 2 + 2 * size ||
        sodium_hex2bin(out, size, text + 2, 2 * size, NULL, NULL, NULL) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected 0x and %zu hexadecimal digits", name,
                       2 * size);
    }
    return true;
}

static bool from_seed_text(const char *name, const char *text, struct pm_hotkey **out,
                           struct pm_error *error)
{
    uint8_t seed[PM_SEED_SIZE];
    bool done =
        read_hex(name, text, seed, sizeof seed, error) && pm_hotkey_from_seed(seed, out, error);
    sodium_memzero(seed, sizeof seed);
    return done;
}

static bool from_private_key_text(const char *name, const char *text, struct pm_hotkey **out,
                                  struct pm_error *error)
{
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    bool done = read_hex(name, text, secret, sizeof secret, error) &&
                pm_hotkey_from_secret(secret, out, error);
    sodium_memzero(secret, sizeof secret);
    return done;
}

static bool read_fields(const cJSON *object, struct key_fields *fields, struct pm_error *error)
{
    *fields = (struct key_fields){.crypto_type = CRYPTO_SR25519};
    return pm_json_optional_string(object, "accountId", &fields->account, error) &&
           pm_json_optional_string(object, "publicKey", &fields->public_key, error) &&
           pm_json_optional_string(object, "privateKey", &fields->private_key, error) &&
           pm_json_optional_string(object, "secretPhrase", &fields->phrase, error) &&
           pm_json_optional_string(object, "secretSeed", &fields->seed, error) &&
           /* very old files have a blank in front of the name */
           pm_json_optional_string(object, " ss58Address", &fields->address, error) &&
           pm_json_optional_string(object, "ss58Address", &fields->address, error) &&
           pm_json_optional_integer(object, "cryptoType", &fields->crypto_type, error);
}

static bool check_public_key(const char *name, const char *text, const struct pm_hotkey *hotkey,
                             struct pm_error *error)
{
    uint8_t stated[PM_PUBLIC_KEY_SIZE];
    if (text == NULL) {
        return true;
    }
    if (!read_hex(name, text, stated, sizeof stated, error)) {
        return false;
    }
    if (memcmp(stated, hotkey->public_key, sizeof stated) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: is not the public key of the secret beside it",
                       name);
    }
    return true;
}

/* The secret must give what the file says of it, or we would mine for somebody else. */
static bool check_stated(const struct key_fields *fields, const struct pm_hotkey *hotkey,
                         struct pm_error *error)
{
    if (fields->address != NULL && strcmp(fields->address, hotkey->address) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "ss58Address: the secret gives %s, not the address the file states; restore "
                       "the file from its backup",
                       hotkey->address);
    }
    return check_public_key("publicKey", fields->public_key, hotkey, error) &&
           check_public_key("accountId", fields->account, hotkey, error);
}

static bool from_fields(const struct key_fields *fields, struct pm_hotkey **out,
                        struct pm_error *error)
{
    if (fields->crypto_type == CRYPTO_ED25519) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "cryptoType 0: ED25519 keys are not supported; use an SR25519 hotkey");
    }
    if (fields->crypto_type != CRYPTO_SR25519) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "cryptoType: unknown kind of key; only 1 (SR25519) is supported");
    }
    if (fields->phrase != NULL) {
        return pm_hotkey_from_mnemonic(fields->phrase, NULL, out, error);
    }
    if (fields->seed != NULL) {
        return from_seed_text("secretSeed", fields->seed, out, error);
    }
    if (fields->private_key != NULL) {
        return from_private_key_text("privateKey", fields->private_key, out, error);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "no secretPhrase, secretSeed or privateKey in it; is it the public half "
                   "(...pub.txt)?");
}

/* cJSON frees strings as they are: overwrite them first. */
static void wipe_strings(cJSON *value)
{
    cJSON *member = NULL;
    if (cJSON_IsString(value)) {
        sodium_memzero(value->valuestring, strlen(value->valuestring));
    }
    cJSON_ArrayForEach(member, value)
    {
        wipe_strings(member);
    }
}

static bool from_json(const char *text, size_t length, struct pm_hotkey **out,
                      struct pm_error *error)
{
    cJSON *json = NULL;
    if (!pm_json_parse(text, length, PM_HOTKEY_FILE_MAX, &json, NULL)) {
        /* the parser's own reason might quote the text */
        return pm_fail(error, PM_ERROR_INVALID, "starts like JSON but is not valid JSON");
    }
    struct key_fields fields;
    struct pm_hotkey *hotkey = NULL;
    bool done = read_fields(json, &fields, error) && from_fields(&fields, &hotkey, error) &&
                hotkey != NULL && check_stated(&fields, hotkey, error);
    wipe_strings(json);
    cJSON_Delete(json);
    if (!done) {
        pm_hotkey_destroy(hotkey);
        return false;
    }
    *out = hotkey;
    return true;
}

/* Encrypted forms, told apart so that each gets the remedy that helps. */
static bool refuse_encrypted(const char *text, struct pm_error *error)
{
    if (strncmp(text, "$NACL", 5) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted ($NACL) and encrypted keys are not read; make a "
                       "hotkey without a password, or give its mnemonic or seed in a file");
    }
    if (strncmp(text, "$ANSIBLE_VAULT", 14) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted in the old Ansible Vault form; open it once with "
                       "btcli, which converts it, and save the hotkey without a password");
    }
    if (strncmp(text, "gAAAAA", 6) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted in the old Fernet form; open it once with btcli, "
                       "which converts it, and save the hotkey without a password");
    }
    return true;
}

/* A copy without a byte order mark and without blanks at its ends, in protected memory. */
static char *trimmed_copy(const char *text, size_t length, struct pm_error *error)
{
    static const char blanks[] = " \t\r\n";
    size_t skipped = pm_text_mark_length(text, length);
    text += skipped;
    length -= skipped;
    while (length > 0 && strchr(blanks, text[0]) != NULL) {
        text++;
        length--;
    }
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL) {
        length--;
    }
    char *copy = sodium_malloc(length + 1);
    if (copy == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a key");
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static bool parse_trimmed(const char *text, struct pm_hotkey **out, struct pm_error *error)
{
    size_t length = strlen(text);
    if (length == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "the file is empty");
    }
    if (!refuse_encrypted(text, error)) {
        return false;
    }
    if (text[0] == '{') {
        return from_json(text, length, out, error);
    }
    if (strncmp(text, "0x", 2) == 0) {
        return length == SECRET_TEXT_MAX ? from_private_key_text("private key", text, out, error)
                                         : from_seed_text("seed", text, out, error);
    }
    return pm_hotkey_from_mnemonic(text, NULL, out, error);
}

bool pm_hotkey_parse(const char *text, size_t length, struct pm_hotkey **out,
                     struct pm_error *error)
{
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    if (length > PM_HOTKEY_FILE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "longer than %d bytes: not a key file",
                       PM_HOTKEY_FILE_MAX);
    }
    if (strncmp(text, "$NACL", 5) != 0 && memchr(text, '\0', length) != NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "holds a zero byte: not a key file");
    }
    char *copy = trimmed_copy(text, length, error);
    if (copy == NULL) {
        return false;
    }
    bool done = parse_trimmed(copy, out, error);
    sodium_free(copy);
    return done;
}

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

bool pm_hotkey_load(const char *path, struct pm_hotkey **out, struct pm_error *error)
{
    int file = -1;
    size_t size = 0;
    size_t length = 0;
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    if (!open_private(path, &file, &size, error)) {
        return pm_fail_context(error, "key file %s", path);
    }
    char *text = sodium_malloc(size + 1);
    if (text == NULL) {
        close(file);
        return pm_fail(error, PM_ERROR_MEMORY, "key file %s: no protected memory left", path);
    }
    bool done =
        read_whole(file, text, size, &length, error) && pm_hotkey_parse(text, length, out, error);
    sodium_free(text);
    close(file);
    return done || pm_fail_context(error, "key file %s", path);
}

/* Appends `,"name":"0x..."`, or null without bytes. Everything written is hexadecimal or a word of
 * a list: nothing needs escaping. */
static size_t append_hex(char *text, size_t at, size_t size, const char *name, const uint8_t *bytes,
                         size_t count)
{
    if (bytes == NULL) {
        return at + (size_t)snprintf(text + at, size - at, ",\"%s\":null", name);
    }
    at += (size_t)snprintf(text + at, size - at, ",\"%s\":\"0x", name);
    sodium_bin2hex(text + at, size - at, bytes, count);
    at += 2 * count;
    return at + (size_t)snprintf(text + at, size - at, "\"");
}

bool pm_hotkey_save(const struct pm_hotkey *hotkey, const char *path, struct pm_error *error)
{
    enum { ROOM = 2048 }; /* all fields at their longest are below 900 bytes */
    char *text = sodium_malloc(ROOM);
    if (text == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a key");
    }
    size_t at = (size_t)snprintf(text, ROOM, "{\"ss58Address\":\"%s\",\"cryptoType\":%d",
                                 hotkey->address, CRYPTO_SR25519);
    at = append_hex(text, at, ROOM, "accountId", hotkey->public_key, PM_PUBLIC_KEY_SIZE);
    at = append_hex(text, at, ROOM, "publicKey", hotkey->public_key, PM_PUBLIC_KEY_SIZE);
    at = append_hex(text, at, ROOM, "privateKey", hotkey->secret, PM_SR25519_SECRET_SIZE);
    at = append_hex(text, at, ROOM, "secretSeed", hotkey->has_seed ? hotkey->seed : NULL,
                    PM_SEED_SIZE);
    if (hotkey->mnemonic[0] != '\0') {
        at += (size_t)snprintf(text + at, ROOM - at, ",\"secretPhrase\":\"%s\"", hotkey->mnemonic);
    } else {
        at += (size_t)snprintf(text + at, ROOM - at, ",\"secretPhrase\":null");
    }
    at += (size_t)snprintf(text + at, ROOM - at, "}");
    bool done = pm_file_write_atomic(path, text, at, 0600, false, error);
    sodium_free(text);
    return done || pm_fail_context(error, "writing the key file");
}
