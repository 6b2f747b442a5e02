#include "bench/pool_proofs.h"

#include "bench/cpu.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/stop.h>

/* A stock is made in half a minute at most: what is signed long before its use is too old for a
 * pool. */
enum { MESSAGE_MAX = 40, VERIFIED_AT_ONCE = 16, STOCK_MAX = 1 << 20 };

static bool sign(const struct pm_hotkey *hotkey, struct bench_proof *out, struct pm_error *error)
{
    char message[MESSAGE_MAX];
    out->seconds = pm_clock_unix_ms() / 1000;
    snprintf(message, sizeof message, "auth:%" PRId64, out->seconds);
    return pm_hotkey_sign_hex(hotkey, message, out->signature, error);
}

static bool make_keys(struct bench_proofs *proofs, size_t miners, struct pm_error *error)
{
    while (proofs->miner_count < miners) {
        if (!pm_hotkey_generate(&proofs->miners[proofs->miner_count], NULL, error)) {
            return false;
        }
        proofs->next[proofs->miner_count] = proofs->miner_count;
        proofs->miner_count++;
    }
    return true;
}

/* Proof i is of miner i modulo their number, so that all have about as many. */
static bool make_stock(struct bench_proofs *proofs, struct pm_error *error)
{
    bool good = true;
    const int64_t count = (int64_t)proofs->count;
    const double begin_cpu_s = bench_cpu_s();
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++) {
        struct pm_error reason = {0};
        if (!pm_stop_requested() &&
            !sign(proofs->miners[(size_t)i % proofs->miner_count], &proofs->stock[i], &reason)) {
#pragma omp critical
            {
                good = false;
                *error = reason;
            }
        }
    }
    proofs->sign_cpu_us = (bench_cpu_s() - begin_cpu_s) * 1e6 / (double)count;
    return good && (!pm_stop_requested() ||
                    pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while signatures were made"));
}

bool bench_proofs_create(size_t miners, size_t stock, struct bench_proofs *out,
                         struct pm_error *error)
{
    const size_t wanted = stock < STOCK_MAX ? stock : STOCK_MAX;
    *out = (struct bench_proofs){.count = wanted < miners ? miners : wanted};
    out->miners = calloc(miners, sizeof(struct pm_hotkey *));
    out->next = calloc(miners, sizeof *out->next);
    out->stock = calloc(out->count, sizeof *out->stock);
    if (out->miners == NULL || out->next == NULL || out->stock == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark's signatures");
    }
    return make_keys(out, miners, error) && make_stock(out, error);
}

void bench_proofs_clear(struct bench_proofs *proofs)
{
    for (size_t i = 0; i < proofs->miner_count; i++) {
        pm_hotkey_destroy(proofs->miners[i]);
    }
    free(proofs->miners);
    free(proofs->next);
    free(proofs->stock);
    *proofs = (struct bench_proofs){0};
}

bool bench_proofs_take(struct bench_proofs *proofs, size_t miner, struct bench_proof *out,
                       struct pm_error *error)
{
    if (proofs->next[miner] >= proofs->count) {
        proofs->signed_on_time++;
        return sign(proofs->miners[miner], out, error);
    }
    *out = proofs->stock[proofs->next[miner]];
    proofs->next[miner] += proofs->miner_count;
    return true;
}

/* ---- the floor ---- */

static bool verify(const struct bench_proofs *proofs, size_t index, struct pm_error *error)
{
    const struct bench_proof *proof = &proofs->stock[index];
    char message[MESSAGE_MAX];
    snprintf(message, sizeof message, "auth:%" PRId64, proof->seconds);
    return pm_hotkey_verify_hex(pm_hotkey_address(proofs->miners[index % proofs->miner_count]),
                                message, proof->signature, error);
}

bool bench_floor_measure(const struct bench_proofs *proofs, double seconds, struct bench_floor *out,
                         struct pm_error *error)
{
    const int64_t begin_ns = pm_clock_monotonic_ns();
    const int64_t end_ns = begin_ns + (int64_t)(seconds * 1e9);
    double cpu_s = 0;
    size_t verified = 0;
    bool good = true;
#pragma omp parallel reduction(+ : cpu_s, verified) reduction(&& : good)
    {
        struct pm_error reason = {0};
        const int64_t begin_cpu_ns = bench_thread_cpu_ns();
        size_t at = (size_t)omp_get_thread_num() * VERIFIED_AT_ONCE;
        while (good && pm_clock_monotonic_ns() < end_ns) {
            for (int i = 0; good && i < VERIFIED_AT_ONCE; i++) {
                good = verify(proofs, at++ % proofs->count, &reason);
                verified++;
            }
        }
        cpu_s = (double)(bench_thread_cpu_ns() - begin_cpu_ns) * 1e-9;
        if (!good) {
#pragma omp critical
            *error = reason;
        }
    }
    out->per_s = (double)verified * 1e9 / (double)(pm_clock_monotonic_ns() - begin_ns);
    out->cpu_us = cpu_s * 1e6 / (double)verified;
    return good;
}
