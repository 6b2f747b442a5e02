#include "pool/rate_limit.h"

#include <math.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* A key has its place in one of a few slots, by its hash. */
enum { SETS = 2048, SLOTS = 8 };

#define MINUTE_MS 60000.0

struct bucket {
    uint64_t key; /* its hash; 0: free */
    double tokens;
    int64_t filled_ms; /* when `tokens` was true */
};

struct pm_rate_limit {
    pthread_mutex_t mutex;
    int per_minute;
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* so that nobody can aim at a slot */
    struct bucket buckets[SETS][SLOTS];
};

struct pm_rate_limit *pm_rate_limit_create(int per_minute)
{
    struct pm_rate_limit *limit = calloc(1, sizeof *limit);
    if (limit != NULL) {
        pthread_mutex_init(&limit->mutex, NULL);
        limit->per_minute = per_minute;
        randombytes_buf(limit->secret, sizeof limit->secret);
    }
    return limit;
}

void pm_rate_limit_destroy(struct pm_rate_limit *limit)
{
    if (limit != NULL) {
        pthread_mutex_destroy(&limit->mutex);
    }
    free(limit);
}

static uint64_t hash(const struct pm_rate_limit *limit, const char *key)
{
    uint64_t out;
    _Static_assert(sizeof out == crypto_shorthash_BYTES, "a hash is one number");
    crypto_shorthash((unsigned char *)&out, (const unsigned char *)key, strlen(key), limit->secret);
    return out != 0 ? out : 1;
}

static double tokens_now(const struct pm_rate_limit *limit, const struct bucket *bucket,
                         int64_t now_ms)
{
    double full = limit->per_minute;
    if (bucket->key == 0) {
        return full;
    }
    double tokens = bucket->tokens + (double)(now_ms - bucket->filled_ms) * full / MINUTE_MS;
    return tokens < full ? tokens : full;
}

static struct bucket *find(struct pm_rate_limit *limit, uint64_t key)
{
    struct bucket *set = limit->buckets[key % SETS];
    for (int i = 0; i < SLOTS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
    }
    return NULL;
}

/* Of a key that is not there: the slot with most tokens in it is the one that is missed least. */
static struct bucket *make_room(struct pm_rate_limit *limit, uint64_t key, int64_t now_ms)
{
    struct bucket *set = limit->buckets[key % SETS], *best = &set[0];
    for (int i = 1; i < SLOTS; i++) {
        if (tokens_now(limit, &set[i], now_ms) > tokens_now(limit, best, now_ms)) {
            best = &set[i];
        }
    }
    *best = (struct bucket){.key = key, .tokens = limit->per_minute, .filled_ms = now_ms};
    return best;
}

bool pm_rate_limit_allows(struct pm_rate_limit *limit, const char *key, int64_t now_ms,
                          int *retry_after_s)
{
    if (limit->per_minute == 0) {
        return true;
    }
    uint64_t hashed = hash(limit, key);
    pthread_mutex_lock(&limit->mutex);
    const struct bucket *bucket = find(limit, hashed);
    double tokens = bucket == NULL ? 1 : tokens_now(limit, bucket, now_ms);
    pthread_mutex_unlock(&limit->mutex);
    if (tokens >= 1) {
        return true;
    }
    *retry_after_s = (int)ceil((1 - tokens) * MINUTE_MS / 1000 / limit->per_minute);
    return false;
}

void pm_rate_limit_count(struct pm_rate_limit *limit, const char *key, int64_t now_ms)
{
    if (limit->per_minute == 0) {
        return;
    }
    uint64_t hashed = hash(limit, key);
    pthread_mutex_lock(&limit->mutex);
    struct bucket *bucket = find(limit, hashed);
    if (bucket == NULL) {
        bucket = make_room(limit, hashed, now_ms);
    }
    double tokens = tokens_now(limit, bucket, now_ms) - 1;
    bucket->tokens = tokens > 0 ? tokens : 0; /* calls at once may all have been allowed */
    bucket->filled_ms = now_ms;
    pthread_mutex_unlock(&limit->mutex);
}
