#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/sr25519.h>

enum { MESSAGE_MAX = 4096 };

static void assert_state(const cJSON *step, const struct pm_strobe *strobe)
{
    vectors_assert_bytes(step, "after.state", strobe->state, PM_KECCAK_STATE_SIZE);
    assert_int_equal(strobe->position, vectors_at(step, "after.pos")->valueint);
}

/* Walks the recorded transcript with the primitives, so that a difference shows at its own step. */
static void replay_transcript(const cJSON *steps, struct pm_merlin *transcript)
{
    const cJSON *step = NULL;
    cJSON_ArrayForEach(step, steps)
    {
        const char *op = vectors_text(step, "op");
        uint8_t data[MESSAGE_MAX];
        if (strcmp(op, "append_message") == 0) {
            size_t size = vectors_bytes(step, "message", data, sizeof data);
            pm_merlin_append(transcript, vectors_text(step, "label"), data, size);
        } else if (strcmp(op, "challenge_bytes") == 0) {
            pm_merlin_challenge(transcript, vectors_text(step, "label"), data, 64);
            vectors_assert_bytes(step, "out", data, 64);
        } else {
            assert_string_equal(op, "Strobe128::new");
            pm_strobe_init(&transcript->strobe, vectors_text(step, "label"));
        }
        assert_state(step, &transcript->strobe);
    }
}

static void check_witness(const cJSON *trace, const struct pm_merlin *transcript,
                          const uint8_t *nonce, const uint8_t random[32])
{
    uint8_t witness[64];
    pm_merlin_witness(transcript, "signing", nonce, 32, random, witness, sizeof witness);
    vectors_assert_bytes(trace, "witnessBytes64", witness, sizeof witness);
}

static void check_trace(const cJSON *trace)
{
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    uint8_t message[MESSAGE_MAX];
    uint8_t random[32];
    struct pm_merlin replayed;
    struct pm_merlin transcript;
    size_t size = vectors_bytes(trace, "message", message, sizeof message);
    vectors_bytes(trace, "random32", random, sizeof random);
    uint8_t seed[PM_SEED_SIZE];
    vectors_bytes(trace, "miniSecret", seed, sizeof seed);
    pm_sr25519_expand_seed(seed, secret);
    vectors_assert_bytes(trace, "secretBytes", secret, sizeof secret);
    assert_true(pm_sr25519_public_key(secret, public_key, NULL));
    vectors_assert_bytes(trace, "publicKey", public_key, sizeof public_key);

    replay_transcript(vectors_at(trace, "transcriptSteps"), &replayed);
    pm_sr25519_transcript(public_key, message, size, &transcript);
    assert_state(cJSON_GetArrayItem(vectors_at(trace, "transcriptSteps"), 5), &transcript.strobe);
    check_witness(trace, &transcript, secret + 32, random);

    uint8_t r[32];
    uint8_t k[32];
    uint8_t signature[PM_SIGNATURE_SIZE];
    pm_sr25519_nonce_scalar(&transcript, secret, random, r);
    vectors_assert_bytes(trace, "r", r, sizeof r);
    assert_true(pm_sr25519_sign_with_nonce(&transcript, secret, r, signature, NULL));
    vectors_assert_bytes(trace, "signature", signature, sizeof signature);
    vectors_assert_bytes(trace, "R", signature, 32);
    pm_sr25519_challenge_scalar(&transcript, signature, k);
    vectors_assert_bytes(trace, "k", k, sizeof k);
    assert_true(pm_sr25519_verify(public_key, message, size, signature, NULL));
}

static void signatures_match_at_every_stage(void **state)
{
    const cJSON *trace = NULL;
    int count = 0;
    cJSON_ArrayForEach(trace, vectors_at(*state, "signTraces.cases"))
    {
        check_trace(trace);
        count++;
    }
    assert_int_equal(count, 5);
}

static void witness_states_match(void **state)
{
    const cJSON *trace = NULL;
    cJSON_ArrayForEach(trace, vectors_at(*state, "signTraces.cases"))
    {
        const cJSON *steps = vectors_at(trace, "witnessSteps");
        uint8_t secret[PM_SR25519_SECRET_SIZE];
        uint8_t public_key[PM_PUBLIC_KEY_SIZE];
        uint8_t message[MESSAGE_MAX];
        uint8_t random[32];
        struct pm_merlin transcript;
        size_t size = vectors_bytes(trace, "message", message, sizeof message);
        vectors_bytes(trace, "secretBytes", secret, sizeof secret);
        vectors_bytes(trace, "publicKey", public_key, sizeof public_key);
        vectors_bytes(trace, "random32", random, sizeof random);
        pm_sr25519_transcript(public_key, message, size, &transcript);
        pm_strobe_meta_ad(&transcript.strobe, "signing", 7, false);
        pm_strobe_meta_ad(&transcript.strobe, "\x20\0\0\0", 4, true);
        pm_strobe_key(&transcript.strobe, secret + 32, 32, false);
        assert_state(cJSON_GetArrayItem(steps, 0), &transcript.strobe);
        pm_strobe_meta_ad(&transcript.strobe, "rng", 3, false);
        pm_strobe_key(&transcript.strobe, random, 32, false);
        assert_state(cJSON_GetArrayItem(steps, 1), &transcript.strobe);
        uint8_t out[64];
        pm_strobe_meta_ad(&transcript.strobe, "\x40\0\0\0", 4, false);
        pm_strobe_prf(&transcript.strobe, out, sizeof out, false);
        assert_state(cJSON_GetArrayItem(steps, 2), &transcript.strobe);
    }
}

static void a_given_nonce_gives_the_published_signature(void **state)
{
    const cJSON *fixed = vectors_at(*state, "signTraces.fixedScalarNonce");
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    uint8_t message[MESSAGE_MAX];
    uint8_t r[32];
    uint8_t k[32];
    uint8_t signature[PM_SIGNATURE_SIZE];
    struct pm_merlin transcript;
    vectors_bytes(fixed, "secretBytes", secret, sizeof secret);
    vectors_bytes(fixed, "publicKey", public_key, sizeof public_key);
    vectors_bytes(fixed, "r", r, sizeof r);
    size_t size = vectors_bytes(fixed, "message", message, sizeof message);
    pm_sr25519_transcript(public_key, message, size, &transcript);
    assert_true(pm_sr25519_sign_with_nonce(&transcript, secret, r, signature, NULL));
    vectors_assert_bytes(fixed, "signature", signature, sizeof signature);
    pm_sr25519_challenge_scalar(&transcript, signature, k);
    vectors_assert_bytes(fixed, "k", k, sizeof k);
}

static void verification_agrees_with_other_implementations(void **state)
{
    const cJSON *item = NULL;
    int tried = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "verification.cases"))
    {
        const cJSON *expected = vectors_at(item, "expected");
        uint8_t message[MESSAGE_MAX];
        uint8_t public_key[PM_PUBLIC_KEY_SIZE];
        uint8_t signature[PM_SIGNATURE_SIZE + 1];
        struct pm_error error = {0};
        size_t size = vectors_bytes(item, "message", message, sizeof message);
        vectors_bytes(item, "publicKey", public_key, sizeof public_key);
        size_t length = vectors_bytes(item, "signature", signature, sizeof signature);
        if (cJSON_IsNull(expected) || length != PM_SIGNATURE_SIZE) {
            continue; /* wrong lengths cannot be said here: test_common_hotkey has them as text */
        }
        if (pm_sr25519_verify(public_key, message, size, signature, &error) !=
            cJSON_IsTrue(expected)) {
            fail_msg("%s: %s", vectors_text(item, "name"), error.message);
        }
        assert_int_equal(error.code, cJSON_IsTrue(expected) ? PM_ERROR_NONE : PM_ERROR_INVALID);
        tried++;
    }
    assert_int_equal(tried, 34);
}

static void the_identity_is_no_key_and_no_commitment(void **state)
{
    (void)state;
    const uint8_t identity[PM_PUBLIC_KEY_SIZE] = {0};
    uint8_t signature[PM_SIGNATURE_SIZE] = {0};
    signature[PM_SIGNATURE_SIZE - 1] = 0x80;
    assert_false(pm_sr25519_verify(identity, "", 0, signature, NULL));
}

static void derived_keys_match(const cJSON *list, int expected_count)
{
    const cJSON *item = NULL;
    int count = 0;
    cJSON_ArrayForEach(item, list)
    {
        uint8_t secret[PM_SR25519_SECRET_SIZE];
        uint8_t public_key[PM_PUBLIC_KEY_SIZE];
        if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(item, "miniSecret"))) {
            uint8_t seed[PM_SEED_SIZE];
            vectors_bytes(item, "miniSecret", seed, sizeof seed);
            pm_sr25519_expand_seed(seed, secret);
            vectors_assert_bytes(item, "secretBytes", secret, sizeof secret);
        } else { /* after a soft junction there is no seed any more */
            vectors_bytes(item, "secretBytes", secret, sizeof secret);
        }
        assert_true(pm_sr25519_public_key(secret, public_key, NULL));
        vectors_assert_bytes(item, "publicKey", public_key, sizeof public_key);
        count++;
    }
    assert_int_equal(count, expected_count);
}

static void seeds_and_private_keys_give_their_public_keys(void **state)
{
    derived_keys_match(vectors_at(*state, "mnemonics"), 10);
    derived_keys_match(vectors_at(*state, "mnemonicPasswords"), 4);
    derived_keys_match(vectors_at(*state, "derivation.cases"), 15);
}

static void impossible_private_keys_are_refused(void **state)
{
    (void)state;
    uint8_t secret[PM_SR25519_SECRET_SIZE] = {0};
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    struct pm_error error = {0};
    assert_false(pm_sr25519_public_key(secret, public_key, &error)); /* zero */
    memset(secret, 0xff, 32);
    assert_false(pm_sr25519_public_key(secret, public_key, &error)); /* far above the order */
    assert_int_equal(error.code, PM_ERROR_INVALID);
}

static void fresh_signatures_differ_and_verify(void **state)
{
    (void)state;
    static const uint8_t seed[PM_SEED_SIZE] = {7};
    uint8_t secret[PM_SR25519_SECRET_SIZE];
    uint8_t public_key[PM_PUBLIC_KEY_SIZE];
    uint8_t first[PM_SIGNATURE_SIZE];
    uint8_t second[PM_SIGNATURE_SIZE];
    pm_sr25519_expand_seed(seed, secret);
    assert_true(pm_sr25519_public_key(secret, public_key, NULL));
    assert_true(pm_sr25519_sign(secret, public_key, "auth:1", 6, first, NULL));
    assert_true(pm_sr25519_sign(secret, public_key, "auth:1", 6, second, NULL));
    assert_memory_not_equal(first, second, 32);
    assert_true(pm_sr25519_verify(public_key, "auth:1", 6, first, NULL));
    assert_true(pm_sr25519_verify(public_key, "auth:1", 6, second, NULL));
    for (size_t bit = 0; bit < 8 * (size_t)PM_SIGNATURE_SIZE; bit++) {
        first[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(pm_sr25519_verify(public_key, "auth:1", 6, first, NULL));
        first[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_match_at_every_stage),
        cmocka_unit_test(witness_states_match),
        cmocka_unit_test(a_given_nonce_gives_the_published_signature),
        cmocka_unit_test(verification_agrees_with_other_implementations),
        cmocka_unit_test(the_identity_is_no_key_and_no_commitment),
        cmocka_unit_test(seeds_and_private_keys_give_their_public_keys),
        cmocka_unit_test(impossible_private_keys_are_refused),
        cmocka_unit_test(fresh_signatures_differ_and_verify),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
