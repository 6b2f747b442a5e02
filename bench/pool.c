/* poolminer bench pool: miners that take leases and submit, as fast as a pool lets them. */
#include "bench/http_alone.h"
#include "bench/pool_books.h"
#include "bench/pool_load.h"
#include "bench/pool_proofs.h"
#include "bench/pool_row.h"
#include "bench/postgres.h"
#include "bench/server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <poolminer/bench.h>
#include <poolminer/file.h>
#include <poolminer/stop.h>

static const char SQLITE[] = "sqlite", POSTGRESQL[] = "postgresql";

enum { SPARE_FILES = 64, HTTP_MINERS = 100 };

struct bench {
    const struct pm_bench_pool_config *config;
    const char *store_name;         /* as rows have it */
    const char *store;              /* a file's name, or a URL */
    struct bench_postgres postgres; /* our own; pid 0: none */
};

/* One pool, one number of miners. */
struct run {
    struct bench_server server;
    struct bench_proofs proofs;
    struct bench_floor floor;
    struct bench_load load;
    struct bench_books before, after;
    double pool_cpu_s;
};

static double cpu_s(const struct bench *bench, const struct run *run)
{
    double database_s = bench->postgres.pid > 0 ? bench_postgres_cpu_s(&bench->postgres) : 0;
    return bench_server_cpu_s(&run->server) + database_s;
}

/* The directory of the pool goes with it, so the store's whole name is made here. */
static bool read_books(const struct bench *bench, const struct run *run, struct bench_books *out,
                       struct pm_error *error)
{
    char *path = pm_path_join(run->server.directory, bench->store, "", error);
    bool good =
        path != NULL && bench_books_read(strstr(bench->store, "://") != NULL ? bench->store : path,
                                         run->server.directory, out, error);
    free(path);
    return good;
}

static bool run_load(const struct bench *bench, struct run *run, struct pm_error *error)
{
    const double begin_cpu_s = cpu_s(bench, run);
    const bool good =
        bench_load_run(run->server.port, &run->proofs, bench->config->seconds, &run->load, error);
    run->pool_cpu_s = cpu_s(bench, run) - begin_cpu_s;
    return good;
}

/* The floor is measured just before the load and just after it, for a machine has its moods. */
static bool measure(const struct bench *bench, struct run *run, struct pm_error *error)
{
    const double seconds = bench->config->seconds;
    struct bench_floor after;
    if (!bench_floor_measure(&run->proofs, seconds / 2, &run->floor, error) ||
        !read_books(bench, run, &run->before, error) || !run_load(bench, run, error) ||
        !bench_floor_measure(&run->proofs, seconds / 2, &after, error)) {
        return false;
    }
    run->floor.per_s = (run->floor.per_s + after.per_s) / 2;
    run->floor.cpu_us = (run->floor.cpu_us + after.cpu_us) / 2;
    return read_books(bench, run, &run->after, error);
}

static bool print_call(const struct bench *bench, struct run *run, const char *what,
                       enum bench_call call, struct pm_error *error)
{
    struct bench_samples *samples = &run->load.answers[call];
    struct bench_pool_row row =
        bench_pool_row_empty(bench->store_name, what, run->proofs.miner_count);
    row.per_s = (double)samples->count / run->load.seconds;
    row.p50_ms = bench_samples_quantile(samples, 0.50) * 1e-6;
    row.p99_ms = bench_samples_quantile(samples, 0.99) * 1e-6;
    return bench_pool_row_print(&row, bench->config->json, error);
}

/* Of all requests together. */
static struct bench_pool_row row_of_all(const struct bench *bench, const struct run *run,
                                        const char *what)
{
    const struct bench_load *load = &run->load;
    const double requests =
        (double)(load->answers[BENCH_CALL_LEASE].count + load->answers[BENCH_CALL_SUBMIT].count);
    struct bench_pool_row row =
        bench_pool_row_empty(bench->store_name, what, run->proofs.miner_count);
    row.per_s = requests / load->seconds;
    row.pool_cpu_us = run->pool_cpu_s * 1e6 / requests;
    row.load_cpu_us = load->cpu_s * 1e6 / requests;
    row.hung_up = (double)load->hung_up;
    return row;
}

static bool print_all(const struct bench *bench, struct run *run, struct pm_error *error)
{
    const struct bench_load *load = &run->load;
    struct bench_pool_row row = row_of_all(bench, run, "all");
    row.sign_cpu_us = run->proofs.sign_cpu_us;
    row.verify_cpu_us = run->floor.cpu_us;
    row.verify_per_s = run->floor.per_s;
    row.wall_ratio = row.per_s / row.verify_per_s;
    row.ratio = row.verify_cpu_us / row.pool_cpu_us;
    row.shared_ratio = (row.sign_cpu_us + row.verify_cpu_us) /
                       (row.sign_cpu_us + row.load_cpu_us + row.pool_cpu_us);
    row.not_now = (double)load->not_now;
    row.lost = (double)bench_books_lost(&run->before, &run->after, (int64_t)load->evaluations,
                                        (int64_t)load->evolutions);
    return bench_pool_row_print(&row, bench->config->json, error) &&
           (row.lost == 0 || pm_fail(error, PM_ERROR_REFUSED,
                                     "bench pool: what the pool acknowledged and what its store "
                                     "has differ by %.0f",
                                     row.lost));
}

static bool bench_miners(const struct bench *bench, size_t miners, struct pm_error *error)
{
    struct run run = {.pool_cpu_s = NAN};
    /* No pool verifies more than the floor: what that takes is less than twice this many. */
    const size_t stock = (size_t)(bench->config->seconds * 8000 * bench->config->threads);
    bool good = bench_proofs_create(miners, stock, &run.proofs, error) &&
                bench_server_start_pool(bench->store, &run.server, error);
    good = good && measure(bench, &run, error);
    bench_server_stop(&run.server);
    good = good && print_call(bench, &run, "lease", BENCH_CALL_LEASE, error) &&
           print_call(bench, &run, "submit", BENCH_CALL_SUBMIT, error) &&
           print_all(bench, &run, error);
    bench_load_clear(&run.load);
    bench_proofs_clear(&run.proofs);
    return good;
}

static bool bench_store(struct bench *bench, struct pm_error *error)
{
    static const size_t numbers[] = {10, 100, 1000};
    if (bench->config->miners > 0) {
        return bench_miners(bench, bench->config->miners, error);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!bench_miners(bench, numbers[i], error)) {
            return false;
        }
    }
    return true;
}

/* The same requests to an HTTP server that gives everybody the same answers, at once or later. */
static bool bench_http_alone(const struct pm_bench_pool_config *config, bool later,
                             struct pm_error *error)
{
    const struct bench bench = {.config = config, .store_name = "none"};
    struct run run = {.pool_cpu_s = NAN};
    const size_t miners = config->miners > 0 ? config->miners : HTTP_MINERS;
    bool good = bench_http_alone_start(later, &run.server, error);
    /* Many more than of a pool that looks at them. */
    const size_t stock = (size_t)(config->seconds * 20000 * config->threads);
    good = good && bench_proofs_create(miners, stock, &run.proofs, error);
    good = good && run_load(&bench, &run, error);
    bench_server_stop(&run.server);
    if (good) {
        const struct bench_pool_row row = row_of_all(&bench, &run, later ? "later" : "http");
        good = bench_pool_row_print(&row, config->json, error);
    }
    bench_load_clear(&run.load);
    bench_proofs_clear(&run.proofs);
    return good;
}

static bool bench_sqlite(const struct pm_bench_pool_config *config, struct pm_error *error)
{
    struct bench bench = {.config = config, .store_name = SQLITE, .store = "pool.db"};
    return bench_store(&bench, error);
}

static bool bench_url(const struct pm_bench_pool_config *config, const char *url,
                      struct pm_error *error)
{
    struct bench bench = {.config = config, .store_name = POSTGRESQL, .store = url};
    return bench_store(&bench, error);
}

/* `wanted`: without PostgreSQL it fails; else its rows are left out. */
static bool bench_postgresql(const struct pm_bench_pool_config *config, bool wanted,
                             struct pm_error *error)
{
    struct bench bench = {.config = config, .store_name = POSTGRESQL};
    if (!bench_postgres_start(&bench.postgres, error)) {
        if (wanted || error->code != PM_ERROR_NOT_FOUND) {
            return false;
        }
        fprintf(stderr, "poolminer: %s\n", error->message);
        return true;
    }
    bench.store = bench.postgres.url;
    bool good = bench_store(&bench, error);
    bench_postgres_stop(&bench.postgres);
    return good;
}

/* A thousand miners are a thousand connections. */
static void allow_files(size_t miners)
{
    struct rlimit files;
    const rlim_t wanted = (miners > 0 ? miners : 1000) + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files); /* what is missing shows when a connection is opened */
    }
}

bool pm_bench_pool(const struct pm_bench_pool_config *config, struct pm_error *error)
{
    const char *store = config->store;
    pm_stop_install();
    allow_files(config->miners);
    const bool url = store != NULL && strstr(store, "://") != NULL;
    if (store != NULL && !url && strcmp(store, SQLITE) != 0 && strcmp(store, POSTGRESQL) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "bench pool: --store: expected sqlite, postgresql or a postgresql:// URL");
    }
    if (!config->json) {
        bench_pool_row_print_heading();
    }
    bool good = bench_http_alone(config, false, error) && bench_http_alone(config, true, error);
    if (good && store == NULL) {
        good = bench_sqlite(config, error) && bench_postgresql(config, false, error);
    } else if (good && url) {
        good = bench_url(config, store, error);
    } else if (good) {
        good = strcmp(store, SQLITE) == 0 ? bench_sqlite(config, error)
                                          : bench_postgresql(config, true, error);
    }
    /* A call that the signal broke off has reasons of its own. */
    if (!good && pm_stop_requested()) {
        pm_fail(error, PM_ERROR_INTERRUPTED, "bench pool: stopped before its end");
    }
    return good;
}
