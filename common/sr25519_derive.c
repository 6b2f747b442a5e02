#include <sodium.h>

#include <poolminer/sr25519.h>

enum { SCALAR_SIZE = 32, WIDE_SIZE = 64 };

/* What both kinds of children begin with. */
static void begin(const uint8_t chain_code[PM_CHAIN_CODE_SIZE], struct pm_merlin *out)
{
    pm_merlin_init(out, "SchnorrRistrettoHDKD");
    pm_merlin_append(out, "sign-bytes", "", 0);
    pm_merlin_append(out, "chain-code", chain_code, PM_CHAIN_CODE_SIZE);
}

void pm_sr25519_derive_hard(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                            const uint8_t chain_code[PM_CHAIN_CODE_SIZE],
                            uint8_t seed[PM_SEED_SIZE])
{
    struct pm_merlin transcript;
    begin(chain_code, &transcript);
    pm_merlin_append(&transcript, "secret-key", secret, SCALAR_SIZE);
    pm_merlin_challenge(&transcript, "HDKD-hard", seed, PM_SEED_SIZE);
    sodium_memzero(&transcript, sizeof transcript);
}

void pm_sr25519_derive_soft(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                            const uint8_t public_key[PM_PUBLIC_KEY_SIZE],
                            const uint8_t chain_code[PM_CHAIN_CODE_SIZE], const uint8_t random[32],
                            uint8_t child[PM_SR25519_SECRET_SIZE])
{
    struct pm_merlin transcript;
    uint8_t wide[WIDE_SIZE];
    uint8_t step[SCALAR_SIZE];
    begin(chain_code, &transcript);
    pm_merlin_append(&transcript, "public-key", public_key, PM_PUBLIC_KEY_SIZE);
    pm_merlin_challenge(&transcript, "HDKD-scalar", wide, sizeof wide);
    crypto_core_ristretto255_scalar_reduce(step, wide);
    crypto_core_ristretto255_scalar_add(child, secret, step);
    pm_merlin_witness(&transcript, "HDKD-nonce", secret + SCALAR_SIZE,
                      PM_SR25519_SECRET_SIZE - SCALAR_SIZE, random, child + SCALAR_SIZE,
                      PM_SR25519_SECRET_SIZE - SCALAR_SIZE);
    sodium_memzero(&transcript, sizeof transcript);
    sodium_memzero(wide, sizeof wide);
}
