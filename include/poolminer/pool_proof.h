/* Who is asking: the three headers of a signed request to a pool, and whose clock they go by. */
#ifndef POOLMINER_POOL_PROOF_H
#define POOLMINER_POOL_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum {
    PM_POOL_MESSAGE_SIZE = 48 + PM_ADDRESS_SIZE,
    PM_POOL_CLOCK_NOISE_MS = 2000, /* Date counts whole seconds */
    /* Date is not signed: whoever can write one must not get signatures for a time far away. */
    PM_POOL_CLOCK_OFFSET_MAX_MS = 24 * 60 * 60 * 1000,
};

struct pm_pool_proof {
    char message[PM_POOL_MESSAGE_SIZE]; /* what is signed */
    char signature[PM_SIGNATURE_HEX_SIZE];
    char key_header[16 + PM_ADDRESS_SIZE];
    char timestamp_header[40];
    char signature_header[24 + PM_SIGNATURE_HEX_SIZE];
};

/* The first signs "auth:SECONDS", the second "recipient_coldkey:update:SECONDS:COLDKEY", which only
 * the setting of a payout address wants. `seconds` is unix time by the pool's clock. */
bool pm_pool_proof_make(const struct pm_hotkey *hotkey, int64_t seconds, struct pm_pool_proof *out,
                        struct pm_error *error);
bool pm_pool_proof_make_recipient(const struct pm_hotkey *hotkey, int64_t seconds,
                                  const char *coldkey, struct pm_pool_proof *out,
                                  struct pm_error *error);

/* The pool's clock minus ours, by an answer's Date (`date_ms`, unix), which was written somewhere
 * between sending and receiving; 0 when they differ by less than the noise. */
int64_t pm_pool_clock_offset_ms(int64_t date_ms, int64_t sent_ms, int64_t received_ms);

#endif
