#include "tests/common/vectors.h"

#include "cmocka_include.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>

cJSON *vectors_load(const char *file_name)
{
    char path[512];
    char *text = NULL;
    size_t length = 0;
    struct pm_error error = {0};
    snprintf(path, sizeof path, "%s/%s", PM_TEST_DATA, file_name);
    if (!pm_file_read(path, (size_t)16 << 20, &text, &length, &error)) {
        fail_msg("%s", error.message);
    }
    cJSON *value = cJSON_ParseWithLength(text, length);
    free(text);
    assert_non_null(value);
    return value;
}

int vectors_open_sr25519(void **state)
{
    *state = vectors_load("sr25519.json");
    return sodium_init() < 0;
}

int vectors_close(void **state)
{
    cJSON_Delete(*state);
    return 0;
}

const cJSON *vectors_at(const cJSON *value, const char *path)
{
    char key[64];
    while (*path != '\0') {
        size_t length = strcspn(path, ".");
        assert_true(length < sizeof key);
        memcpy(key, path, length);
        key[length] = '\0';
        value = cJSON_GetObjectItemCaseSensitive(value, key);
        if (value == NULL) {
            fail_msg("the vectors have no member %s", key);
        }
        path += length;
        path += *path == '.';
    }
    return value;
}

const char *vectors_text(const cJSON *value, const char *path)
{
    const cJSON *member = vectors_at(value, path);
    assert_true(cJSON_IsString(member));
    return member->valuestring;
}

size_t vectors_bytes(const cJSON *value, const char *path, uint8_t *out, size_t capacity)
{
    const char *text = vectors_text(value, path);
    size_t count = 0;
    text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
    assert_int_equal(sodium_hex2bin(out, capacity, text, strlen(text), NULL, &count, NULL), 0);
    return count;
}

void vectors_assert_bytes(const cJSON *value, const char *path, const uint8_t *bytes, size_t size)
{
    uint8_t *expected = malloc(size);
    assert_non_null(expected);
    assert_int_equal(vectors_bytes(value, path, expected, size), size);
    assert_memory_equal(bytes, expected, size);
    free(expected);
}
