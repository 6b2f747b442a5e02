/* Key files under a password, as the network's tools write them: "$NACL", a nonce, and a secretbox
 * whose key is the password stretched by Argon2i over a salt that is the same for everybody. */
#include "common/hotkey_secret.h"

#include <sodium.h>
#include <string.h>

enum {
    MARK_SIZE = 5,
    NONCE_AT = MARK_SIZE,
    BOX_AT = NONCE_AT + crypto_secretbox_NONCEBYTES,
    OVERHEAD = BOX_AT + crypto_secretbox_MACBYTES,
};

static const char mark[] = "$NACL";

/* The first is what is written; the other, one tool wrote once. */
static const struct {
    unsigned long long operations;
    size_t memory_bytes;
} limits[] = {{8, (size_t)512 * 1024 * 1024}, {6, (size_t)128 * 1024 * 1024}};

bool pm_hotkey_is_sealed(const void *text, size_t length)
{
    return length >= MARK_SIZE && memcmp(text, mark, MARK_SIZE) == 0;
}

static bool stretch(const char *password, size_t which, uint8_t key[crypto_secretbox_KEYBYTES],
                    struct pm_error *error)
{
    static const uint8_t salt[crypto_pwhash_SALTBYTES] = {0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a,
                                                          0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51,
                                                          0x87, 0x39, 0xe9, 0xb1};
    if (crypto_pwhash(key, crypto_secretbox_KEYBYTES, password, strlen(password), salt,
                      limits[which].operations, limits[which].memory_bytes,
                      crypto_pwhash_ALG_ARGON2I13) != 0) {
        return pm_fail(error, PM_ERROR_MEMORY,
                       "the password needs %zu MiB of free memory for a moment, which there is not",
                       limits[which].memory_bytes / 1024 / 1024);
    }
    return true;
}

/* *opened tells whether the password was right. */
static bool try_open(const uint8_t *sealed, size_t length, const char *password, size_t which,
                     char *out, bool *opened, struct pm_error *error)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (!stretch(password, which, key, error)) {
        return false;
    }
    *opened = crypto_secretbox_open_easy((uint8_t *)out, sealed + BOX_AT, length - BOX_AT,
                                         sealed + NONCE_AT, key) == 0;
    sodium_memzero(key, sizeof key);
    return true;
}

char *pm_hotkey_unseal(const void *sealed, size_t length, const char *password, size_t *out_length,
                       struct pm_error *error)
{
    if (!pm_hotkey_is_sealed(sealed, length) || length <= OVERHEAD || length > PM_HOTKEY_FILE_MAX) {
        pm_fail(error, PM_ERROR_INVALID,
                "the encrypted key is cut off; restore it from its backup");
        return NULL;
    }
    char *text = sodium_malloc(length - OVERHEAD + 1);
    if (text == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left");
        return NULL;
    }
    bool opened = false, tried = true;
    for (size_t i = 0; tried && !opened && i < sizeof limits / sizeof limits[0]; i++) {
        tried = try_open(sealed, length, password, i, text, &opened, error);
    }
    if (tried && !opened) {
        pm_fail(error, PM_ERROR_INVALID, "wrong password, or the file is damaged");
    }
    if (!opened) {
        sodium_free(text);
        return NULL;
    }
    text[length - OVERHEAD] = '\0';
    *out_length = length - OVERHEAD;
    return text;
}

bool pm_hotkey_seal(const char *text, size_t length, const char *password, uint8_t *out,
                    size_t *out_length, struct pm_error *error)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (length > PM_HOTKEY_FILE_MAX - OVERHEAD) {
        return pm_fail(error, PM_ERROR_LIMIT, "too long to be encrypted");
    }
    if (!stretch(password, 0, key, error)) {
        return false;
    }
    memcpy(out, mark, MARK_SIZE);
    randombytes_buf(out + NONCE_AT, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + BOX_AT, (const uint8_t *)text, length, out + NONCE_AT, key);
    sodium_memzero(key, sizeof key);
    *out_length = length + OVERHEAD;
    return true;
}
