/* Keccak-f[1600], the permutation under SHA-3 and STROBE. Constant-time. Source: FIPS 202. */
#ifndef POOLMINER_KECCAK_H
#define POOLMINER_KECCAK_H

#include <stdint.h>

enum { PM_KECCAK_STATE_SIZE = 200 };

/* In place; 25 little-endian 64-bit lanes. */
void pm_keccak_f1600(uint8_t state[PM_KECCAK_STATE_SIZE]);

#endif
