/* Merlin transcripts: STROBE-128 over Keccak-f[1600], as much of it as Schnorr signatures need.
 *
 * A transcript absorbs labelled messages and yields challenges that depend on all of them.
 * Constant-time in the data absorbed. Whoever put a secret in wipes the struct (sodium_memzero).
 * Sources: merlin.cool (transcript framing), strobe.sourceforge.io (STROBE). */
#ifndef POOLMINER_MERLIN_H
#define POOLMINER_MERLIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/keccak.h>

struct pm_strobe {
    uint8_t state[PM_KECCAK_STATE_SIZE];
    uint8_t position, begin, flags; /* of the operation in progress */
};

void pm_strobe_init(struct pm_strobe *strobe, const char *protocol);
/* `more` continues the previous operation of the same kind. */
void pm_strobe_meta_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more);
void pm_strobe_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more);
void pm_strobe_key(struct pm_strobe *strobe, const void *data, size_t size, bool more);
void pm_strobe_prf(struct pm_strobe *strobe, void *out, size_t size, bool more);

struct pm_merlin {
    struct pm_strobe strobe;
};

void pm_merlin_init(struct pm_merlin *transcript, const char *label);
/* Sizes must fit in 32 bits (a programmer error otherwise). */
void pm_merlin_append(struct pm_merlin *transcript, const char *label, const void *message,
                      size_t size);
void pm_merlin_challenge(struct pm_merlin *transcript, const char *label, void *out, size_t size);

/* `size` unpredictable bytes out of a fork of the transcript, keyed with a secret and with 32 fresh
 * random bytes: unpredictable as long as either is. The transcript itself is left as it is. */
void pm_merlin_witness(const struct pm_merlin *transcript, const char *label, const void *secret,
                       size_t secret_size, const uint8_t random[32], void *out, size_t size);

#endif
