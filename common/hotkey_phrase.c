/* Words or a seed, then a path of junctions, then a password: "WORDS//hard/soft///password". */
#include "common/hotkey_secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { JUNCTIONS_MAX = 16, JUNCTION_BYTES_MAX = 256 };

struct phrase {
    char *base; /* words or seed: a copy in protected memory */
    const char *path;
    size_t path_size;
    const char *password; /* NULL: none */
};

struct junction {
    bool hard;
    uint8_t chain_code[PM_CHAIN_CODE_SIZE];
};

/* ---- junctions ---- */

/* A whole number that fits 64 bits; any other name is text. */
static bool read_number(const char *name, size_t size, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(name[i] - '0');
        if (digit > 9 || *out > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *out = *out * 10 + digit;
    }
    return size > 0;
}

/* As Substrate encodes it: a number in 8 bytes; text behind its compact length; what is too long
 * for a chain code is hashed. */
static void make_chain_code(const char *name, size_t size, uint8_t out[PM_CHAIN_CODE_SIZE])
{
    uint8_t encoded[2 + JUNCTION_BYTES_MAX];
    uint64_t number = 0;
    size_t length = 0;
    if (read_number(name, size, &number)) {
        for (; length < sizeof number; length++) {
            encoded[length] = (uint8_t)(number >> (8 * length));
        }
    } else {
        if (size < 64) {
            encoded[length++] = (uint8_t)(size << 2);
        } else {
            encoded[length++] = (uint8_t)(size << 2 | 1);
            encoded[length++] = (uint8_t)(size >> 6);
        }
        memcpy(encoded + length, name, size);
        length += size;
    }
    if (length > PM_CHAIN_CODE_SIZE) {
        crypto_generichash(out, PM_CHAIN_CODE_SIZE, encoded, length, NULL, 0);
    } else {
        memset(out, 0, PM_CHAIN_CODE_SIZE);
        memcpy(out, encoded, length);
    }
}

/* Takes the junction at the beginning of the path, which shrinks. */
static bool next_junction(struct phrase *phrase, struct junction *out, struct pm_error *error)
{
    const char *name = phrase->path + 1;
    const char *end = phrase->path + phrase->path_size;
    out->hard = name < end && *name == '/';
    name += out->hard ? 1 : 0;
    const char *slash = name < end ? memchr(name, '/', (size_t)(end - name)) : NULL;
    size_t size = (size_t)((slash != NULL ? slash : end) - name);
    if (size == 0 || size > JUNCTION_BYTES_MAX) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "derivation path: a junction must have 1 to %d bytes, as in //hard/soft",
                       JUNCTION_BYTES_MAX);
    }
    make_chain_code(name, size, out->chain_code);
    phrase->path = name + size;
    phrase->path_size = (size_t)(end - phrase->path);
    return true;
}

/* ---- children ---- */

/* Substrate's hard child of an ED25519 key; soft ones there are none. */
static void derive_ed25519_hard(const uint8_t parent_seed[PM_SEED_SIZE],
                                const uint8_t chain_code[PM_CHAIN_CODE_SIZE],
                                uint8_t seed[PM_SEED_SIZE])
{
    static const uint8_t domain[] = {11 << 2, 'E', 'd', '2', '5', '5',
                                     '1',     '9', 'H', 'D', 'K', 'D'};
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, PM_SEED_SIZE);
    crypto_generichash_update(&state, domain, sizeof domain);
    crypto_generichash_update(&state, parent_seed, PM_SEED_SIZE);
    crypto_generichash_update(&state, chain_code, PM_CHAIN_CODE_SIZE);
    crypto_generichash_final(&state, seed, PM_SEED_SIZE);
    sodium_memzero(&state, sizeof state);
}

static bool derive_hard(const struct pm_hotkey *parent, const struct junction *junction,
                        struct pm_hotkey **out, struct pm_error *error)
{
    uint8_t seed[PM_SEED_SIZE];
    if (parent->scheme == PM_KEY_SR25519) {
        pm_sr25519_derive_hard(parent->secret, junction->chain_code, seed);
    } else {
        derive_ed25519_hard(parent->seed, junction->chain_code, seed);
    }
    bool done = pm_hotkey_from_scheme_seed(parent->scheme, seed, out, error);
    sodium_memzero(seed, sizeof seed);
    return done;
}

static bool derive_soft(const struct pm_hotkey *parent, const struct junction *junction,
                        struct pm_hotkey **out, struct pm_error *error)
{
    uint8_t random[32], secret[PM_SR25519_SECRET_SIZE];
    if (parent->scheme != PM_KEY_SR25519) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "derivation path: ED25519 keys have no soft children; write //name");
    }
    randombytes_buf(random, sizeof random);
    pm_sr25519_derive_soft(parent->secret, parent->public_key, junction->chain_code, random,
                           secret);
    bool done = pm_hotkey_from_secret(secret, out, error);
    sodium_memzero(secret, sizeof secret);
    return done;
}

/* Goes down the path; *key becomes the child, and is destroyed on failure. */
static bool follow(struct phrase *phrase, struct pm_hotkey **key, struct pm_error *error)
{
    bool done = true;
    for (int count = 0; done && *key != NULL && phrase->path_size > 0; count++) {
        struct junction junction;
        struct pm_hotkey *child = NULL;
        done = count < JUNCTIONS_MAX ||
               pm_fail(error, PM_ERROR_LIMIT, "derivation path: more than %d junctions",
                       JUNCTIONS_MAX);
        done = done && next_junction(phrase, &junction, error) &&
               (junction.hard ? derive_hard(*key, &junction, &child, error)
                              : derive_soft(*key, &junction, &child, error));
        pm_hotkey_destroy(*key);
        *key = child;
    }
    return done;
}

/* ---- the whole ---- */

static bool split(const char *text, struct phrase *out, struct pm_error *error)
{
    const char *password = strstr(text, "///");
    const char *end = password != NULL ? password : text + strlen(text);
    size_t base_size = strcspn(text, "/");
    *out = (struct phrase){.path = text + base_size,
                           .path_size = (size_t)(end - text) - base_size,
                           .password = password != NULL ? password + 3 : NULL,
                           .base = sodium_malloc(base_size + 1)};
    if (out->base == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no protected memory left for a key");
    }
    memcpy(out->base, text, base_size);
    out->base[base_size] = '\0';
    return true;
}

static bool from_base(const struct phrase *phrase, enum pm_key_scheme scheme,
                      struct pm_hotkey **out, struct pm_error *error)
{
    if (phrase->base[0] == '\0') {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: there are no words in front of the path or password");
    }
    if (strncmp(phrase->base, "0x", 2) != 0) {
        return pm_hotkey_from_words(scheme, phrase->base, phrase->password, out, error);
    }
    if (phrase->password != NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "seed: a password belongs to words; a seed has none");
    }
    uint8_t seed[PM_SEED_SIZE];
    bool done = pm_hotkey_read_hex("seed", phrase->base, seed, sizeof seed, error) &&
                pm_hotkey_from_scheme_seed(scheme, seed, out, error);
    sodium_memzero(seed, sizeof seed);
    return done;
}

bool pm_hotkey_from_phrase(enum pm_key_scheme scheme, const char *text, struct pm_hotkey **out,
                           struct pm_error *error)
{
    struct phrase phrase;
    struct pm_hotkey *key = NULL;
    if (sodium_init() < 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium found no source of random numbers");
    }
    bool done = split(text, &phrase, error) && from_base(&phrase, scheme, &key, error) &&
                follow(&phrase, &key, error);
    sodium_free(phrase.base);
    if (done) {
        *out = key;
    }
    return done;
}
