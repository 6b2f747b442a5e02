/* SR25519: Schnorr signatures over ristretto255 with Merlin transcripts, as schnorrkel 0.x makes
 * them, with the signing context "substrate". Group and scalars are libsodium's; constant-time in
 * secrets. Call sodium_init() first. Facts and stages: docs/wallet.md. */
#ifndef POOLMINER_SR25519_H
#define POOLMINER_SR25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>
#include <poolminer/merlin.h>

enum { PM_SR25519_SECRET_SIZE = 64 }; /* scalar x (canonical, 32 bytes) and nonce (32 bytes) */

/* h = SHA-512(seed), clamped; x = h[0..32) / 8; nonce = h[32..64). */
void pm_sr25519_expand_seed(const uint8_t seed[PM_SEED_SIZE],
                            uint8_t secret[PM_SR25519_SECRET_SIZE]);

/* A = x B. False for an x that is zero or not below the group's order. */
bool pm_sr25519_public_key(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                           uint8_t public_key[PM_PUBLIC_KEY_SIZE], struct pm_error *error);

/* Signs with fresh randomness. */
bool pm_sr25519_sign(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                     const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message, size_t size,
                     uint8_t signature[PM_SIGNATURE_SIZE], struct pm_error *error);

/* True for a valid signature; otherwise false with the reason. Refuses, beside wrong signatures: a
 * missing marker bit, s not below the order, and R or A that are no canonical encoding or the
 * identity. */
bool pm_sr25519_verify(const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message,
                       size_t size, const uint8_t signature[PM_SIGNATURE_SIZE],
                       struct pm_error *error);

/* Children of a key by Substrate's derivation; a chain code is what a junction of a path is made
 * into. A hard child is a seed, and cannot be had without the parent's secret. A soft child's
 * public key follows from the parent's; its nonce is free, and made from the parent's and `random`.
 */
enum { PM_CHAIN_CODE_SIZE = 32 };
void pm_sr25519_derive_hard(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                            const uint8_t chain_code[PM_CHAIN_CODE_SIZE],
                            uint8_t seed[PM_SEED_SIZE]);
void pm_sr25519_derive_soft(const uint8_t secret[PM_SR25519_SECRET_SIZE],
                            const uint8_t public_key[PM_PUBLIC_KEY_SIZE],
                            const uint8_t chain_code[PM_CHAIN_CODE_SIZE], const uint8_t random[32],
                            uint8_t child[PM_SR25519_SECRET_SIZE]);

/* ---- the stages of a signature, apart: so that each is checked against published vectors ----
 *
 * Sign with pm_sr25519_sign. The same nonce scalar in two signatures reveals the key. */

/* The transcript up to and including the public key. */
void pm_sr25519_transcript(const uint8_t public_key[PM_PUBLIC_KEY_SIZE], const void *message,
                           size_t size, struct pm_merlin *out);

/* r = 64 witness bytes, keyed with the nonce and `random`, modulo the order. */
void pm_sr25519_nonce_scalar(const struct pm_merlin *transcript,
                             const uint8_t secret[PM_SR25519_SECRET_SIZE], const uint8_t random[32],
                             uint8_t r[32]);

/* k = 64 challenge bytes after R was appended, modulo the order. */
void pm_sr25519_challenge_scalar(struct pm_merlin *transcript, const uint8_t commitment[32],
                                 uint8_t k[32]);

/* R = r B, s = k x + r, with the marker bit set. False when r is zero. */
bool pm_sr25519_sign_with_nonce(const struct pm_merlin *transcript,
                                const uint8_t secret[PM_SR25519_SECRET_SIZE], const uint8_t r[32],
                                uint8_t signature[PM_SIGNATURE_SIZE], struct pm_error *error);

#endif
