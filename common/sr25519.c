#include <sodium.h>
#include <string.h>

#include <poolminer/sr25519.h>

enum { POINT_SIZE = 32, SCALAR_SIZE = 32, WIDE_SIZE = 64 };

static const uint8_t marker = 0x80; /* top bit of the last byte: "made by schnorrkel" */

/* scalar < L = 2^252 + 27742317777372353535851937790883648493, in constant time. */
static bool scalar_is_canonical(const uint8_t scalar[SCALAR_SIZE])
{
    static const uint8_t order[SCALAR_SIZE] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                               0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                               0,    0,    0,    0,    0,    0,    0,    0,
                                               0,    0,    0,    0,    0,    0,    0,    0x10};
    unsigned borrow = 0;
    for (size_t i = 0; i < SCALAR_SIZE; i++) {
        borrow = ((unsigned)scalar[i] - order[i] - borrow) >> 8 & 1U;
    }
    return borrow == 1;
}

/* Canonical and not the identity, whose encoding is all zero (libsodium 1.0.18 takes it for valid).
 */
static bool point_is_good(const uint8_t point[POINT_SIZE])
{
    return crypto_core_ristretto255_is_valid_point(point) == 1 &&
           sodium_is_zero(point, POINT_SIZE) == 0;
}

void pm_sr25519_expand_seed(const uint8_t seed[PM_SEED_SIZE],
                            uint8_t secret[PM_SR25519_SECRET_SIZE])
{
    crypto_hash_sha512(secret, seed, PM_SEED_SIZE);
    secret[0] &= 248;
    secret[31] &= 63;
    secret[31] |= 64;
    for (size_t i = 0; i < SCALAR_SIZE; i++) { /* divide by the cofactor */
        unsigned next = i + 1 < SCALAR_SIZE ? secret[i + 1] : 0U;
        secret[i] = (uint8_t)((secret[i] >> 3) | (next << 5));
    }
}

bool pm_sr25519_public_key(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                           uint8_t public_key[PM_PUBLIC_KEY_SIZE], struct pm_error *error)
{
    if (!scalar_is_canonical(secret) ||
        crypto_scalarmult_ristretto255_base(public_key, secret) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "SR25519 private key: its scalar is zero or not below the group's order");
    }
    return true;
}

void pm_sr25519_transcript(const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message,
                           size_t size, struct pm_merlin *out)
{
    pm_merlin_init(out, "SigningContext");
    pm_merlin_append(out, "", "substrate", 9);
    pm_merlin_append(out, "sign-bytes", message, size);
    pm_merlin_append(out, "proto-name", "Schnorr-sig", 11);
    pm_merlin_append(out, "sign:pk", public_key, PM_PUBLIC_KEY_SIZE);
}

void pm_sr25519_nonce_scalar(const struct pm_merlin *transcript,
                             const uint8_t secret[PM_SR25519_SECRET_SIZE], const uint8_t random[32],
                             uint8_t r[32])
{
    uint8_t wide[WIDE_SIZE];
    pm_merlin_witness(transcript, "signing", secret + SCALAR_SIZE,
                      PM_SR25519_SECRET_SIZE - SCALAR_SIZE, random, wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(r, wide);
    sodium_memzero(wide, sizeof wide);
}

void pm_sr25519_challenge_scalar(struct pm_merlin *transcript, const uint8_t commitment[32],
                                 uint8_t k[32])
{
    uint8_t wide[WIDE_SIZE];
    pm_merlin_append(transcript, "sign:R", commitment, POINT_SIZE);
    pm_merlin_challenge(transcript, "sign:c", wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(k, wide);
}

bool pm_sr25519_sign_with_nonce(const struct pm_merlin *transcript,
                                const uint8_t secret[PM_SR25519_SECRET_SIZE], const uint8_t r[32],
                                uint8_t signature[PM_SIGNATURE_SIZE], struct pm_error *error)
{
    if (crypto_scalarmult_ristretto255_base(signature, r) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "SR25519 signing: the nonce is zero");
    }
    struct pm_merlin challenge = *transcript;
    uint8_t k[SCALAR_SIZE];
    uint8_t product[SCALAR_SIZE];
    pm_sr25519_challenge_scalar(&challenge, signature, k);
    crypto_core_ristretto255_scalar_mul(product, k, secret);
    crypto_core_ristretto255_scalar_add(signature + POINT_SIZE, product, r);
    signature[PM_SIGNATURE_SIZE - 1] |= marker;
    sodium_memzero(product, sizeof product);
    return true;
}

bool pm_sr25519_sign(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                     const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message, size_t size,
                     uint8_t signature[PM_SIGNATURE_SIZE], struct pm_error *error)
{
    struct pm_merlin transcript;
    uint8_t random[32];
    uint8_t r[SCALAR_SIZE];
    pm_sr25519_transcript(public_key, message, size, &transcript);
    randombytes_buf(random, sizeof random);
    pm_sr25519_nonce_scalar(&transcript, secret, random, r);
    bool done = pm_sr25519_sign_with_nonce(&transcript, secret, r, signature, error);
    sodium_memzero(random, sizeof random);
    sodium_memzero(r, sizeof r);
    return done;
}

/* scalar * point, where a zero scalar gives the identity instead of libsodium's refusal. `point` is
 * NULL for the base point. */
static void multiply(uint8_t out[POINT_SIZE], const uint8_t scalar[SCALAR_SIZE],
                     const uint8_t *point)
{
    int status = point == NULL ? crypto_scalarmult_ristretto255_base(out, scalar)
                               : crypto_scalarmult_ristretto255(out, scalar, point);
    if (status != 0) {
        memset(out, 0, POINT_SIZE);
    }
}

bool pm_sr25519_verify(const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message,
                       size_t size, const uint8_t signature[PM_SIGNATURE_SIZE],
                       struct pm_error *error)
{
    uint8_t s[SCALAR_SIZE];
    memcpy(s, signature + POINT_SIZE, SCALAR_SIZE);
    if ((s[SCALAR_SIZE - 1] & marker) == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "signature: the SR25519 marker bit is missing; was it made by another "
                       "scheme?");
    }
    s[SCALAR_SIZE - 1] &= (uint8_t)~marker;
    if (!scalar_is_canonical(s)) {
        return pm_fail(error, PM_ERROR_INVALID, "signature: s is not below the group's order");
    }
    if (!point_is_good(signature)) {
        return pm_fail(error, PM_ERROR_INVALID, "signature: R is not a point of the group");
    }
    if (!point_is_good(public_key)) {
        return pm_fail(error, PM_ERROR_INVALID, "public key: not a point of the group");
    }
    struct pm_merlin transcript;
    uint8_t k[SCALAR_SIZE];
    pm_sr25519_transcript(public_key, message, size, &transcript);
    pm_sr25519_challenge_scalar(&transcript, signature, k);

    uint8_t s_b[POINT_SIZE];
    uint8_t k_a[POINT_SIZE];
    uint8_t commitment[POINT_SIZE];
    multiply(s_b, s, NULL);
    multiply(k_a, k, public_key);
    if (crypto_core_ristretto255_sub(commitment, s_b, k_a) != 0 ||
        sodium_memcmp(commitment, signature, POINT_SIZE) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "signature: does not belong to this key and message");
    }
    return true;
}
