/* The key of random draws. Private to the room. */
#ifndef POOLMINER_ALGORITHM_KEY_H
#define POOLMINER_ALGORITHM_KEY_H

#include <poolminer/algorithm.h>

/* BLAKE2b-64 of the algorithm's written form, however long, followed by `suffix`; the digest is
 * read as a little-endian number. */
bool pm_algorithm_key(const struct pm_algorithm *algorithm, const void *suffix, size_t suffix_size,
                      uint64_t *out, struct pm_error *error);

#endif
