/* The directory that kept suites are in, and how much of it there may be. Private to the room. */
#ifndef POOLMINER_ALGORITHM_SUITE_CACHE_H
#define POOLMINER_ALGORITHM_SUITE_CACHE_H

#include <stdint.h>

enum { PM_SUITE_CACHE_MAX = 512 * 1024 * 1024 }; /* bytes in all: four of the biggest suites */

/* Deletes files of the directory, those first that were not used for longest, until all together
 * have at most `max_bytes`. What cannot be deleted stays. */
void pm_suite_cache_trim(const char *directory, int64_t max_bytes);

#endif
