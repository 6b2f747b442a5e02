#include <sodium.h>
#include <string.h>

#include <poolminer/base58.h>
#include <poolminer/ss58.h>

enum {
    HOTKEY_PREFIX = 42,
    PREFIX_MAX = 16383,
    CHECKSUM_SIZE = 2,
    HOTKEY_BYTES = 1 + PM_PUBLIC_KEY_SIZE + CHECKSUM_SIZE,
};

/* The first bytes of BLAKE2b-512("SS58PRE" || body). */
static void checksum(const uint8_t *body, size_t size, uint8_t out[CHECKSUM_SIZE])
{
    static const uint8_t domain[7] = {'S', 'S', '5', '8', 'P', 'R', 'E'};
    uint8_t hash[64];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, domain, sizeof domain);
    crypto_generichash_update(&state, body, size);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(out, hash, CHECKSUM_SIZE);
}

/* Prefixes below 64 are one byte; the others are 14 bits spread over two, marked by 01 on top. */
static size_t write_prefix(unsigned prefix, uint8_t out[2])
{
    if (prefix < 64) {
        out[0] = (uint8_t)prefix;
        return 1;
    }
    out[0] = (uint8_t)(((prefix >> 2) & 0x3fU) | 0x40U);
    out[1] = (uint8_t)((prefix >> 8) | ((prefix & 3U) << 6));
    return 2;
}

bool pm_ss58_encode(const uint8_t key[PM_PUBLIC_KEY_SIZE], unsigned prefix,
                    char out[PM_ADDRESS_SIZE], struct pm_error *error)
{
    if (prefix > PREFIX_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "SS58: prefix %u is above %d", prefix, PREFIX_MAX);
    }
    uint8_t body[2 + PM_PUBLIC_KEY_SIZE + CHECKSUM_SIZE];
    size_t size = write_prefix(prefix, body);
    memcpy(body + size, key, PM_PUBLIC_KEY_SIZE);
    size += PM_PUBLIC_KEY_SIZE;
    checksum(body, size, body + size);
    return pm_base58_encode(body, size + CHECKSUM_SIZE, out, PM_ADDRESS_SIZE, error);
}

bool pm_ss58_decode_hotkey(const char *address, uint8_t key[PM_PUBLIC_KEY_SIZE],
                           struct pm_error *error)
{
    uint8_t bytes[PM_BASE58_BYTES_MAX];
    size_t count = 0;
    if (!pm_base58_decode(address, bytes, sizeof bytes, &count, error)) {
        return pm_fail_context(error, "SS58 address");
    }
    if (count != HOTKEY_BYTES) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "SS58 address: %zu bytes, a hotkey's address has %d; copy it whole", count,
                       HOTKEY_BYTES);
    }
    if (bytes[0] != HOTKEY_PREFIX) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "SS58 address: prefix byte %u belongs to another network, a hotkey's is %d",
                       bytes[0], HOTKEY_PREFIX);
    }
    uint8_t expected[CHECKSUM_SIZE];
    checksum(bytes, HOTKEY_BYTES - CHECKSUM_SIZE, expected);
    if (memcmp(expected, bytes + HOTKEY_BYTES - CHECKSUM_SIZE, CHECKSUM_SIZE) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "SS58 address: wrong checksum, some character was mistyped");
    }
    memcpy(key, bytes + 1, PM_PUBLIC_KEY_SIZE);
    return true;
}
