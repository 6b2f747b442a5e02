#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <string.h>

#include <poolminer/base58.h>
#include <poolminer/ss58.h>

static void every_prefix_encodes_as_published(void **state)
{
    const cJSON *item = NULL;
    int count = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "ss58.encode"))
    {
        uint8_t key[PM_PUBLIC_KEY_SIZE];
        char address[PM_ADDRESS_SIZE];
        struct pm_error error = {0};
        unsigned prefix = (unsigned)vectors_at(item, "prefix")->valueint;
        vectors_bytes(item, "publicKey", key, sizeof key);
        assert_true(pm_ss58_encode(key, prefix, address, &error));
        assert_string_equal(address, vectors_text(item, "address"));
        uint8_t decoded[PM_PUBLIC_KEY_SIZE];
        assert_int_equal(pm_ss58_decode_hotkey(address, decoded, &error), prefix == 42);
        if (prefix == 42) {
            assert_memory_equal(decoded, key, sizeof key);
        }
        count++;
    }
    assert_int_equal(count, 44);
}

static void refuse_all(const cJSON *list, int expected_count)
{
    const cJSON *item = NULL;
    int count = 0;
    cJSON_ArrayForEach(item, list)
    {
        uint8_t key[PM_PUBLIC_KEY_SIZE];
        struct pm_error error = {0};
        if (pm_ss58_decode_hotkey(vectors_text(item, "address"), key, &error)) {
            fail_msg("accepted: %s", vectors_text(item, "why"));
        }
        assert_true(error.code == PM_ERROR_INVALID || error.code == PM_ERROR_LIMIT);
        assert_true(strlen(error.message) > 20);
        count++;
    }
    assert_int_equal(count, expected_count);
}

static void malformed_addresses_are_refused(void **state)
{
    refuse_all(vectors_at(*state, "ss58.bad"), 18);
}

static void addresses_of_other_kinds_are_refused(void **state)
{
    refuse_all(vectors_at(*state, "ss58.rejectForHotkey"), 6);
}

static void a_prefix_beyond_14_bits_is_refused(void **state)
{
    (void)state;
    const uint8_t key[PM_PUBLIC_KEY_SIZE] = {0};
    char address[PM_ADDRESS_SIZE];
    assert_false(pm_ss58_encode(key, 16384, address, NULL));
}

static void base58_goes_there_and_back(void **state)
{
    (void)state;
    for (size_t size = 0; size <= PM_BASE58_BYTES_MAX; size++) {
        uint8_t bytes[PM_BASE58_BYTES_MAX];
        uint8_t back[PM_BASE58_BYTES_MAX];
        char text[PM_BASE58_TEXT_MAX + 1];
        size_t count = 0;
        memset(bytes, 0xff, sizeof bytes); /* the longest text for the size */
        memset(bytes, 0, size % 5);        /* and some leading zeros */
        assert_true(pm_base58_encode(bytes, size, text, sizeof text, NULL));
        assert_true(pm_base58_decode(text, back, sizeof back, &count, NULL));
        assert_int_equal(count, size);
        assert_memory_equal(back, bytes, size);
    }
}

static void base58_keeps_its_limits(void **state)
{
    (void)state;
    uint8_t bytes[PM_BASE58_BYTES_MAX + 1] = {1};
    char text[2 * PM_BASE58_TEXT_MAX];
    size_t count = 0;
    struct pm_error error = {0};
    assert_false(pm_base58_encode(bytes, sizeof bytes, text, sizeof text, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_true(pm_base58_encode(bytes, 3, text, 4, &error)); /* "LUv" and its NUL just fit */
    assert_false(pm_base58_encode(bytes, 3, text, 3, &error));
    memset(text, 'z', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(pm_base58_decode(text, bytes, sizeof bytes, &count, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    text[40] = '\0';
    assert_false(pm_base58_decode(text, bytes, 4, &count, &error));
    assert_false(pm_base58_decode("11111", bytes, 4, &count, &error));
    assert_true(pm_base58_decode("1111", bytes, 4, &count, &error));
    assert_int_equal(count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_encodes_as_published),
        cmocka_unit_test(malformed_addresses_are_refused),
        cmocka_unit_test(addresses_of_other_kinds_are_refused),
        cmocka_unit_test(a_prefix_beyond_14_bits_is_refused),
        cmocka_unit_test(base58_goes_there_and_back),
        cmocka_unit_test(base58_keeps_its_limits),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
