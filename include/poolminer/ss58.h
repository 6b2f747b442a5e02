/* SS58 addresses: base58(prefix || key || checksum), checksum = first 2 bytes of
 * BLAKE2b-512("SS58PRE" || prefix || key). A hotkey's address has prefix 42 and a 32-byte key. */
#ifndef POOLMINER_SS58_H
#define POOLMINER_SS58_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

/* `prefix` 0..16383. `out` holds PM_ADDRESS_SIZE bytes. */
bool pm_ss58_encode(const uint8_t key[PM_PUBLIC_KEY_SIZE], unsigned prefix,
                    char out[PM_ADDRESS_SIZE], struct pm_error *error);

/* Accepts exactly: 35 decoded bytes, first byte 42, right checksum. */
bool pm_ss58_decode_hotkey(const char *address, uint8_t key[PM_PUBLIC_KEY_SIZE],
                           struct pm_error *error);

#endif
