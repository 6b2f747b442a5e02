#include "common/hotkey_secret.h"

#include <sodium.h>
#include <string.h>

#include <poolminer/bip39.h>
#include <poolminer/hotkey.h>
#include <poolminer/ss58.h>

enum { NETWORK_PREFIX = 42, NEW_KEY_WORDS = 12 };

static struct pm_hotkey *allocate(enum pm_key_scheme scheme, struct pm_error *error)
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
    hotkey->scheme = scheme;
    return hotkey;
}

/* RFC 8032 by libsodium: its secret key is the seed, then the public key. */
static bool take_public_key(struct pm_hotkey *hotkey, struct pm_error *error)
{
    if (hotkey->scheme == PM_KEY_SR25519) {
        return pm_sr25519_public_key(hotkey->secret, hotkey->public_key, error);
    }
    memcpy(hotkey->public_key, hotkey->secret + PM_SEED_SIZE, PM_PUBLIC_KEY_SIZE);
    return true;
}

/* Derives what follows from `secret`, and makes the memory read-only. Takes `hotkey` over. */
static bool finish(struct pm_hotkey *hotkey, struct pm_hotkey **out, struct pm_error *error)
{
    if (!take_public_key(hotkey, error) ||
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
    if (hotkey->scheme == PM_KEY_SR25519) {
        pm_sr25519_expand_seed(seed, hotkey->secret);
    } else {
        uint8_t public_key[PM_PUBLIC_KEY_SIZE];
        crypto_sign_seed_keypair(public_key, hotkey->secret, seed);
    }
}

bool pm_hotkey_from_secret(const uint8_t secret[PM_SR25519_SECRET_SIZE], struct pm_hotkey **out,
                           struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(PM_KEY_SR25519, error);
    if (hotkey == NULL) {
        return false;
    }
    memcpy(hotkey->secret, secret, PM_SR25519_SECRET_SIZE);
    return finish(hotkey, out, error);
}

bool pm_hotkey_from_seed(const uint8_t seed[PM_SEED_SIZE], struct pm_hotkey **out,
                         struct pm_error *error)
{
    return pm_hotkey_from_scheme_seed(PM_KEY_SR25519, seed, out, error);
}

bool pm_hotkey_from_scheme_seed(enum pm_key_scheme scheme, const uint8_t seed[PM_SEED_SIZE],
                                struct pm_hotkey **out, struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(scheme, error);
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

static bool from_entropy(enum pm_key_scheme scheme, const uint8_t *entropy, size_t size,
                         const char *password, struct pm_hotkey **out, struct pm_error *error)
{
    struct pm_hotkey *hotkey = allocate(scheme, error);
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
    return pm_hotkey_from_words(PM_KEY_SR25519, words, password, out, error);
}

bool pm_hotkey_from_words(enum pm_key_scheme scheme, const char *words, const char *password,
                          struct pm_hotkey **out, struct pm_error *error)
{
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    size_t size = 0;
    bool done = pm_bip39_decode(words, entropy, &size, error) &&
                from_entropy(scheme, entropy, size, password, out, error);
    sodium_memzero(entropy, sizeof entropy);
    return done;
}

bool pm_hotkey_generate(struct pm_hotkey **out, char mnemonic[PM_MNEMONIC_SIZE],
                        struct pm_error *error)
{
    return pm_hotkey_generate_scheme(PM_KEY_SR25519, NEW_KEY_WORDS, out, mnemonic, error);
}

bool pm_hotkey_generate_scheme(enum pm_key_scheme scheme, int words, struct pm_hotkey **out,
                               char mnemonic[PM_MNEMONIC_SIZE], struct pm_error *error)
{
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    if (words < 12 || words > 24 || words % 3 != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "mnemonic: 12, 15, 18, 21 or 24 words, not %d",
                       words);
    }
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    size_t size = (size_t)words / 3 * 4;
    randombytes_buf(entropy, size);
    bool done = from_entropy(scheme, entropy, size, NULL, out, error);
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

enum pm_key_scheme pm_hotkey_scheme(const struct pm_hotkey *hotkey)
{
    return hotkey->scheme;
}

const char *pm_hotkey_mnemonic(const struct pm_hotkey *hotkey)
{
    return hotkey->mnemonic;
}

const char *pm_key_scheme_name(enum pm_key_scheme scheme)
{
    return scheme == PM_KEY_SR25519 ? "SR25519" : "ED25519";
}

bool pm_hotkey_sign_hex(const struct pm_hotkey *hotkey, const char *message,
                        char hex[PM_SIGNATURE_HEX_SIZE], struct pm_error *error)
{
    uint8_t signature[PM_SIGNATURE_SIZE];
    if (hotkey->scheme == PM_KEY_ED25519) {
        crypto_sign_detached(signature, NULL, (const uint8_t *)message, strlen(message),
                             hotkey->secret);
    } else if (!pm_sr25519_sign(hotkey->secret, hotkey->public_key, message, strlen(message),
                                signature, error)) {
        return false;
    }
    sodium_bin2hex(hex, PM_SIGNATURE_HEX_SIZE, signature, sizeof signature);
    return true;
}

static bool verify(enum pm_key_scheme scheme, const uint8_t public_key[PM_PUBLIC_KEY_SIZE],
                   const char *message, const uint8_t signature[PM_SIGNATURE_SIZE],
                   struct pm_error *error)
{
    if (scheme == PM_KEY_SR25519) {
        return pm_sr25519_verify(public_key, message, strlen(message), signature, error);
    }
    return crypto_sign_verify_detached(signature, (const uint8_t *)message, strlen(message),
                                       public_key) == 0 ||
           pm_fail(error, PM_ERROR_INVALID,
                   "signature: not this key's ED25519 signature of this text");
}

bool pm_hotkey_verify_hex(const char *address, const char *message, const char *signature_hex,
                          struct pm_error *error)
{
    return pm_hotkey_verify_scheme(PM_KEY_SR25519, address, message, signature_hex, error);
}

bool pm_hotkey_verify_scheme(enum pm_key_scheme scheme, const char *address, const char *message,
                             const char *signature_hex, struct pm_error *error)
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
    return verify(scheme, public_key, message, signature, error);
}
