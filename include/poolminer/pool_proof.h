/* The three headers by which a miner proves to a pool who it is, and the difference between the
 * pool's clock and ours that their timestamp has to take into account. */
#ifndef POOLMINER_POOL_PROOF_H
#define POOLMINER_POOL_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum {
    PM_POOL_MESSAGE_SIZE = 48 + PM_ADDRESS_SIZE,
    /* Smaller differences are not taken for real: the Date header counts whole seconds. */
    PM_POOL_CLOCK_NOISE_MS = 2000,
    /* Larger differences are not believed. The Date header is not signed, so whoever can forge an
     * answer could otherwise obtain signatures that are valid at a time far from now. */
    PM_POOL_CLOCK_OFFSET_MAX_MS = 24 * 60 * 60 * 1000,
};

struct pm_pool_proof {
    char message[PM_POOL_MESSAGE_SIZE]; /* what is signed */
    char signature[PM_SIGNATURE_HEX_SIZE];
    char key_header[16 + PM_ADDRESS_SIZE];
    char timestamp_header[40];
    char signature_header[24 + PM_SIGNATURE_HEX_SIZE];
};

/* Make the headers. The first signs "auth:SECONDS"; the second, for setting the address that the
 * pool pays to, signs "recipient_coldkey:update:SECONDS:COLDKEY". `seconds` is the unix time by the
 * pool's clock. */
bool pm_pool_proof_make(const struct pm_hotkey *hotkey, int64_t seconds, struct pm_pool_proof *out,
                        struct pm_error *error);
bool pm_pool_proof_make_recipient(const struct pm_hotkey *hotkey, int64_t seconds,
                                  const char *coldkey, struct pm_pool_proof *out,
                                  struct pm_error *error);

/* The pool's clock minus ours, computed from the Date header of an answer (`date_ms`) and from
 * when, by our clock, the request was sent and the answer received: the pool wrote the header at
 * some time in between. 0 when that explains the difference, but for PM_POOL_CLOCK_NOISE_MS. */
int64_t pm_pool_clock_offset_ms(int64_t date_ms, int64_t sent_ms, int64_t received_ms);

#endif
