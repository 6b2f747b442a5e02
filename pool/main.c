/* poolminer-pool: a local pool. Options and rules: docs/pool.md. */
#include "pool/admin.h"
#include "pool/api.h"
#include "pool/ledger.h"
#include "pool/population.h"
#include "pool/relay.h"
#include "pool/request_body.h"
#include "pool/settings.h"
#include "pool/sql.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>
#include <poolminer/threads.h>
#include <poolminer/user_path.h>

enum {
    TICK_MS = 250,
    PATIENCE_MS = 2000,
    ADMIN_WORDS_MAX = 8,
    CONNECTIONS_MAX = 2048,
    REQUESTS_MAX = 1024, /* in hand; they wait in line for the store, which no thread does */
    THREADS_MIN = 2,
    THREADS_MAX = 16, /* one for each processor, to verify signatures */
};

/* Whoever shortens epochs might wait an hour for the first payout and not know why. */
static bool tell_of_kept_epoch(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                               int64_t now_ms, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    if (!pm_ledger_epoch_seen(store, rules, now_ms, &epoch, error)) {
        return false;
    }
    const int64_t length_ms = epoch.end_ms - epoch.start_ms;
    if (length_ms != rules->epoch_ms) {
        pm_store_log(store, "POOL-EPOCH-KEPT",
                     "epoch %lld was begun with %lld s and ends in %lld s; --epoch-s %lld counts "
                     "from the next one on",
                     (long long)epoch.number, (long long)length_ms / 1000,
                     (long long)(epoch.end_ms - now_ms) / 1000, (long long)rules->epoch_ms / 1000);
    }
    return true;
}

/* Once, before anybody calls: what the store must hold for these rules. */
static enum pm_pool_outcome prepare(struct pm_pool_store *store, void *context,
                                    struct pm_error *error)
{
    const struct pm_pool *pool = context;
    int64_t now_ms = pm_clock_unix_ms();
    bool ok = pm_store_rules_adopt(store, &pool->rules, error) &&
              pm_population_add_seeds(store, now_ms, error) &&
              pm_ledger_agree_due(store, &pool->rules, now_ms, error) &&
              tell_of_kept_epoch(store, &pool->rules, now_ms, error);
    return ok ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

/* Epochs are settled and leases end on time also when nobody calls. */
static enum pm_pool_outcome tick(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    const struct pm_pool *pool = context;
    struct pm_pool_epoch epoch;
    int64_t now_ms = pm_clock_unix_ms(), expired = 0;
    if (!pm_ledger_epoch(store, &pool->rules, now_ms, &epoch, error) ||
        !pm_store_leases_expire(store, now_ms, pool->rules.quorum, &expired, error)) {
        return PM_POOL_FAILED;
    }
    if (expired) {
        pm_store_log(store, "POOL-LEASES-EXPIRED", "%lld leases ran out; their work goes to others",
                     (long long)expired);
    }
    return PM_POOL_COMMIT;
}

/* False with the error set: the store's rules are not this process's any more, or the disk has lost
 * what only a new process can write once more. */
static bool run_until_stopped(struct pm_pool *pool, struct pm_error *error)
{
    while (!pm_stop_requested()) {
        struct pm_error reason = {0};
        if (!pm_pool_store_run(pool->store, tick, pool, &reason)) {
            if (reason.code == PM_ERROR_REFUSED || pm_pool_store_is_lost(pool->store)) {
                *error = reason;
                return false;
            }
            atomic_fetch_add(&pool->metrics->store_failures, 1);
            pm_trouble_failed(pool->trouble, pm_clock_monotonic_ms(), "settling", reason.message);
        }
        pm_clock_sleep_ms(TICK_MS);
    }
    pm_log(PM_LOG_INFO, "POOL-STOPPED", "asked to stop");
    return true;
}

static int count_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < THREADS_MIN   ? THREADS_MIN
           : processors > THREADS_MAX ? THREADS_MAX
                                      : (int)processors;
}

static bool listen_and_serve(struct pm_pool *pool, const struct pm_options *options,
                             struct pm_error *error)
{
    const struct pm_http_server_config config = {
        .host = pm_options_text(options, "host"),
        .port = (int)pm_options_integer(options, "port"),
        .body_max = PM_POOL_BODY_MAX,
        .request_ms = pm_options_integer(options, "request-timeout-s") * 1000,
        .connections_max = CONNECTIONS_MAX,
        .requests_max = REQUESTS_MAX,
        .threads = count_threads(),
        .defers = true,
        .connections_per_address = (int)pm_options_integer(options, "connections-per-address"),
        .handler = pm_api_handle,
        .refused = pm_api_refused,
        .context = pool,
    };
    struct pm_http_server *server;
    if (!pm_http_server_create(&config, &server, error)) {
        return false;
    }
    int port = pm_http_server_port(server);
    bool ok = pm_program_ready(pm_options_text(options, "ready-file"), port, error);
    if (ok) {
        pm_log(PM_LOG_INFO, "POOL-LISTENING", "http://%s:%d quorum=%d epoch_s=%lld", config.host,
               port, pool->rules.quorum, (long long)pool->rules.epoch_ms / 1000);
        ok = run_until_stopped(pool, error);
    }
    pm_http_server_destroy(server);
    return ok;
}

static bool serve(struct pm_pool *pool, const struct pm_options *options, struct pm_error *error)
{
    if (!pm_pool_store_start(pool->store, error)) {
        return false;
    }
    bool ok = listen_and_serve(pool, options, error);
    pm_pool_store_stop(pool->store);
    return ok;
}

/* *out stays NULL without --relay-url. */
static bool start_relay(const struct pm_options *options, struct pm_pool_store *store,
                        struct pm_hotkey **hotkey, struct pm_relay **out, struct pm_error *error)
{
    const char *url = pm_options_text(options, "relay-url");
    const char *key_path = pm_options_text(options, "relay-hotkey");
    if (url == NULL) {
        return true;
    }
    if (key_path == NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "--relay-url: the relay wants signatures; name a key file with"
                       " --relay-hotkey");
    }
    if (!pm_hotkey_load(key_path, NULL, hotkey, error)) {
        return pm_fail_context(error, "--relay-hotkey");
    }
    const struct pm_relay_config config = {.url = url,
                                           .task_id = pm_options_text(options, "relay-task-id"),
                                           .hotkey = *hotkey,
                                           .store = store};
    return pm_relay_create(&config, out, error);
}

static bool serve_and_relay(struct pm_pool *pool, const struct pm_options *options,
                            struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    struct pm_relay *relay = NULL;
    bool ok =
        start_relay(options, pool->store, &hotkey, &relay, error) && serve(pool, options, error);
    pm_relay_destroy(relay);
    pm_hotkey_destroy(hotkey);
    return ok;
}

/* A process that has just been killed may be at work for a moment longer, until the database has
 * noticed. */
static bool prepare_patiently(struct pm_pool *pool, struct pm_error *error)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        struct pm_error reason = {0};
        if (pm_pool_store_run(pool->store, prepare, pool, &reason)) {
            return true;
        }
        if (reason.code != PM_ERROR_REFUSED || pm_clock_monotonic_ms() > until_ms ||
            pm_stop_requested()) {
            *error = reason;
            return false;
        }
        pm_clock_sleep_ms(TICK_MS);
    }
}

static bool run(const struct pm_options *options, struct pm_pool_store *store, const char *path,
                struct pm_error *error)
{
    struct pm_trouble trouble = PM_TROUBLE_NONE;
    struct pm_metrics metrics = {.request_ns = 0};
    struct pm_pool pool = {
        .rules = pm_settings_rules(options),
        .store = store,
        .trouble = &trouble,
        .metrics = &metrics,
        .requests_per_minute = (int)pm_options_integer(options, "requests-per-minute"),
        .dataset_fingerprint = pm_options_text(options, "dataset-fingerprint"),
        .suite = pm_options_text(options, "suite"),
    };
    char *token = NULL;
    if (!pm_settings_monitor_token(options, &token, error)) {
        return false;
    }
    pool.monitor_token = token;
    pool.rate_limit = pm_rate_limit_create(pool.requests_per_minute);
    bool ok = pool.rate_limit != NULL || pm_fail(error, PM_ERROR_MEMORY, "out of memory");
    ok = ok && prepare_patiently(&pool, error) &&
         pm_pool_store_open_reader(path, &pool.reader, error) &&
         serve_and_relay(&pool, options, error);
    pm_pool_store_close(pool.reader);
    pm_rate_limit_destroy(pool.rate_limit);
    free(token);
    return ok;
}

static size_t admin_words(const struct pm_options *options, const char *words[ADMIN_WORDS_MAX])
{
    size_t count = pm_options_positional_count(options) - 1;
    for (size_t i = 0; i < count; i++) {
        words[i] = pm_options_positional(options, i + 1);
    }
    return count;
}

/* A pool may be at work on the store: what only looks reads, so that the pool is not kept waiting
 * by a long export, and nothing brings the schema up to date. */
static bool administrate(const struct pm_options *options, const char *path, struct pm_error *error)
{
    struct pm_pool_store *store = NULL;
    const char *words[ADMIN_WORDS_MAX];
    size_t count = admin_words(options, words);
    bool ok = (pm_admin_decides(words, count) ? pm_pool_store_open_as_it_is(path, &store, error)
                                              : pm_pool_store_open_reader(path, &store, error)) &&
              pm_admin_run(store, words, count, stdout, error);
    pm_pool_store_close(store);
    return ok;
}

static bool open_and_serve(const struct pm_options *options, const char *path,
                           struct pm_error *error)
{
    struct pm_pool_store *store = NULL;
    bool ok = pm_pool_store_open(path, &store, error) && run(options, store, path, error);
    pm_pool_store_close(store);
    return ok;
}

/* SQLite would take these for a database that ends with the program. */
static bool check_durable(const char *store, struct pm_error *error)
{
    if (store == NULL || (store[0] != '\0' && strcmp(store, ":memory:") != 0)) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "--store \"%s\" would forget what miners have earned; name a file, or leave the"
                   " option out for ~/.local/state/poolminer/pool.db",
                   store);
}

/* Where the store is: a file, whose directory is made, or PostgreSQL's URL. */
static char *locate_store(const struct pm_options *options, struct pm_error *error)
{
    const char *name = pm_options_text(options, "store");
    if (!check_durable(name, error)) {
        return NULL;
    }
    if (name == NULL || !pm_sql_is_postgres(name)) {
        return pm_user_store(name, "pool.db", error);
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory");
    }
    return copy;
}

/* Opens the store and does what was asked for with it. */
static bool open_and_run(const struct pm_options *options, struct pm_error *error)
{
    const char *words[ADMIN_WORDS_MAX];
    bool admin = pm_options_positional_count(options) > 0;
    if (admin && !pm_admin_check(words, admin_words(options, words), error)) {
        return false;
    }
    if (!admin && !pm_settings_check(options, error)) {
        return false;
    }
    char *path = locate_store(options, error);
    bool ok = path != NULL;
    if (ok && admin && !pm_sql_is_postgres(path) && access(path, F_OK) != 0) {
        ok = pm_fail(error, PM_ERROR_NOT_FOUND, "%s: no pool has its store here", path);
    }
    ok = ok && (admin ? administrate(options, path, error) : open_and_serve(options, path, error));
    free(path);
    return ok;
}

/* The pool runs without words; with them the operator asks about, or decides on, its store. */
static int run_with(struct pm_options *options, int argc, char *argv[])
{
    static const struct pm_program program = {
        .name = "poolminer-pool",
        .log_name = "pool",
        .usage = "poolminer-pool [OPTION]...\n"
                 "       poolminer-pool admin payouts list|approve ID|reject ID [--store FILE]\n"
                 "       poolminer-pool admin miners|epochs|algorithms [--store FILE]\n"
                 "       poolminer-pool admin export TABLE csv|json [--store FILE]",
        .purpose = "Runs a pool: hands out work, finds consensus, pays by the epoch.",
        .positional_max = 1 + ADMIN_WORDS_MAX,
    };
    struct pm_error error = {0};
    int status;
    if (!pm_program_start(&program, options, argc, argv, &status)) {
        return status;
    }
    bool admin = pm_options_positional_count(options) > 0;
    if (admin && strcmp(pm_options_positional(options, 0), "admin") != 0) {
        fprintf(stderr, "poolminer-pool: unexpected argument \"%.100s\"\n",
                pm_options_positional(options, 0));
        return PM_EXIT_USAGE;
    }
    if (open_and_run(options, &error)) {
        return EXIT_SUCCESS;
    }
    if (!admin) {
        pm_log(PM_LOG_ERROR, "POOL-FAILED", "%s", error.message);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "poolminer-pool: %s\n", error.message);
    return error.code == PM_ERROR_INVALID ? PM_EXIT_USAGE : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    pm_threads_keep_heap();
    if (sodium_init() < 0) {
        fprintf(stderr, "poolminer-pool: libsodium cannot start\n");
        return EXIT_FAILURE;
    }
    struct pm_options *options = pm_settings_create();
    if (options == NULL) {
        fprintf(stderr, "poolminer-pool: out of memory\n");
        return EXIT_FAILURE;
    }
    int status = run_with(options, argc, argv);
    pm_options_destroy(options);
    return pm_program_leave("poolminer-pool", status);
}
