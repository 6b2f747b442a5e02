/* Reading test vectors from tests/data: any surprise in the file fails the test that asked. */
#ifndef TESTS_COMMON_VECTORS_H
#define TESTS_COMMON_VECTORS_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* The caller frees with cJSON_Delete. */
cJSON *vectors_load(const char *file_name);

/* For a group of tests that read sr25519.json: its state is those vectors, and libsodium is ready.
 */
int vectors_open_sr25519(void **state);
int vectors_close(void **state);

/* A member that must be there; `path` may go down: "merlin.strobe.flags". */
const cJSON *vectors_at(const cJSON *value, const char *path);
const char *vectors_text(const cJSON *value, const char *path);

/* Bytes of a hexadecimal member (with or without 0x), at most `capacity`; returns how many. */
size_t vectors_bytes(const cJSON *value, const char *path, uint8_t *out, size_t capacity);

/* Asserts that a hexadecimal member is exactly these bytes. */
void vectors_assert_bytes(const cJSON *value, const char *path, const uint8_t *bytes, size_t size);

#endif
