#include <sodium.h>
#include <string.h>

#include <poolminer/keccak.h>

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
