/* Numbers and hashes in test vectors, on top of tests/common/vectors.h. */
#ifndef TESTS_ALGORITHM_NUMBERS_H
#define TESTS_ALGORITHM_NUMBERS_H

#include "tests/cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>

enum { NUMBERS_HASH_SIZE = 65 };

static inline double numbers_at(const cJSON *value, const char *path)
{
    const cJSON *member = vectors_at(value, path);
    assert_true(cJSON_IsNumber(member));
    return member->valuedouble;
}

/* BLAKE2b-256 in hexadecimal. */
static inline void numbers_hash(const void *bytes, size_t size, char hex[NUMBERS_HASH_SIZE])
{
    unsigned char hash[(NUMBERS_HASH_SIZE - 1) / 2];
    assert_int_equal(crypto_generichash(hash, sizeof hash, bytes, size, NULL, 0), 0);
    sodium_bin2hex(hex, NUMBERS_HASH_SIZE, hash, sizeof hash);
}

#endif
