/* Inside of struct pm_hotkey, for the files of common/ that make one. */
#ifndef COMMON_HOTKEY_SECRET_H
#define COMMON_HOTKEY_SECRET_H

#include <poolminer/hotkey.h>
#include <poolminer/sr25519.h>

/* Lives in memory from sodium_malloc, which is locked, guarded and wiped when freed. */
struct pm_hotkey {
    enum pm_key_scheme scheme;
    /* SR25519: scalar and nonce, as key files hold it. ED25519: seed and public key, as RFC 8032's
     * implementations do. */
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    uint8_t seed[PM_SEED_SIZE]; /* meaningful when has_seed */
    bool has_seed;
    char mnemonic[PM_MNEMONIC_SIZE]; /* "" when words alone do not give this key */
    char address[PM_ADDRESS_SIZE];
};

/* From an SR25519 private key as key files hold it: x canonical, then the nonce. */
bool pm_hotkey_from_secret(const uint8_t secret[PM_SR25519_SECRET_SIZE], struct pm_hotkey **out,
                           struct pm_error *error);

/* The first makes a key of a seed, the second of 12 to 24 words and a password (NULL: none). */
bool pm_hotkey_from_scheme_seed(enum pm_key_scheme scheme, const uint8_t seed[PM_SEED_SIZE],
                                struct pm_hotkey **out, struct pm_error *error);
bool pm_hotkey_from_words(enum pm_key_scheme scheme, const char *words, const char *password,
                          struct pm_hotkey **out, struct pm_error *error);

/* "0x" and exactly 2 * size digits. The digits may be a secret: errors do not show them. */
bool pm_hotkey_read_hex(const char *name, const char *text, uint8_t *out, size_t size,
                        struct pm_error *error);

/* The JSON form of a key file, and of the public half beside it; NUL-terminated, its length in
 * *length, in memory for sodium_free; NULL: none left. */
char *pm_hotkey_write_json(const struct pm_hotkey *hotkey, size_t *length, struct pm_error *error);
char *pm_hotkey_write_public(const struct pm_hotkey *hotkey, size_t *length,
                             struct pm_error *error);

/* ---- under a password ---- */

bool pm_hotkey_is_sealed(const void *text, size_t length);
/* What is in it, NUL-terminated, in memory for sodium_free; NULL with the error set:
 * PM_ERROR_INVALID (a wrong password, too), PM_ERROR_MEMORY. Takes seconds, and
 * 512 MiB. */
char *pm_hotkey_unseal(const void *sealed, size_t length, const char *password, size_t *out_length,
                       struct pm_error *error);
/* `out` holds PM_HOTKEY_FILE_MAX bytes. */
bool pm_hotkey_seal(const char *text, size_t length, const char *password, uint8_t *out,
                    size_t *out_length, struct pm_error *error);

#endif
