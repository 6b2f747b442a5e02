/* Inside of struct pm_hotkey, for the files of common/ that make one. */
#ifndef COMMON_HOTKEY_SECRET_H
#define COMMON_HOTKEY_SECRET_H

#include <poolminer/hotkey.h>
#include <poolminer/sr25519.h>

/* Lives in memory from sodium_malloc, which is locked, guarded and wiped when freed. */
struct pm_hotkey {
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    uint8_t seed[PM_SEED_SIZE]; /* meaningful when has_seed */
    bool has_seed;
    char mnemonic[PM_MNEMONIC_SIZE]; /* "" when the key came from a seed or a private key */
    char address[PM_ADDRESS_SIZE];
};

/* From a private key as key files hold it: x canonical, then the nonce. */
bool pm_hotkey_from_secret(const uint8_t secret[PM_SR25519_SECRET_SIZE], struct pm_hotkey **out,
                           struct pm_error *error);

#endif
