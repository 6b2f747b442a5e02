/* How many calls a key may make: a bucket of tokens for each, in bounded memory. Safe from several
 * threads; time comes in as an argument, monotonic. */
#ifndef POOL_RATE_LIMIT_H
#define POOL_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct pm_rate_limit;

/* A key may call `per_minute` times a minute, and as often at once when it was silent for a minute;
 * 0: as often as it likes. NULL when memory is out. */
struct pm_rate_limit *pm_rate_limit_create(int per_minute);
void pm_rate_limit_destroy(struct pm_rate_limit *limit);

/* Whether the key may call now; takes nothing, so that it may be asked before the key has shown
 * that it is the caller's. On false *retry_after_s says in how many seconds (1 at least). */
bool pm_rate_limit_allows(struct pm_rate_limit *limit, const char *key, int64_t now_ms,
                          int *retry_after_s);
/* Counts a call of the key. More than 16,384 keys that called in the last minute are more than are
 * remembered: then those with most calls left are forgotten first. */
void pm_rate_limit_count(struct pm_rate_limit *limit, const char *key, int64_t now_ms);

#endif
