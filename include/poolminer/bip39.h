/* BIP39 mnemonics, English, and the seed that Substrate makes of them (from the entropy, not from
 * the words). Call sodium_init() first. */
#ifndef POOLMINER_BIP39_H
#define POOLMINER_BIP39_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum {
    PM_BIP39_ENTROPY_MAX = 32,    /* bytes: 16, 20, 24, 28 or 32 for 12, 15, 18, 21 or 24 words */
    PM_BIP39_PASSWORD_MAX = 1024, /* bytes */
    PM_BIP39_STRETCHED_SIZE = 64,
};

/* Words in lower case, separated by white space. Errors say which rule is broken and at which word
 * (by its place: the word itself may be a secret), never what the phrase holds. */
bool pm_bip39_decode(const char *words, uint8_t entropy[PM_BIP39_ENTROPY_MAX], size_t *size,
                     struct pm_error *error);

bool pm_bip39_encode(const uint8_t *entropy, size_t size, char words[PM_MNEMONIC_SIZE],
                     struct pm_error *error);

/* PBKDF2-HMAC-SHA512(entropy, "mnemonic" || password, 2048 rounds), 64 bytes; the first 32 are the
 * seed. The password is taken as it is (UTF-8, no normalisation); NULL means none. */
bool pm_bip39_stretch(const uint8_t *entropy, size_t size, const char *password,
                      uint8_t out[PM_BIP39_STRETCHED_SIZE], struct pm_error *error);

#endif
