#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/pool_proof.h>

static bool finish(const struct pm_hotkey *hotkey, int64_t seconds, struct pm_pool_proof *proof,
                   struct pm_error *error)
{
    if (!pm_hotkey_sign_hex(hotkey, proof->message, proof->signature, error)) {
        return false;
    }
    snprintf(proof->key_header, sizeof proof->key_header, "X-Key: %s", pm_hotkey_address(hotkey));
    snprintf(proof->timestamp_header, sizeof proof->timestamp_header, "X-Timestamp: %" PRId64,
             seconds);
    snprintf(proof->signature_header, sizeof proof->signature_header, "X-Signature: %s",
             proof->signature);
    return true;
}

bool pm_pool_proof_make(const struct pm_hotkey *hotkey, int64_t seconds, struct pm_pool_proof *out,
                        struct pm_error *error)
{
    snprintf(out->message, sizeof out->message, "auth:%" PRId64, seconds);
    return finish(hotkey, seconds, out, error);
}

bool pm_pool_proof_make_recipient(const struct pm_hotkey *hotkey, int64_t seconds,
                                  const char *coldkey, struct pm_pool_proof *out,
                                  struct pm_error *error)
{
    snprintf(out->message, sizeof out->message, "recipient_coldkey:update:%" PRId64 ":%.*s",
             seconds, PM_ADDRESS_SIZE - 1, coldkey);
    return finish(hotkey, seconds, out, error);
}

int64_t pm_pool_clock_offset_ms(int64_t date_ms, int64_t sent_ms, int64_t received_ms)
{
    int64_t middle_ms = sent_ms + (received_ms - sent_ms) / 2;
    int64_t offset_ms = date_ms + 500 - middle_ms; /* Date is cut to seconds */
    return llabs(offset_ms) <= PM_POOL_CLOCK_NOISE_MS ? 0 : offset_ms;
}
