#include "algorithm/suite_cache.h"
#include "algorithm/suite_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/user_path.h>

/* A suite is kept as one file, named by a hash of all that decides what its tasks are. Files are
 * written beside their place and renamed, and nobody may write to them after that, so processes
 * share the pages of what they have mapped, and go on using it while another one replaces it. */

enum {
    TASKS_REVISION = 1, /* one more whenever the same dataset makes other tasks */
    IDENTITY_SHOWN = 8, /* bytes in a file's name */
    FILE_MODE = 0444,
    WRITABLE = 0222,
    DIRECTORY_MODE = 0755,
};

/* What is to be had, and where it is kept. */
struct keeper {
    const struct pm_suite_plan *plan;
    const struct pm_dataset *dataset;
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    uint8_t identity[PM_SUITE_IDENTITY_SIZE];
    char *directory, *path; /* NULL: there is no place to keep it */
};

static void add_number(crypto_generichash_blake2b_state *hash, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
    crypto_generichash_blake2b_update(hash, bytes, sizeof bytes);
}

static void identify(struct keeper *keeper)
{
    const struct pm_suite_plan *plan = keeper->plan;
    crypto_generichash_blake2b_state hash;
    crypto_generichash_blake2b_init(&hash, NULL, 0, sizeof keeper->identity);
    add_number(&hash, TASKS_REVISION);
    crypto_generichash_blake2b_update(&hash, (const uint8_t *)keeper->fingerprint,
                                      sizeof keeper->fingerprint);
    add_number(&hash, (uint64_t)pm_task_family_of(keeper->dataset));
    add_number(&hash, (uint64_t)plan->edition);
    add_number(&hash, (uint64_t)plan->input_dim);
    add_number(&hash, plan->count);
    for (size_t i = 0; i < plan->count; i++) {
        add_number(&hash, plan->ids[i]);
    }
    crypto_generichash_blake2b_final(&hash, keeper->identity, sizeof keeper->identity);
}

/* A user without a cache directory keeps nothing. */
static void find_place(struct keeper *keeper)
{
    char name[2 * IDENTITY_SHOWN + 1];
    sodium_bin2hex(name, sizeof name, keeper->identity, IDENTITY_SHOWN);
    if (!pm_user_path("XDG_CACHE_HOME", ".cache", "suites", &keeper->directory, NULL)) {
        keeper->directory = NULL;
        return;
    }
    if (asprintf(&keeper->path, "%s/%s-%d-%s.tasks", keeper->directory,
                 pm_suite_edition_name(keeper->plan->edition), keeper->plan->input_dim, name) < 0) {
        keeper->path = NULL;
    }
}

/* ---- opening ---- */

/* Reads `size` bytes of a file into pages of their own; NULL when it has fewer. */
static void *read_pages(int file, size_t size)
{
    unsigned char *pages =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    size_t had = 0;
    ssize_t count = 1;
    while (had < size && count > 0) {
        count = read(file, pages + had, size - had);
        had += count > 0 ? (size_t)count : 0;
    }
    if (had < size || mprotect(pages, size, PROT_READ) != 0) {
        munmap(pages, size);
        return NULL;
    }
    return pages;
}

/* File systems of other machines, where a file may vanish under a mapping. */
static bool is_remote(int file)
{
    struct statfs system;
    if (fstatfs(file, &system) != 0) {
        return true;
    }
    switch ((uint32_t)system.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case V9FS_MAGIC:
    case FUSE_SUPER_MAGIC:
        return true;
    default:
        return false;
    }
}

static void *map_pages(int file, size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    return pages != MAP_FAILED ? pages : NULL;
}

/* The file's bytes, to be unmapped; NULL if there is no file that can be a suite's. One that could
 * be cut short while it is in use, which would end the process, is copied. */
static void *open_pages(const char *path, size_t *size)
{
    struct stat status;
    void *pages = NULL;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return NULL;
    }
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
        status.st_size <= PM_SUITE_FILE_MAX) {
        *size = (size_t)status.st_size;
        const bool lasting = (status.st_mode & WRITABLE) == 0 && !is_remote(file);
        pages = lasting ? map_pages(file, *size) : read_pages(file, *size);
    }
    close(file);
    return pages;
}

static bool open_kept(const struct keeper *keeper, struct pm_suite **out)
{
    struct pm_error error = {0};
    size_t size = 0;
    void *pages = keeper->path != NULL ? open_pages(keeper->path, &size) : NULL;
    if (pages == NULL) {
        return false;
    }
    if (!pm_suite_file_read(pages, size, keeper->plan, keeper->identity, out, &error)) {
        pm_log(PM_LOG_WARN, "SUITE-CACHE-DAMAGED", "%s is not used, and written anew: %s",
               keeper->path, error.message);
        munmap(pages, size);
        return false;
    }
    utimensat(AT_FDCWD, keeper->path, NULL, 0); /* used now: the last to be given up */
    (*out)->mapping = pages;
    (*out)->mapping_bytes = size;
    memcpy((*out)->fingerprint, keeper->fingerprint, sizeof keeper->fingerprint);
    return true;
}

/* ---- keeping ---- */

static bool write_file(const struct keeper *keeper, const struct pm_suite *suite,
                       struct pm_error *error)
{
    void *bytes = NULL;
    size_t size;
    const bool written = pm_suite_file_write(suite, keeper->identity, &bytes, &size, error) &&
                         pm_file_make_directories(keeper->directory, DIRECTORY_MODE, error) &&
                         pm_file_write_atomic(keeper->path, bytes, size, FILE_MODE, true, error);
    free(bytes);
    return written;
}

static void keep(const struct keeper *keeper, const struct pm_suite *suite)
{
    struct pm_error error = {0};
    if (keeper->path == NULL) {
        return;
    }
    if (write_file(keeper, suite, &error)) {
        pm_suite_cache_trim(keeper->directory, PM_SUITE_CACHE_MAX);
    } else {
        pm_log(PM_LOG_DEBUG, "SUITE-CACHE-UNWRITTEN", "prepared tasks are not kept: %s",
               error.message);
    }
}

static bool get(const struct pm_suite_plan *plan, const struct pm_dataset *dataset,
                const struct pm_until *until, struct pm_suite **out, struct pm_error *error)
{
    struct keeper keeper = {.plan = plan, .dataset = dataset};
    if (!pm_dataset_fingerprint(dataset, pm_suite_edition_records(plan->edition),
                                keeper.fingerprint, error)) {
        return false;
    }
    identify(&keeper);
    find_place(&keeper);
    bool got = open_kept(&keeper, out);
    if (!got && pm_suite_plan_build(plan, dataset, keeper.fingerprint, until, out, error)) {
        keep(&keeper, *out);
        got = true;
    }
    free(keeper.directory);
    free(keeper.path);
    return got;
}

bool pm_suite_evaluation_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                              int input_dim, size_t task_limit, const struct pm_until *until,
                              struct pm_suite **out, struct pm_error *error)
{
    struct pm_suite_plan plan;
    return pm_suite_plan_evaluation(dataset, edition, input_dim, task_limit, &plan, error) &&
           get(&plan, dataset, until, out, error);
}

bool pm_suite_search_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                          int input_dim, uint64_t seed, size_t task_limit,
                          const struct pm_until *until, struct pm_suite **out,
                          struct pm_error *error)
{
    struct pm_suite_plan plan;
    return pm_suite_plan_search(edition, input_dim, seed, task_limit, &plan, error) &&
           get(&plan, dataset, until, out, error);
}
