/* poolminer-driver: leases work from a pool, has workers compute it, submits the results. */
#include "driver/coordinator.h"
#include "driver/endpoints.h"
#include "driver/key_lock.h"
#include "driver/queue_binding.h"
#include "driver/report.h"
#include "driver/settings.h"

#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/json_wipe.h>
#include <poolminer/locked_memory.h>
#include <poolminer/log.h>
#include <poolminer/log_forward.h>
#include <poolminer/password.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

/* ---- the key ---- */

static bool make_hotkey(const char *path, struct pm_hotkey **out, struct pm_error *error)
{
    char *copy = strdup(path); /* dirname writes into its argument */
    if (copy == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    }
    bool done = pm_file_make_directories(dirname(copy), 0700, error) &&
                pm_hotkey_generate(out, NULL, error);
    free(copy);
    if (!done) {
        return false;
    }
    if (!pm_hotkey_save(*out, path, error)) {
        pm_hotkey_destroy(*out);
        *out = NULL; /* another driver's key may be loaded in its place, or none */
        return false;
    }
    pm_log(PM_LOG_INFO, "DRIVER-HOTKEY-NEW", "%s: a new key was made; keep a copy of this file",
           path);
    return true;
}

static bool load_hotkey(const struct pm_options *options, const char *path, bool may_make,
                        struct pm_hotkey **out, struct pm_error *error)
{
    int password_fd = (int)pm_options_integer(options, "password-fd");
    const struct pm_password_source passwords = pm_password_source(&password_fd);
    if (pm_hotkey_load(path, &passwords, out, error)) {
        return true;
    }
    if (error->code != PM_ERROR_NOT_FOUND || !may_make) {
        return false;
    }
    struct pm_error made_just_now = {0};
    return make_hotkey(path, out, error) ||
           /* another driver may have made it just now; if not, the first error says why */
           (error->code == PM_ERROR_REFUSED &&
            pm_hotkey_load(path, &passwords, out, &made_just_now));
}

/* ---- the world ---- */

static int64_t now_ms(void *context)
{
    (void)context;
    return pm_clock_unix_ms();
}

static void wait_ms(void *context, int64_t duration_ms)
{
    (void)context;
    pm_clock_sleep_ms(duration_ms);
}

static uint32_t random_number(void *context)
{
    (void)context;
    return randombytes_random();
}

/* ---- the parts together ---- */

static size_t pool_urls(const struct pm_options *options, const char *urls[PM_ENDPOINTS_MAX + 1])
{
    size_t count = pm_options_repeat_count(options, "pool-url");
    for (size_t i = 0; i < count && i <= PM_ENDPOINTS_MAX; i++) {
        urls[i] = pm_options_repeat(options, "pool-url", i);
    }
    return count;
}

static bool mine(const struct pm_options *options, const struct pm_driver_settings *settings,
                 const struct pm_hotkey *hotkey, struct pm_error *error)
{
    char name[PM_PROGRAM_CLIENT_NAME_SIZE];
    struct pm_queue_binding *binding = NULL;
    const char *const *sidecar_urls = pm_options_list(options, "sidecar-url");
    const char *urls[PM_ENDPOINTS_MAX + 1] = {NULL}; /* one too many: the client says so */
    const struct pm_pool_client_config pool = {
        .pool_urls = urls,
        .pool_url_count = pool_urls(options, urls),
        .probe_every_ms = (int64_t)(1000 * pm_options_number(options, "probe-s")),
        .hotkey = hotkey,
        .stop = pm_stop_flag()};
    struct pm_driver driver = {
        .settings = *settings,
        .host = {.now_ms = now_ms, .wait_ms = wait_ms, .random = random_number},
        .stop = pm_stop_flag(),
        .address = pm_hotkey_address(hotkey)};
    pm_program_client_name("driver", name);
    pm_driver_account(driver.address, urls[0], driver.account);
    if (!pm_pool_client_create(&pool, &driver.pool, error)) {
        return false;
    }
    if (pm_options_flag(options, "report")) {
        bool reported = pm_report_only(&driver, error);
        pm_pool_client_destroy(driver.pool);
        return reported;
    }
    bool done = pm_queue_binding_create(sidecar_urls, pm_options_text(options, "key-file"), name,
                                        pm_stop_flag(), &binding, error);
    if (done) {
        driver.queue = pm_queue_binding_queue(binding);
        pm_log(PM_LOG_INFO, "DRIVER-START", "hotkey=%s pool=%s sidecar=%s run=%s", driver.address,
               urls[0], sidecar_urls[0], driver.settings.run_id);
        done = pm_coordinator_run(&driver, error);
    }
    pm_queue_binding_destroy(binding);
    pm_pool_client_destroy(driver.pool);
    return done;
}

static void warn_of_swap(void)
{
    struct pm_error error = {0};
    if (!pm_locked_memory_check(&error)) {
        pm_log(PM_LOG_WARN, "DRIVER-KEY-UNLOCKED", "%s", error.message);
    }
}

static bool run(const struct pm_options *options, const struct pm_driver_settings *settings,
                struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    int lock = -1;
    bool only_looks = pm_options_flag(options, "report");
    bool may_make = false;
    char *path = pm_driver_hotkey_path(options, &may_make, error);
    if (!only_looks) {
        warn_of_swap();
    }
    bool done = path != NULL && load_hotkey(options, path, may_make, &hotkey, error) &&
                (only_looks || pm_key_lock(path, &lock, error)) &&
                mine(options, settings, hotkey, error);
    free(path);
    pm_hotkey_destroy(hotkey);
    if (lock >= 0) {
        close(lock);
    }
    return done;
}

/* What the sidecar shows of the log. */
static struct pm_log_forward *forward_log(const struct pm_options *options)
{
    const struct pm_log_forward_config config = {.sidecar_urls =
                                                     pm_options_list(options, "sidecar-url"),
                                                 .key_file = pm_options_text(options, "key-file"),
                                                 .program = "driver"};
    return pm_options_flag(options, "report") ? NULL : pm_log_forward_create(&config);
}

/* The exit status. */
static int run_and_tell(const struct pm_options *options, const struct pm_driver_settings *settings)
{
    struct pm_error error = {0};
    if (!run(options, settings, &error)) {
        pm_log(PM_LOG_ERROR, "DRIVER-FAILED", "%s", error.message);
        return error.code == PM_ERROR_INVALID ? PM_EXIT_USAGE : EXIT_FAILURE;
    }
    pm_log(PM_LOG_INFO, "DRIVER-END", pm_stop_requested() ? "asked to stop" : "duration is over");
    return EXIT_SUCCESS;
}

static int run_with(struct pm_options *options, int argc, char *argv[])
{
    static const struct pm_program program = {
        .name = "poolminer-driver",
        .log_name = "driver",
        .usage = "poolminer-driver [OPTION]...",
        .purpose = "Leases work from a pool, has the sidecar's workers compute it and submits the "
                   "results. Holds the miner's key.",
    };
    struct pm_error error = {0};
    struct pm_driver_settings settings;
    int status;
    if (!pm_program_start(&program, options, argc, argv, &status)) {
        return status;
    }
    if (!pm_driver_settings_read(options, &settings, &error)) {
        fprintf(stderr, "poolminer-driver: %s\n", error.message);
        return PM_EXIT_USAGE;
    }
    struct pm_log_forward *forward = forward_log(options);
    status = run_and_tell(options, &settings);
    pm_log_forward_destroy(forward);
    return status;
}

int main(int argc, char *argv[])
{
    pm_program_forbid_core_dumps();
    pm_json_wipe_freed();
    struct pm_options *options = pm_driver_options_create();
    if (options == NULL || sodium_init() < 0) {
        fputs("poolminer-driver: no memory or no source of random numbers\n", stderr);
        return EXIT_FAILURE;
    }
    int status = run_with(options, argc, argv);
    pm_options_destroy(options);
    return pm_program_leave("poolminer-driver", status);
}
