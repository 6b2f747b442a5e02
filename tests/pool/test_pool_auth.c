/* The three headers: what is accepted, and what exactly is said of what is not. */
#include "cmocka_include.h"
#include "pool/auth.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/hotkey.h>

enum { TOLERANCE_S = 300 };
static const int64_t NOW_MS = INT64_C(1790000000) * 1000;
static const char NOW[] = "1790000000";

struct keys {
    struct pm_hotkey *alice, *bob;
};

static int create_keys(void **state)
{
    static struct keys keys;
    const uint8_t alice[PM_SEED_SIZE] = {1}, bob[PM_SEED_SIZE] = {2};
    if (!pm_hotkey_from_seed(alice, &keys.alice, NULL) ||
        !pm_hotkey_from_seed(bob, &keys.bob, NULL)) {
        return -1;
    }
    *state = &keys;
    return 0;
}

static int destroy_keys(void **state)
{
    struct keys *keys = *state;
    pm_hotkey_destroy(keys->alice);
    pm_hotkey_destroy(keys->bob);
    return 0;
}

static const char *sign(const struct pm_hotkey *key, const char *message)
{
    static char hex[PM_SIGNATURE_HEX_SIZE];
    assert_true(pm_hotkey_sign_hex(key, message, hex, NULL));
    return hex;
}

static bool check(const char *key, const char *timestamp, const char *signature,
                  struct pm_refusal *refusal)
{
    const struct pm_auth_headers headers = {key, timestamp, signature};
    *refusal = (struct pm_refusal){0};
    return pm_auth_check(&headers, NOW_MS, TOLERANCE_S, refusal);
}

static void assert_refused(const char *key, const char *timestamp, const char *signature,
                           const char *said)
{
    struct pm_refusal refusal;
    assert_false(check(key, timestamp, signature, &refusal));
    assert_int_equal(refusal.status, 401);
    if (strstr(refusal.detail, said) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", refusal.detail, said);
    }
}

static void test_accepts_the_proof(void **state)
{
    const struct keys *keys = *state;
    struct pm_refusal refusal;
    const char *address = pm_hotkey_address(keys->alice);
    const char *signature = sign(keys->alice, "auth:1790000000");
    assert_true(check(address, NOW, signature, &refusal));
    char prefixed[PM_SIGNATURE_HEX_SIZE + 2] = "0x";
    for (size_t i = 0; signature[i]; i++) {
        prefixed[i + 2] = (char)toupper((unsigned char)signature[i]);
    }
    assert_true(check(address, NOW, prefixed, &refusal));
}

static void test_clock_tolerance(void **state)
{
    const struct keys *keys = *state;
    struct pm_refusal refusal;
    const char *address = pm_hotkey_address(keys->alice);
    assert_true(check(address, "1790000300", sign(keys->alice, "auth:1790000300"), &refusal));
    assert_true(check(address, "1789999700", sign(keys->alice, "auth:1789999700"), &refusal));
    assert_refused(address, "1790000301", sign(keys->alice, "auth:1790000301"),
                   "301 s ahead of the pool's clock, at most 300 s");
    assert_refused(address, "1789999699", sign(keys->alice, "auth:1789999699"),
                   "301 s behind the pool's clock");
    assert_refused(address, "999999999999", sign(keys->alice, "auth:999999999999"), "ahead");
    assert_refused(address, "0", sign(keys->alice, "auth:0"), "behind");
}

static void test_missing_and_malformed_headers(void **state)
{
    const struct keys *keys = *state;
    const char *address = pm_hotkey_address(keys->alice);
    const char *signature = sign(keys->alice, "auth:1790000000");
    assert_refused(NULL, NOW, signature, "X-Key: missing");
    assert_refused(address, NULL, signature, "X-Timestamp: missing");
    assert_refused(address, NOW, NULL, "X-Signature: missing");
    const char *const timestamps[] = {
        "",           " 1790000000", "+1790000000", "-1790000000",          "1790000000.0",
        "0x6AB13B80", "1790000000 ", "1e9",         "99999999999999999999", "\xff",
    };
    for (size_t i = 0; i < sizeof timestamps / sizeof *timestamps; i++) {
        assert_refused(address, timestamps[i], signature, "decimal digits");
    }
    const char *const signatures[] = {"", "0x", "zz", "00", "\xff\xff"};
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        assert_refused(address, NOW, signatures[i], "X-Signature: ");
    }
    const char *const addresses[] = {"", "5", "not an address", "\xff", "0x1234"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        assert_refused(addresses[i], NOW, signature, "X-Signature: ");
    }
}

static void test_wrong_key_and_wrong_text(void **state)
{
    const struct keys *keys = *state;
    const char *alice = pm_hotkey_address(keys->alice), *bob = pm_hotkey_address(keys->bob);
    assert_refused(bob, NOW, sign(keys->alice, "auth:1790000000"), "X-Signature: ");
    assert_refused(alice, NOW, sign(keys->alice, "auth:1790000001"), "X-Signature: ");
    assert_refused(alice, NOW, sign(keys->alice, "<Bytes>auth:1790000000</Bytes>"),
                   "X-Signature: ");
}

static void test_names_what_other_clients_do(void **state)
{
    const struct keys *keys = *state;
    const char *alice = pm_hotkey_address(keys->alice);
    assert_refused(alice, "auth:1790000000", sign(keys->alice, "auth:1790000000"),
                   "send the bare seconds there");
    assert_refused(alice, NOW, sign(keys->alice, "1790000000"), "made over the bare seconds");
}

static void test_proof_in_the_body(void **state)
{
    const struct keys *keys = *state;
    const char *alice = pm_hotkey_address(keys->alice);
    const char *signature = sign(keys->alice, "auth:1790000000");
    const struct pm_auth_headers headers = {alice, NOW, signature};
    struct pm_refusal refusal;
    const struct pm_body_proof none = {0};
    const struct pm_body_proof same = {alice, signature, "auth:1790000000"};
    assert_true(pm_auth_check_proof(&headers, &none, &refusal));
    assert_true(pm_auth_check_proof(&headers, &same, &refusal));
    const struct pm_body_proof different[] = {
        {pm_hotkey_address(keys->bob), signature, "auth:1790000000"},
        {alice, "00", "auth:1790000000"},
        {alice, signature, "auth:1790000001"},
        {alice, signature, "1790000000"},
    };
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        assert_false(pm_auth_check_proof(&headers, &different[i], &refusal));
        assert_int_equal(refusal.status, 401);
    }
}

static void test_recipient_update_signs_its_own_text(void **state)
{
    const struct keys *keys = *state;
    const char *alice = pm_hotkey_address(keys->alice), *coldkey = pm_hotkey_address(keys->bob);
    char message[256];
    struct pm_refusal refusal;
    snprintf(message, sizeof message, "recipient_coldkey:update:%s:%s", NOW, coldkey);
    struct pm_auth_headers headers = {alice, NOW, sign(keys->alice, message)};
    assert_true(pm_auth_check_recipient(&headers, coldkey, &refusal));
    assert_false(pm_auth_check_recipient(&headers, alice, &refusal));
    headers.signature = sign(keys->alice, "auth:1790000000");
    assert_false(pm_auth_check_recipient(&headers, coldkey, &refusal));
    assert_non_null(strstr(refusal.detail, "recipient_coldkey:update:"));
    char endless[400];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_false(pm_auth_check_recipient(&headers, endless, &refusal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_the_proof),
        cmocka_unit_test(test_clock_tolerance),
        cmocka_unit_test(test_missing_and_malformed_headers),
        cmocka_unit_test(test_wrong_key_and_wrong_text),
        cmocka_unit_test(test_names_what_other_clients_do),
        cmocka_unit_test(test_proof_in_the_body),
        cmocka_unit_test(test_recipient_update_signs_its_own_text),
    };
    return cmocka_run_group_tests(tests, create_keys, destroy_keys);
}
