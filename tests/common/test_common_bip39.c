#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/bip39.h>

static void check_mnemonic(const cJSON *item)
{
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    uint8_t stretched[PM_BIP39_STRETCHED_SIZE];
    char words[PM_MNEMONIC_SIZE];
    size_t size = 0;
    struct pm_error error = {0};
    if (!pm_bip39_decode(vectors_text(item, "mnemonic"), entropy, &size, &error)) {
        fail_msg("%s", error.message);
    }
    vectors_assert_bytes(item, "entropy", entropy, size);
    assert_true(pm_bip39_encode(entropy, size, words, &error));
    assert_string_equal(words, vectors_text(item, "mnemonic"));
    assert_true(pm_bip39_stretch(entropy, size, vectors_text(item, "password"), stretched, &error));
    vectors_assert_bytes(item, "miniSecret", stretched, PM_SEED_SIZE);
    if (cJSON_HasObjectItem(item, "pbkdf2_64")) {
        vectors_assert_bytes(item, "pbkdf2_64", stretched, sizeof stretched);
    }
}

static void mnemonics_give_their_seeds(void **state)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_at(*state, "mnemonics"))
    {
        check_mnemonic(item);
    }
    cJSON_ArrayForEach(item, vectors_at(*state, "mnemonicPasswords"))
    {
        check_mnemonic(item);
    }
}

static void bad_mnemonics_are_refused(void **state)
{
    const cJSON *item = NULL;
    int count = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "badMnemonics"))
    {
        uint8_t entropy[PM_BIP39_ENTROPY_MAX];
        size_t size = 0;
        struct pm_error error = {0};
        assert_false(pm_bip39_decode(vectors_text(item, "mnemonic"), entropy, &size, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
        assert_null(strstr(error.message, "abandon")); /* a phrase is a secret, even a wrong one */
        assert_null(strstr(error.message, "zzzzz"));
        count++;
    }
    assert_int_equal(count, 4);
}

static void blanks_between_words_do_not_matter(void **state)
{
    (void)state;
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    size_t size = 0;
    assert_true(pm_bip39_decode("  bottom drive\nobey\tlake curtain smoke  basket hold race lonely "
                                "fit walk\r\n",
                                entropy, &size, NULL));
    assert_int_equal(size, 16);
}

static void the_beginning_of_a_word_is_not_the_word(void **state)
{
    (void)state;
    uint8_t entropy[PM_BIP39_ENTROPY_MAX];
    size_t size = 0;
    struct pm_error error = {0};
    assert_false(pm_bip39_decode("bottom driv obey lake curtain smoke basket hold race lonely fit "
                                 "walk",
                                 entropy, &size, &error));
    assert_non_null(strstr(error.message, "word 2"));
    assert_false(pm_bip39_decode("bottom drives", entropy, &size, &error));
    assert_false(pm_bip39_decode("Bottom", entropy, &size, &error));
    assert_false(pm_bip39_decode("bottom\x01", entropy, &size, &error));
}

static void every_size_goes_there_and_back(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 40; size++) {
        uint8_t entropy[40];
        uint8_t back[PM_BIP39_ENTROPY_MAX];
        char words[PM_MNEMONIC_SIZE];
        size_t back_size = 0;
        memset(entropy, (int)(0xa5 + size), sizeof entropy);
        bool allowed = size >= 16 && size <= 32 && size % 4 == 0;
        assert_int_equal(pm_bip39_encode(entropy, size, words, NULL), allowed);
        if (allowed) {
            assert_true(pm_bip39_decode(words, back, &back_size, NULL));
            assert_int_equal(back_size, size);
            assert_memory_equal(back, entropy, size);
        }
    }
}

static void too_many_words_and_long_passwords_are_refused(void **state)
{
    (void)state;
    char words[26 * 8 + 1] = "";
    char password[PM_BIP39_PASSWORD_MAX + 2];
    uint8_t entropy[PM_BIP39_ENTROPY_MAX] = {0};
    uint8_t out[PM_BIP39_STRETCHED_SIZE];
    size_t size = 0;
    for (int i = 0; i < 26; i++) {
        memcpy(words + (size_t)i * 8, "abandon ", 9);
    }
    assert_false(pm_bip39_decode(words, entropy, &size, NULL));
    memset(password, 'p', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    assert_false(pm_bip39_stretch(entropy, 16, password, out, NULL));
    password[PM_BIP39_PASSWORD_MAX] = '\0';
    assert_true(pm_bip39_stretch(entropy, 16, password, out, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnemonics_give_their_seeds),
        cmocka_unit_test(bad_mnemonics_are_refused),
        cmocka_unit_test(blanks_between_words_do_not_matter),
        cmocka_unit_test(the_beginning_of_a_word_is_not_the_word),
        cmocka_unit_test(every_size_goes_there_and_back),
        cmocka_unit_test(too_many_words_and_long_passwords_are_refused),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
