/* Who is calling: the three headers of a miner's call. Pure; time comes in as an argument. */
#ifndef POOL_AUTH_H
#define POOL_AUTH_H

#include "pool/refusal.h"
#include "pool/request_body.h"

#include <stdbool.h>
#include <stdint.h>

/* As received; NULL where a header is missing. */
struct pm_auth_headers {
    const char *key;       /* X-Key: the hotkey's SS58 address */
    const char *timestamp; /* X-Timestamp: unix seconds, decimal digits */
    const char *signature; /* X-Signature: hex, with or without 0x */
};

/* Everything but the signature: that all three are there, and the clock. False: refused with 401
 * and the reason. */
bool pm_auth_check_form(const struct pm_auth_headers *headers, int64_t now_ms, int64_t tolerance_s,
                        struct pm_refusal *refusal);

/* That, and that the signature is over "auth:{timestamp}". False: refused with 401 and the reason.
 */
bool pm_auth_check(const struct pm_auth_headers *headers, int64_t now_ms, int64_t tolerance_s,
                   struct pm_refusal *refusal);

/* The signature, in headers whose form was checked, is over
 * "recipient_coldkey:update:{timestamp}:{coldkey}". False: refused with 401 and the reason. */
bool pm_auth_check_recipient(const struct pm_auth_headers *headers, const char *coldkey,
                             struct pm_refusal *refusal);

/* The seconds of a timestamp that was checked. */
int64_t pm_auth_seconds(const struct pm_auth_headers *headers);

/* What a body repeats of the proof must be what the headers, already checked, say. */
bool pm_auth_check_proof(const struct pm_auth_headers *headers, const struct pm_body_proof *proof,
                         struct pm_refusal *refusal);

/* `authorization` is the header, "Bearer <token>", or NULL. Without a token nobody may monitor. */
bool pm_auth_check_monitor(const char *authorization, const char *token,
                           struct pm_refusal *refusal);

#endif
