/* The miner's key: creating, loading and signing. Only the driver and the wallet command hold one;
 * the pool verifies. SR25519: Schnorr over ristretto255 with a Merlin
 * transcript, signing context "substrate", text signed raw. */
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

/* A new random key; `mnemonic` (may be NULL) receives the 12 words. */
enum { PM_MNEMONIC_SIZE = 256 };
bool pm_hotkey_generate(struct pm_hotkey **out, char mnemonic[PM_MNEMONIC_SIZE],
                        struct pm_error *error);
bool pm_hotkey_from_seed(const uint8_t seed[PM_SEED_SIZE], struct pm_hotkey **out,
                         struct pm_error *error);
/* BIP39 English words, 12 to 24, checksum verified; password may be NULL or "". */
bool pm_hotkey_from_mnemonic(const char *words, const char *password, struct pm_hotkey **out,
                             struct pm_error *error);

/* Reads a key file: Bittensor's JSON, a bare 0x seed or private key, or a bare mnemonic. Refuses a
 * file that others can read (mode & 077) and says how to mend it; refuses encrypted files, ED25519
 * keys and a key that does not give the address the file states, each with its reason. No error
 * repeats anything secret. A missing file is PM_ERROR_NOT_FOUND. */
enum { PM_HOTKEY_FILE_MAX = 16 * 1024 }; /* bytes */
bool pm_hotkey_load(const char *path, struct pm_hotkey **out, struct pm_error *error);
/* The same from memory; text[length] must be NUL. */
bool pm_hotkey_parse(const char *text, size_t length, struct pm_hotkey **out,
                     struct pm_error *error);
/* Writes Bittensor's JSON form, mode 0600, atomically; refuses to overwrite. */
bool pm_hotkey_save(const struct pm_hotkey *hotkey, const char *path, struct pm_error *error);
void pm_hotkey_destroy(struct pm_hotkey *hotkey);

/* SS58, prefix 42; belongs to the object. */
const char *pm_hotkey_address(const struct pm_hotkey *hotkey);

/* Signs `message` raw; `hex` receives 128 lower-case digits and a NUL. */
bool pm_hotkey_sign_hex(const struct pm_hotkey *hotkey, const char *message,
                        char hex[PM_SIGNATURE_HEX_SIZE], struct pm_error *error);

/* Verifies a signature by an SS58 address (prefix 42, 32-byte key). The hex may carry 0x and either
 * case. False also for malformed input, with the reason in `error`. */
bool pm_hotkey_verify_hex(const char *address, const char *message, const char *signature_hex,
                          struct pm_error *error);

#endif
