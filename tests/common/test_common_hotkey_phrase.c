/* Derivation paths, passwords of mnemonics, and ED25519 keys, against published vectors. */
#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/hotkey.h>
#include <poolminer/sr25519.h>

#define WORDS "bottom drive obey lake curtain smoke basket hold race lonely fit walk"

static void assert_address(enum pm_key_scheme scheme, const char *text, const char *address)
{
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    if (!pm_hotkey_from_phrase(scheme, text, &hotkey, &error)) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(pm_hotkey_address(hotkey), address);
    assert_int_equal(pm_hotkey_scheme(hotkey), scheme);
    pm_hotkey_destroy(hotkey);
}

static void paths_lead_to_the_published_keys(void **state)
{
    const cJSON *item = NULL;
    int hard_and_soft = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "derivation.cases"))
    {
        char text[512];
        const char *path = vectors_text(item, "path"), *password = vectors_text(item, "password");
        snprintf(text, sizeof text, "%s%s%s%s", vectors_text(item, "phrase"), path,
                 password[0] != '\0' ? "///" : "", password);
        assert_address(PM_KEY_SR25519, text, vectors_text(item, "ss58_42"));
        hard_and_soft++;
    }
    assert_int_equal(hard_and_soft, 15);
}

/* Each step by itself: the seed of a hard child, the scalar of a soft one. */
static void check_step(const cJSON *item, const uint8_t secret[PM_SR25519_SECRET_SIZE])
{
    const cJSON *step = cJSON_GetArrayItem(vectors_at(item, "steps"), 0);
    uint8_t chain_code[PM_CHAIN_CODE_SIZE], public_key[PM_PUBLIC_KEY_SIZE], random[32];
    uint8_t seed[PM_SEED_SIZE], child[PM_SR25519_SECRET_SIZE];
    vectors_bytes(step, "chainCode", chain_code, sizeof chain_code);
    if (strcmp(vectors_text(step, "kind"), "hard") == 0) {
        pm_sr25519_derive_hard(secret, chain_code, seed);
        vectors_assert_bytes(step, "childMiniSecret", seed, sizeof seed);
        return;
    }
    vectors_bytes(step, "random32ForNonce", random, sizeof random);
    assert_true(pm_sr25519_public_key(secret, public_key, NULL));
    pm_sr25519_derive_soft(secret, public_key, chain_code, random, child);
    vectors_assert_bytes(item, "scalar", child, 32);
}

static void single_steps_give_the_published_secrets(void **state)
{
    const cJSON *item = NULL;
    int steps = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "derivation.cases"))
    {
        uint8_t seed[PM_SEED_SIZE], secret[PM_SR25519_SECRET_SIZE];
        const cJSON *base = NULL;
        if (cJSON_GetArraySize(vectors_at(item, "steps")) != 1 ||
            vectors_text(item, "password")[0] != '\0') {
            continue;
        }
        cJSON_ArrayForEach(base, vectors_at(*state, "mnemonics"))
        {
            if (strcmp(vectors_text(base, "mnemonic"), vectors_text(item, "phrase")) == 0) {
                vectors_bytes(base, "miniSecret", seed, sizeof seed);
                pm_sr25519_expand_seed(seed, secret);
                check_step(item, secret);
                steps++;
            }
        }
    }
    assert_true(steps >= 8);
}

static void a_soft_childs_signatures_are_good(void **state)
{
    (void)state;
    struct pm_hotkey *hotkey = NULL;
    char hex[PM_SIGNATURE_HEX_SIZE];
    assert_true(pm_hotkey_from_phrase(PM_KEY_SR25519, WORDS "/soft/1", &hotkey, NULL));
    assert_true(pm_hotkey_sign_hex(hotkey, "auth:1", hex, NULL));
    assert_true(pm_hotkey_verify_hex(pm_hotkey_address(hotkey), "auth:1", hex, NULL));
    pm_hotkey_destroy(hotkey);
}

static void a_seed_stands_for_the_words(void **state)
{
    (void)state;
    assert_address(PM_KEY_SR25519,
                   "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e//Alice",
                   "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
}

static void ed25519_keys_sign_as_published(void **state)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_at(*state, "ed25519.cases"))
    {
        const char *address = vectors_text(item, "ss58_42"),
                   *text = vectors_text(item, "messageUtf8");
        struct pm_hotkey *hotkey = NULL;
        char hex[PM_SIGNATURE_HEX_SIZE];
        assert_address(PM_KEY_ED25519, vectors_text(item, "mnemonic"), address);
        assert_true(
            pm_hotkey_from_phrase(PM_KEY_ED25519, vectors_text(item, "mnemonic"), &hotkey, NULL));
        assert_true(pm_hotkey_sign_hex(hotkey, text, hex, NULL));
        assert_string_equal(hex, vectors_text(item, "signature"));
        assert_true(pm_hotkey_verify_scheme(PM_KEY_ED25519, address, text, hex, NULL));
        assert_false(pm_hotkey_verify_scheme(PM_KEY_ED25519, address, "auth:1", hex, NULL));
        assert_false(pm_hotkey_verify_hex(address, text, hex, NULL)); /* not what pools take */
        pm_hotkey_destroy(hotkey);
    }
}

static void bad_phrases_are_refused_with_their_reason(void **state)
{
    (void)state;
    static const struct {
        enum pm_key_scheme scheme;
        const char *text, *reason;
    } rows[] = {
        {PM_KEY_SR25519, "", "no words"},
        {PM_KEY_SR25519, "//Alice", "no words"}, /* the well-known words are for nobody's wallet */
        {PM_KEY_SR25519, WORDS "//", "junction"},
        {PM_KEY_SR25519, WORDS "/", "junction"},
        {PM_KEY_SR25519, WORDS "//a/", "junction"},
        {PM_KEY_SR25519, "wrongly words", "word 1"},
        {PM_KEY_SR25519, "0x12//a", "seed"},
        {PM_KEY_SR25519, WORDS "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "more than 16"},
        {PM_KEY_ED25519, WORDS "/soft", "no soft children"},
        {PM_KEY_SR25519,
         "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e///password",
         "a seed has none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pm_hotkey *hotkey = NULL;
        struct pm_error error = {0};
        assert_false(pm_hotkey_from_phrase(rows[i].scheme, rows[i].text, &hotkey, &error));
        assert_null(hotkey);
        if (strstr(error.message, rows[i].reason) == NULL) {
            fail_msg("expected \"%s\" in: %s", rows[i].reason, error.message);
        }
    }
    char text[400] = WORDS "//";
    memset(text + strlen(text), 'x', 257);
    assert_false(pm_hotkey_from_phrase(PM_KEY_SR25519, text, &(struct pm_hotkey *){NULL}, NULL));
    text[strlen(text) - 1] = '\0';
    struct pm_hotkey *longest = NULL;
    assert_true(pm_hotkey_from_phrase(PM_KEY_SR25519, text, &longest, NULL));
    pm_hotkey_destroy(longest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_the_published_keys),
        cmocka_unit_test(single_steps_give_the_published_secrets),
        cmocka_unit_test(a_soft_childs_signatures_are_good),
        cmocka_unit_test(a_seed_stands_for_the_words),
        cmocka_unit_test(ed25519_keys_sign_as_published),
        cmocka_unit_test(bad_phrases_are_refused_with_their_reason),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
