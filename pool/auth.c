#include "pool/auth.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <poolminer/hotkey.h>

enum {
    DIGITS_MAX = 12,   /* of seconds: enough for 30,000 years */
    MESSAGE_MAX = 256, /* of what is signed */
};

static const char PREFIX[] = "auth:";

static bool unauthorized(struct pm_refusal *refusal, const char *detail)
{
    pm_refuse(refusal, 401, "%s", detail);
    return false;
}

static bool is_decimal(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && text[digits] == '\0';
}

int64_t pm_auth_seconds(const struct pm_auth_headers *headers)
{
    return strtoll(headers->timestamp, NULL, 10);
}

bool pm_auth_check_form(const struct pm_auth_headers *headers, int64_t now_ms, int64_t tolerance_s,
                        struct pm_refusal *refusal)
{
    if (headers->key == NULL) {
        return unauthorized(refusal, "X-Key: missing, expected the hotkey's SS58 address");
    }
    if (headers->timestamp == NULL) {
        return unauthorized(refusal, "X-Timestamp: missing, expected unix seconds");
    }
    if (headers->signature == NULL) {
        return unauthorized(refusal, "X-Signature: missing, expected 128 hex digits");
    }
    if (strncmp(headers->timestamp, PREFIX, strlen(PREFIX)) == 0) {
        return unauthorized(refusal, "X-Timestamp: holds the whole text auth:<seconds>; send the "
                                     "bare seconds there and sign auth:<seconds>");
    }
    if (!is_decimal(headers->timestamp)) {
        return unauthorized(refusal, "X-Timestamp: expected unix seconds in decimal digits");
    }
    int64_t off = pm_auth_seconds(headers) - now_ms / 1000;
    if (llabs(off) > tolerance_s) {
        pm_refuse(refusal, 401,
                  "X-Timestamp: %" PRId64 " s %s the pool's clock, at most %" PRId64
                  " s are allowed; set this machine's clock",
                  (int64_t)llabs(off), off > 0 ? "ahead of" : "behind", tolerance_s);
        return false;
    }
    return true;
}

bool pm_auth_check(const struct pm_auth_headers *headers, int64_t now_ms, int64_t tolerance_s,
                   struct pm_refusal *refusal)
{
    if (!pm_auth_check_form(headers, now_ms, tolerance_s, refusal)) {
        return false;
    }
    char message[MESSAGE_MAX];
    struct pm_error error = {0};
    snprintf(message, sizeof message, "%s%s", PREFIX, headers->timestamp);
    if (pm_hotkey_verify_hex(headers->key, message, headers->signature, &error)) {
        return true;
    }
    /* One public client signs the bare seconds: worth a second look, to be able to say so. */
    if (pm_hotkey_verify_hex(headers->key, headers->timestamp, headers->signature, NULL)) {
        return unauthorized(refusal,
                            "X-Signature: made over the bare seconds; sign auth:<seconds>");
    }
    pm_refuse(refusal, 401, "X-Signature: %s", error.message);
    return false;
}

bool pm_auth_check_recipient(const struct pm_auth_headers *headers, const char *coldkey,
                             struct pm_refusal *refusal)
{
    char message[MESSAGE_MAX];
    struct pm_error error = {0};
    int length = snprintf(message, sizeof message, "recipient_coldkey:update:%s:%s",
                          headers->timestamp, coldkey);
    if (length < 0 || (size_t)length >= sizeof message) {
        return unauthorized(refusal, "recipient_coldkey: too long for an address");
    }
    if (pm_hotkey_verify_hex(headers->key, message, headers->signature, &error)) {
        return true;
    }
    pm_refuse(refusal, 401,
              "X-Signature: %s; sign recipient_coldkey:update:<seconds>:<recipient coldkey>",
              error.message);
    return false;
}

static const char *without_0x(const char *hex)
{
    return strncmp(hex, "0x", 2) == 0 ? hex + 2 : hex;
}

bool pm_auth_check_proof(const struct pm_auth_headers *headers, const struct pm_body_proof *proof,
                         struct pm_refusal *refusal)
{
    char message[MESSAGE_MAX];
    snprintf(message, sizeof message, "%s%s", PREFIX, headers->timestamp);
    if (proof->public_address != NULL && strcmp(proof->public_address, headers->key) != 0) {
        return unauthorized(refusal, "public_address: differs from X-Key");
    }
    if (proof->message != NULL && strcmp(proof->message, message) != 0) {
        return unauthorized(refusal, "message: is not auth:<seconds of X-Timestamp>");
    }
    if (proof->signature != NULL &&
        strcasecmp(without_0x(proof->signature), without_0x(headers->signature)) != 0) {
        return unauthorized(refusal, "signature: differs from X-Signature");
    }
    return true;
}

bool pm_auth_check_monitor(const char *authorization, const char *token, struct pm_refusal *refusal)
{
    static const char scheme[] = "Bearer ";
    unsigned char given[crypto_generichash_BYTES], expected[crypto_generichash_BYTES];
    if (token == NULL) {
        pm_refuse(refusal, 404, "This pool has no monitor token, so nobody may monitor it");
        return false;
    }
    if (authorization == NULL || strncasecmp(authorization, scheme, strlen(scheme)) != 0) {
        return unauthorized(refusal, "Authorization: missing, expected Bearer <monitor token>");
    }
    authorization += strlen(scheme);
    /* Hashes are of one length and compared in constant time: timing tells nothing of the token. */
    crypto_generichash(given, sizeof given, (const unsigned char *)authorization,
                       strlen(authorization), NULL, 0);
    crypto_generichash(expected, sizeof expected, (const unsigned char *)token, strlen(token), NULL,
                       0);
    if (sodium_memcmp(given, expected, sizeof given) != 0) {
        return unauthorized(refusal, "Authorization: wrong monitor token");
    }
    return true;
}
