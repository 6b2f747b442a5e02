/* What is in a key file: text to key, and back. */
#include "common/hotkey_secret.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/hotkey.h>
#include <poolminer/json.h>
#include <poolminer/json_wipe.h>
#include <poolminer/text.h>

enum {
    SECRET_TEXT_MAX = 2 + 2 * PM_SR25519_SECRET_SIZE,
    WRITE_ROOM = 2048, /* all members at their longest are below 900 bytes */
};

/* What a key file says; the strings belong to the parsed JSON. NULL: not there. */
struct key_fields {
    const char *account, *public_key, *private_key, *phrase, *seed, *address;
    int64_t crypto_type;
};

bool pm_hotkey_read_hex(const char *name, const char *text, uint8_t *out, size_t size,
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

static bool from_seed_text(const char *name, enum pm_key_scheme scheme, const char *text,
                           struct pm_hotkey **out, struct pm_error *error)
{
    uint8_t seed[PM_SEED_SIZE];
    bool done = pm_hotkey_read_hex(name, text, seed, sizeof seed, error) &&
                pm_hotkey_from_scheme_seed(scheme, seed, out, error);
    sodium_memzero(seed, sizeof seed);
    return done;
}

static bool from_private_key_text(const char *name, const char *text, struct pm_hotkey **out,
                                  struct pm_error *error)
{
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    bool done = pm_hotkey_read_hex(name, text, secret, sizeof secret, error) &&
                pm_hotkey_from_secret(secret, out, error);
    sodium_memzero(secret, sizeof secret);
    return done;
}

static bool read_fields(const cJSON *object, struct key_fields *fields, struct pm_error *error)
{
    *fields = (struct key_fields){.crypto_type = PM_KEY_SR25519};
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
    if (!pm_hotkey_read_hex(name, text, stated, sizeof stated, error)) {
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
    if (fields->crypto_type != PM_KEY_ED25519 && fields->crypto_type != PM_KEY_SR25519) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "cryptoType: unknown kind of key; 0 (ED25519) and 1 (SR25519) are known");
    }
    const enum pm_key_scheme scheme = (enum pm_key_scheme)fields->crypto_type;
    if (fields->phrase != NULL) {
        return pm_hotkey_from_phrase(scheme, fields->phrase, out, error);
    }
    if (fields->seed != NULL) {
        return from_seed_text("secretSeed", scheme, fields->seed, out, error);
    }
    if (fields->private_key != NULL) { /* an ED25519 private key is its seed */
        return scheme == PM_KEY_SR25519
                   ? from_private_key_text("privateKey", fields->private_key, out, error)
                   : from_seed_text("privateKey", scheme, fields->private_key, out, error);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "no secretPhrase, secretSeed or privateKey in it; is it the public half "
                   "(...pub.txt)?");
}

static bool from_json(const char *text, size_t length, struct pm_hotkey **out,
                      struct pm_error *error)
{
    cJSON *json = NULL;
    pm_json_wipe_freed();
    if (!pm_json_parse(text, length, PM_HOTKEY_FILE_MAX, &json, NULL)) {
        /* the parser's own reason might quote the text */
        return pm_fail(error, PM_ERROR_INVALID, "starts like JSON but is not valid JSON");
    }
    struct key_fields fields;
    struct pm_hotkey *hotkey = NULL;
    bool done = read_fields(json, &fields, error) && from_fields(&fields, &hotkey, error) &&
                hotkey != NULL && check_stated(&fields, hotkey, error);
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
    if (pm_hotkey_is_sealed(text, strlen(text))) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted ($NACL): a password opens it");
    }
    if (strncmp(text, "$ANSIBLE_VAULT", 14) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted in the old Ansible Vault form; open it once with "
                       "btcli, which converts it to the present one");
    }
    if (strncmp(text, "gAAAAA", 6) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the key is encrypted in the old Fernet form; open it once with btcli, "
                       "which converts it to the present one");
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
    if (strncmp(text, "0x", 2) == 0 && length == SECRET_TEXT_MAX) {
        return from_private_key_text("private key", text, out, error);
    }
    return pm_hotkey_from_phrase(PM_KEY_SR25519, text, out, error);
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
    if (!pm_hotkey_is_sealed(text, length) && memchr(text, '\0', length) != NULL) {
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

/* Everything written is hexadecimal or a word of a list: nothing needs escaping. */
static size_t append_hex(char *text, size_t at, const char *name, const uint8_t *bytes,
                         size_t count)
{
    if (bytes == NULL) {
        return at + (size_t)snprintf(text + at, WRITE_ROOM - at, "\"%s\":null,", name);
    }
    at += (size_t)snprintf(text + at, WRITE_ROOM - at, "\"%s\":\"0x", name);
    sodium_bin2hex(text + at, WRITE_ROOM - at, bytes, count);
    at += 2 * count;
    return at + (size_t)snprintf(text + at, WRITE_ROOM - at, "\",");
}

/* Of an ED25519 key the private key is the seed. */
static size_t append_secrets(char *text, size_t at, const struct pm_hotkey *hotkey)
{
    size_t size = hotkey->scheme == PM_KEY_SR25519 ? PM_SR25519_SECRET_SIZE : PM_SEED_SIZE;
    at = append_hex(text, at, "privateKey", hotkey->secret, size);
    if (hotkey->mnemonic[0] != '\0') {
        at += (size_t)snprintf(text + at, WRITE_ROOM - at, "\"secretPhrase\":\"%s\",",
                               hotkey->mnemonic);
    } else {
        at += (size_t)snprintf(text + at, WRITE_ROOM - at, "\"secretPhrase\":null,");
    }
    return append_hex(text, at, "secretSeed", hotkey->has_seed ? hotkey->seed : NULL, PM_SEED_SIZE);
}

/* The members in the order in which the network's tools write them. */
static char *write_json(const struct pm_hotkey *hotkey, bool with_secrets, size_t *length,
                        struct pm_error *error)
{
    char *text = sodium_malloc(WRITE_ROOM);
    if (text == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a key");
        return NULL;
    }
    size_t at = (size_t)snprintf(text, WRITE_ROOM, "{");
    at = append_hex(text, at, "accountId", hotkey->public_key, PM_PUBLIC_KEY_SIZE);
    at = append_hex(text, at, "publicKey", hotkey->public_key, PM_PUBLIC_KEY_SIZE);
    if (with_secrets) {
        at = append_secrets(text, at, hotkey);
    }
    at += (size_t)snprintf(text + at, WRITE_ROOM - at, "\"ss58Address\":\"%s\",\"cryptoType\":%d}",
                           hotkey->address, (int)hotkey->scheme);
    *length = at;
    return text;
}

char *pm_hotkey_write_json(const struct pm_hotkey *hotkey, size_t *length, struct pm_error *error)
{
    return write_json(hotkey, true, length, error);
}

char *pm_hotkey_write_public(const struct pm_hotkey *hotkey, size_t *length, struct pm_error *error)
{
    return write_json(hotkey, false, length, error);
}
