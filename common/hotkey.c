#include "common/hotkey_secret.h"

#include <sodium.h>
#include <string.h>

#include <poolminer/bip39.h>
#include <poolminer/hotkey.h>
#include <poolminer/ss58.h>

enum { NETWORK_PREFIX = 42, NEW_KEY_ENTROPY = 16 };

static struct pm_hotkey *allocate(struct pm_error *error)
{
    if (sodium_init() < 0) {
        pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
        return NULL;
    }
    struct pm_hotkey *hotkey = sodium_malloc(sizeof *hotkey);
    if (hotkey == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a key");
        return NULL;
    }
    memset(hotkey, 0, sizeof *hotkey);
    return hotkey;
}

/* Derives what follows from `secret`, and makes the memory read-only. Takes `hotkey` over. */
static bool finish(struct pm_hotkey *hotkey, struct pm_hotkey **out, struct pm_error *error)
{
    if (!pm_sr25519_public_key(hotkey->secret, hotkey->public_key, error) ||
        !pm_ss58_encode(hotkey->public_key, NETWORK_PREFIX, hotkey->address, error)) {
        pm_hotkey_destroy(hotkey);
        return false;
    }
    sodium_mprotect_readonly(hotkey);
    *out = hotkey;
    return true;
}

static void take_seed(struct pm_hotkey *hotkey, const uint8_t seed[PM_SEED_SIZE])
{
    memcpy(hotkey->seed, seed, PM_SEED_SIZE);
    hotkey->has_seed = true;
    pm_sr25519_expand_seed(seed, hotkey->secret);
}

bool pm_hotkey_from_secret(const uint8_t secret[PM_SR25519_SECRET_SIZE], struct pm_hotkey **out,
                           struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(error);
    if (hotkey == NULL) {
        return false;
    }
    memcpy(hotkey->secret, secret, PM_SR25519_SECRET_SIZE);
    return finish(hotkey, out, error);
}

bool pm_hotkey_from_seed(const uint8_t seed[PM_SEED_SIZE], struct pm_hotkey **out,
                         struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(error);
    if (hotkey == NULL) {
        return false;
    }
    take_seed(hotkey, seed);
    return finish(hotkey, out, error);
}

/* The words are kept as BIP39 writes them, whatever the blanks between them were. */
static bool take_entropy(struct pm_hotkey *hotkey, const uint8_t *entropy, size_t size,
                         const char *password, struct pm_error *error)
{
    uint8_t stretched[PM_BIP39_STRETCHED_SIZE];
    bool done = pm_bip39_stretch(entropy, size, password, stretched, error);
    bool has_password = password != NULL && password[0] != '\0';
    if (done && !has_password) { /* without the password the words would be another key's */
        done = pm_bip39_encode(entropy, size, hotkey->mnemonic, error);
    }
    if (done) {
        take_seed(hotkey, stretched);
    }
    sodium_memzero(stretched, sizeof stretched);
    return done;
}

static bool from_entropy(const uint8_t *entropy, size_t size, const char *password,
                         struct pm_hotkey **out, struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(error);
    if (hotkey == NULL) {
        return false;
    }
    if (!take_entropy(hotkey, entropy, size, password, error)) {
        pm_hotkey_destroy(hotkey);
        return false;
    }
    return finish(hotkey, out, error);
}

bool pm_hotkey_from_mnemonic(const char *words, const char *password, struct pm_hotkey **out,
                             struct pm_error *error)
{
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    size_t size = 0;
    if (strchr(words, '/') != NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: derivation paths (/soft, //hard, ///password) are not read; give "
                       "the seed of the derived key instead");
    }
    bool done = pm_bip39_decode(words, entropy, &size, error) &&
                from_entropy(entropy, size, password, out, error);
    sodium_memzero(entropy, sizeof entropy);
    return done;
}

bool pm_hotkey_generate(struct pm_hotkey **out, char mnemonic[PM_MNEMONIC_SIZE],
                        struct pm_error *error)
{
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    uint8_t entropy[NEW_KEY_ENTROPY];
    randombytes_buf(entropy, sizeof entropy);
    bool done = from_entropy(entropy, sizeof entropy, NULL, out, error);
    sodium_memzero(entropy, sizeof entropy);
    if (done && mnemonic != NULL) {
        memcpy(mnemonic, (*out)->mnemonic, PM_MNEMONIC_SIZE);
    }
    return done;
}

void pm_hotkey_destroy(struct pm_hotkey *hotkey)
{
    sodium_free(hotkey);
}

const char *pm_hotkey_address(const struct pm_hotkey *hotkey)
{
    return hotkey->address;
}

bool pm_hotkey_sign_hex(const struct pm_hotkey *hotkey, const char *message,
                        char hex[PM_SIGNATURE_HEX_SIZE], struct pm_error *error)
{
    uint8_t signature[PM_SIGNATURE_SIZE];
    if (!pm_sr25519_sign(hotkey->secret, hotkey->public_key, message, strlen(message), signature,
                         error)) {
        return false;
    }
    sodium_bin2hex(hex, PM_SIGNATURE_HEX_SIZE, signature, sizeof signature);
    return true;
}

bool pm_hotkey_verify_hex(const char *address, const char *message, const char *signature_hex,
                          struct pm_error *error)
{
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    if (!pm_ss58_decode_hotkey(address, public_key, error)) {
        return false;
    }
    if (signature_hex[0] == '0' && signature_hex[1] == 'x') {
        signature_hex += 2;
    }
    uint8_t signature[PM_SIGNATURE_SIZE];
    size_t digits = strnlen(signature_hex, PM_SIGNATURE_HEX_SIZE);
    if (digits != PM_SIGNATURE_HEX_SIZE - 1 ||
        sodium_hex2bin(signature, sizeof signature, signature_hex, digits, NULL, NULL, NULL) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "signature: must be %d hexadecimal digits",
                       PM_SIGNATURE_HEX_SIZE - 1);
    }
    return pm_sr25519_verify(public_key, message, strlen(message), signature, error);
}
