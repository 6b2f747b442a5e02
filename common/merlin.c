#include <assert.h>
#include <sodium.h>
#include <string.h>

#include <poolminer/merlin.h>

/* ---- Keccak-f[1600] ---- */

static uint64_t rotate_left(uint64_t value, unsigned count)
{
    return (value << count) | (value >> ((64U - count) & 63U));
}

static void load_lanes(uint64_t lanes[25], const uint8_t state[PM_KECCAK_STATE_SIZE])
{
    for (size_t i = 0; i < 25; i++) {
        lanes[i] = 0;
        for (size_t byte = 0; byte < 8; byte++) {
            lanes[i] |= (uint64_t)state[8 * i + byte] << (8 * byte);
        }
    }
}

static void store_lanes(uint8_t state[PM_KECCAK_STATE_SIZE], const uint64_t lanes[25])
{
    for (size_t i = 0; i < 25; i++) {
        for (size_t byte = 0; byte < 8; byte++) {
            state[8 * i + byte] = (uint8_t)(lanes[i] >> (8 * byte));
        }
    }
}

static void theta(uint64_t a[25])
{
    uint64_t parity[5];
    for (size_t x = 0; x < 5; x++) {
        parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    }
    for (size_t x = 0; x < 5; x++) {
        uint64_t mix = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);
        for (size_t y = 0; y < 25; y += 5) {
            a[x + y] ^= mix;
        }
    }
}

/* Rho and pi in one walk: the lanes other than (0, 0) form a single cycle under pi. */
static void rho_pi(uint64_t a[25])
{
    static const uint8_t cycle[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                      15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
    uint64_t carried = a[1];
    unsigned rotation = 0;
    for (unsigned step = 0; step < 24; step++) {
        rotation = (rotation + step + 1) % 64; /* triangular numbers */
        uint64_t next = a[cycle[step]];
        a[cycle[step]] = rotate_left(carried, rotation);
        carried = next;
    }
}

static void chi(uint64_t a[25])
{
    for (size_t y = 0; y < 25; y += 5) {
        uint64_t row[5];
        memcpy(row, a + y, sizeof row);
        for (size_t x = 0; x < 5; x++) {
            a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
    }
}

void pm_keccak_f1600(uint8_t state[PM_KECCAK_STATE_SIZE])
{
    static const uint64_t round_constants[24] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
        0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
        0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
    uint64_t lanes[25];
    load_lanes(lanes, state);
    for (size_t round = 0; round < 24; round++) {
        theta(lanes);
        rho_pi(lanes);
        chi(lanes);
        lanes[0] ^= round_constants[round];
    }
    store_lanes(state, lanes);
    sodium_memzero(lanes, sizeof lanes);
}

/* ---- STROBE-128 ---- */

enum { RATE = 166 };

enum { FLAG_I = 1, FLAG_A = 2, FLAG_C = 4, FLAG_T = 8, FLAG_M = 16, FLAG_K = 32 };

static void run_f(struct pm_strobe *strobe)
{
    strobe->state[strobe->position] ^= strobe->begin;
    strobe->state[strobe->position + 1] ^= 0x04;
    strobe->state[RATE + 1] ^= 0x80;
    pm_keccak_f1600(strobe->state);
    strobe->position = 0;
    strobe->begin = 0;
}

static void advance(struct pm_strobe *strobe)
{
    strobe->position++;
    if (strobe->position == RATE) {
        run_f(strobe);
    }
}

static void absorb(struct pm_strobe *strobe, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        strobe->state[strobe->position] ^= data[i];
        advance(strobe);
    }
}

static void begin_operation(struct pm_strobe *strobe, uint8_t flags, bool more)
{
    assert((flags & FLAG_T) == 0); /* transport operations are not part of Merlin */
    if (more) {
        assert(strobe->flags == flags);
        return;
    }
    uint8_t header[2] = {strobe->begin, flags};
    strobe->begin = (uint8_t)(strobe->position + 1);
    strobe->flags = flags;
    absorb(strobe, header, sizeof header);
    if ((flags & (FLAG_C | FLAG_K)) != 0 && strobe->position != 0) {
        run_f(strobe);
    }
}

void pm_strobe_init(struct pm_strobe *strobe, const char *protocol)
{
    static const uint8_t first_block[18] = {1,   RATE + 2, 1,   0,   1,   96,  'S', 'T', 'R',
                                            'O', 'B',      'E', 'v', '1', '.', '0', '.', '2'};
    memset(strobe, 0, sizeof *strobe);
    memcpy(strobe->state, first_block, sizeof first_block);
    pm_keccak_f1600(strobe->state);
    pm_strobe_meta_ad(strobe, protocol, strlen(protocol), false);
}

void pm_strobe_meta_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    begin_operation(strobe, FLAG_M | FLAG_A, more);
    absorb(strobe, data, size);
}

void pm_strobe_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    begin_operation(strobe, FLAG_A, more);
    absorb(strobe, data, size);
}

void pm_strobe_key(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    const uint8_t *bytes = data;
    begin_operation(strobe, FLAG_A | FLAG_C, more);
    for (size_t i = 0; i < size; i++) {
        strobe->state[strobe->position] = bytes[i];
        advance(strobe);
    }
}

void pm_strobe_prf(struct pm_strobe *strobe, void *out, size_t size, bool more)
{
    uint8_t *bytes = out;
    begin_operation(strobe, FLAG_I | FLAG_A | FLAG_C, more);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = strobe->state[strobe->position];
        strobe->state[strobe->position] = 0; /* so that the output cannot be run back */
        advance(strobe);
    }
}

/* ---- Merlin ---- */

static void little_endian_32(size_t value, uint8_t out[4])
{
    assert(value <= UINT32_MAX);
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

void pm_merlin_init(struct pm_merlin *transcript, const char *label)
{
    pm_strobe_init(&transcript->strobe, "Merlin v1.0");
    pm_merlin_append(transcript, "dom-sep", label, strlen(label));
}

static void frame(struct pm_strobe *strobe, const char *label, size_t size)
{
    uint8_t length[4];
    little_endian_32(size, length);
    pm_strobe_meta_ad(strobe, label, strlen(label), false);
    pm_strobe_meta_ad(strobe, length, sizeof length, true);
}

void pm_merlin_append(struct pm_merlin *transcript, const char *label, const void *message,
                      size_t size)
{
    frame(&transcript->strobe, label, size);
    pm_strobe_ad(&transcript->strobe, message, size, false);
}

void pm_merlin_challenge(struct pm_merlin *transcript, const char *label, void *out, size_t size)
{
    frame(&transcript->strobe, label, size);
    pm_strobe_prf(&transcript->strobe, out, size, false);
}

void pm_merlin_witness(const struct pm_merlin *transcript, const char *label, const void *secret,
                       size_t secret_size, const uint8_t random[32], void *out, size_t size)
{
    struct pm_strobe fork = transcript->strobe;
    frame(&fork, label, secret_size);
    pm_strobe_key(&fork, secret, secret_size, false);
    pm_strobe_meta_ad(&fork, "rng", 3, false);
    pm_strobe_key(&fork, random, 32, false);
    uint8_t length[4];
    little_endian_32(size, length);
    pm_strobe_meta_ad(&fork, length, sizeof length, false);
    pm_strobe_prf(&fork, out, size, false);
    sodium_memzero(&fork, sizeof fork);
}
