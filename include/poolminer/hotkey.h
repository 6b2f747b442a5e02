/* The miner's key: creating, loading and signing. Only the driver and the wallet command hold one;
 * the pool verifies. SR25519 (Schnorr over ristretto255 with a Merlin transcript, signing context
 * "substrate", text signed raw) or plain ED25519. */
#ifndef POOLMINER_HOTKEY_H
#define POOLMINER_HOTKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_PUBLIC_KEY_SIZE = 32,
    PM_SIGNATURE_SIZE = 64,
    PM_SEED_SIZE = 32,
    PM_SIGNATURE_HEX_SIZE = 129, /* 128 digits and the terminating NUL */
    PM_ADDRESS_SIZE = 64,        /* SS58 text with its NUL fits */
};

struct pm_hotkey; /* secret parts in locked, guarded memory (sodium_malloc); wiped on destroy */

enum pm_key_scheme { PM_KEY_ED25519 = 0, PM_KEY_SR25519 = 1 }; /* "cryptoType" of key files */
const char *pm_key_scheme_name(enum pm_key_scheme scheme);     /* "SR25519" */

/* A new random key; `mnemonic` (may be NULL) receives its words: 12 of an SR25519 key, or as many
 * as asked for (12 to 24). */
enum { PM_MNEMONIC_SIZE = 256 };
bool pm_hotkey_generate(struct pm_hotkey **out, char mnemonic[PM_MNEMONIC_SIZE],
                        struct pm_error *error);
bool pm_hotkey_generate_scheme(enum pm_key_scheme scheme, int words, struct pm_hotkey **out,
                               char mnemonic[PM_MNEMONIC_SIZE], struct pm_error *error);
/* SR25519. */
bool pm_hotkey_from_seed(const uint8_t seed[PM_SEED_SIZE], struct pm_hotkey **out,
                         struct pm_error *error);
/* BIP39 English words, 12 to 24, checksum verified; password may be NULL or "". SR25519. */
bool pm_hotkey_from_mnemonic(const char *words, const char *password, struct pm_hotkey **out,
                             struct pm_error *error);
/* "WORDS//hard/soft///password", path and password optional; or a seed ("0x", 64 digits) in place
 * of the words, which then has no password. ED25519 keys have hard children only. The words of a
 * key with a path or a password are not kept: alone they would be another's. */
bool pm_hotkey_from_phrase(enum pm_key_scheme scheme, const char *text, struct pm_hotkey **out,
                           struct pm_error *error);

/* Where the password of an encrypted file comes from: fills `password` (NUL-terminated) for the
 * file at `path`. */
enum { PM_PASSWORD_SIZE = 1025 };
struct pm_password_source {
    void *context;
    bool (*ask)(void *context, const char *path, char password[PM_PASSWORD_SIZE],
                struct pm_error *error);
};

/* Reads a key file: Bittensor's JSON, a bare 0x seed or private key, or a bare phrase as above; or
 * any of these under a password, for which `passwords` (NULL: nobody) is asked. Refuses a file that
 * others can read (mode & 077) and says how to mend it, and a key that does not give the address
 * the file states. No error repeats anything secret. A missing file is PM_ERROR_NOT_FOUND, a wrong
 * password PM_ERROR_INVALID. */
enum { PM_HOTKEY_FILE_MAX = 16 * 1024 }; /* bytes */
bool pm_hotkey_load(const char *path, const struct pm_password_source *passwords,
                    struct pm_hotkey **out, struct pm_error *error);
/* Whether the file is an encrypted one; PM_ERROR_NOT_FOUND when there is none. */
bool pm_hotkey_file_is_sealed(const char *path, bool *sealed, struct pm_error *error);
/* The same from memory, but for encrypted ones; text[length] must be NUL. */
bool pm_hotkey_parse(const char *text, size_t length, struct pm_hotkey **out,
                     struct pm_error *error);
/* Write Bittensor's JSON form, mode 0600, atomically; refuse to overwrite. The second encrypts it,
 * which takes a second and 512 MiB; the third writes the public half. */
bool pm_hotkey_save(const struct pm_hotkey *hotkey, const char *path, struct pm_error *error);
bool pm_hotkey_save_sealed(const struct pm_hotkey *hotkey, const char *password, const char *path,
                           struct pm_error *error);
bool pm_hotkey_save_public(const struct pm_hotkey *hotkey, const char *path,
                           struct pm_error *error);
void pm_hotkey_destroy(struct pm_hotkey *hotkey);

/* SS58, prefix 42; belongs to the object. */
const char *pm_hotkey_address(const struct pm_hotkey *hotkey);
enum pm_key_scheme pm_hotkey_scheme(const struct pm_hotkey *hotkey);
/* A secret: the words that alone give this key; "" when there are none. */
const char *pm_hotkey_mnemonic(const struct pm_hotkey *hotkey);

/* Signs `message` raw; `hex` receives 128 lower-case digits and a NUL. */
bool pm_hotkey_sign_hex(const struct pm_hotkey *hotkey, const char *message,
                        char hex[PM_SIGNATURE_HEX_SIZE], struct pm_error *error);

/* Verifies a signature by an SS58 address (prefix 42, 32-byte key), which does not tell the scheme;
 * the first takes SR25519, as pools do. The hex may carry 0x and either case. False also for
 * malformed input, with the reason in `error`. */
bool pm_hotkey_verify_hex(const char *address, const char *message, const char *signature_hex,
                          struct pm_error *error);
bool pm_hotkey_verify_scheme(enum pm_key_scheme scheme, const char *address, const char *message,
                             const char *signature_hex, struct pm_error *error);

#endif
