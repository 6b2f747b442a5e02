/* The keys of random draws: BLAKE2b-64 (RFC 7693, unkeyed) of an algorithm's written form and a
 * task's id. The text is hashed once; what is left, its end and the id, eight tasks at a time.
 * Private to lane_kernels.c. */
#ifndef POOLMINER_LANE_KEYS_H
#define POOLMINER_LANE_KEYS_H

#include "lane_program.h"

#include <string.h>

enum { PM_KEY_TASKS = 8, PM_BLAKE2B_WORDS = PM_BLAKE2B_BLOCK / 8 };

typedef uint64_t pm_key_vec __attribute__((vector_size(8 * PM_KEY_TASKS)));

/* The square roots of the first eight primes, their fractions' first 64 bits. */
static const uint64_t blake2b_start[8] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};

/* In what order a round mixes in a block's words. */
static const uint8_t blake2b_order[10][PM_BLAKE2B_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

#define PM_KEY_ROTATE(x, bits) ((x) >> (bits) | (x) << (64 - (bits)))

static inline __attribute__((always_inline)) void mix(pm_key_vec v[16], size_t a, size_t b,
                                                      size_t c, size_t d, const pm_key_vec *x,
                                                      const pm_key_vec *y)
{
    v[a] += v[b] + *x;
    v[d] = PM_KEY_ROTATE(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = PM_KEY_ROTATE(v[b] ^ v[c], 24);
    v[a] += v[b] + *y;
    v[d] = PM_KEY_ROTATE(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = PM_KEY_ROTATE(v[b] ^ v[c], 63);
}

/* Takes in a block of each task; `bytes` have been hashed then. */
static void compress(pm_key_vec h[8], const pm_key_vec block[PM_BLAKE2B_WORDS], uint64_t bytes,
                     bool last)
{
    enum { ROUNDS = 12 };
    pm_key_vec v[16];
    for (int i = 0; i < 8; i++) {
        v[i] = h[i];
        v[8 + i] = blake2b_start[i] - (pm_key_vec){0};
    }
    v[12] ^= bytes;
    if (last) {
        v[14] = ~v[14];
    }
    for (int round = 0; round < ROUNDS; round++) {
        const uint8_t *order = blake2b_order[round % 10];
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            mix(v, i, 4 + i, 8 + i, 12 + i, &block[order[2 * i]], &block[order[2 * i + 1]]);
        }
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, &block[order[8 + 2 * i]],
                &block[order[9 + 2 * i]]);
        }
    }
    for (int i = 0; i < 8; i++) {
        h[i] ^= v[i] ^ v[8 + i];
    }
}

static uint64_t read_word(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word |= (uint64_t)bytes[i] << 8 * i;
    }
    return word;
}

/* A block that is the same for all tasks. */
static void fill_block(const uint8_t bytes[PM_BLAKE2B_BLOCK], pm_key_vec block[PM_BLAKE2B_WORDS])
{
    for (size_t i = 0; i < PM_BLAKE2B_WORDS; i++) {
        block[i] = read_word(bytes + 8 * i) - (pm_key_vec){0};
    }
}

static void hash_text(struct pm_lane_text *out, const char *text, size_t length)
{
    enum { DIGEST_BYTES = 8, PARAMETERS = 0x01010000 | DIGEST_BYTES };
    pm_key_vec h[8], block[PM_BLAKE2B_WORDS];
    const uint8_t *bytes = (const uint8_t *)text;
    size_t hashed = 0;
    for (int i = 0; i < 8; i++) {
        h[i] = blake2b_start[i] - (pm_key_vec){0};
    }
    h[0] ^= (uint64_t)PARAMETERS;
    for (; length - hashed >= PM_BLAKE2B_BLOCK; hashed += PM_BLAKE2B_BLOCK) {
        fill_block(bytes + hashed, block);
        compress(h, block, hashed + PM_BLAKE2B_BLOCK, false);
    }
    for (int i = 0; i < 8; i++) {
        out->hash[i] = h[i][0];
    }
    out->hashed = hashed;
    out->rest = length - hashed;
    memset(out->end, 0, sizeof out->end);
    memcpy(out->end, bytes + hashed, out->rest);
}

/* Adds the tasks' ids, four bytes and four zeros, at `offset` of a message's end. */
static void add_ids(pm_key_vec *words, size_t offset, const uint32_t *ids)
{
    const unsigned shift = (unsigned)(offset % 8 * 8);
    for (int task = 0; task < PM_KEY_TASKS; task++) {
        const uint64_t id = ids[task];
        words[offset / 8][task] |= id << shift;
        if (shift > 32) {
            words[offset / 8 + 1][task] |= id >> (64 - shift);
        }
    }
}

static void make_keys(const struct pm_lane_text *text, const uint32_t ids[PM_LANES],
                      struct pm_lane_keys *out)
{
    enum { ID_BYTES = 8 };
    const uint64_t bytes = text->hashed + text->rest + ID_BYTES;
    for (size_t first = 0; first < PM_LANES; first += PM_KEY_TASKS) {
        pm_key_vec h[8], end[2 * PM_BLAKE2B_WORDS];
        for (int i = 0; i < 8; i++) {
            h[i] = text->hash[i] - (pm_key_vec){0};
        }
        fill_block(text->end, end);
        memset(end + PM_BLAKE2B_WORDS, 0, sizeof end / 2);
        add_ids(end, text->rest, ids + first);
        const bool two = text->rest + ID_BYTES > PM_BLAKE2B_BLOCK;
        if (two) {
            compress(h, end, text->hashed + PM_BLAKE2B_BLOCK, false);
        }
        compress(h, two ? end + PM_BLAKE2B_WORDS : end, bytes, true);
        for (size_t task = 0; task < PM_KEY_TASKS; task++) {
            out->low[first + task] = (uint32_t)h[0][task];
            out->high[first + task] = (uint32_t)(h[0][task] >> 32);
            out->first_example[first + task] = 0;
        }
    }
}

#endif
