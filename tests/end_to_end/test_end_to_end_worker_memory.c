/* A worker as people start it, with the tasks that they compute: how much memory it takes, and that
 * one that starts again maps the tasks that the first has kept. */
#include "cmocka_include.h"
#include "worker_bench.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/file.h>

enum { MEMORY_MAX_KIB = 150 * 1024, FILES_MAX = 8 };

static pid_t start_worker(struct worker_bench *bench, const char *label)
{
    return START(&bench->place, label, "poolminer-worker", "--sidecar-url", bench->url, "--run-id",
                 "run", "--threads", "2", "--name", label, "--nice", "0");
}

/* Both suites are used: the search's, and that of evaluations for what it found. */
static char *evolve(struct worker_bench *bench, const char *key)
{
    worker_bench_put_evolution(bench, key, 5);
    return worker_bench_result(bench, key);
}

static char *read_process(pid_t pid, const char *file)
{
    char path[64], *text;
    size_t length;
    struct pm_error error = {0};
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    if (!pm_file_read(path, 1 << 20, &text, &length, &error)) {
        fail_msg("%s", error.message);
    }
    return text;
}

static long peak_kib(pid_t pid)
{
    char *status = read_process(pid, "status");
    const char *line = strstr(status, "VmHWM:");
    assert_non_null(line);
    const long kib = strtol(line + strlen("VmHWM:"), NULL, 10);
    free(status);
    assert_true(kib > 0);
    return kib;
}

/* What is kept, each file by its number, which another file in its place would not have. */
struct kept {
    size_t count;
    ino_t numbers[FILES_MAX];
    char paths[FILES_MAX][320];
};

static int compare(const void *left, const void *right)
{
    const ino_t a = *(const ino_t *)left, b = *(const ino_t *)right;
    return (a > b) - (a < b);
}

static void list_kept(const struct worker_bench *bench, struct kept *out)
{
    const char *directory = place_file(&bench->place, "cache/poolminer/suites");
    DIR *listing = opendir(directory);
    assert_non_null(listing);
    *out = (struct kept){0};
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        struct stat status;
        if (strstr(entry->d_name, ".tasks") != NULL) {
            assert_in_range(out->count, 0, FILES_MAX - 1);
            snprintf(out->paths[out->count], sizeof *out->paths, "%s/%s", directory, entry->d_name);
            assert_int_equal(stat(out->paths[out->count], &status), 0);
            out->numbers[out->count++] = status.st_ino;
        }
    }
    closedir(listing);
    qsort(out->numbers, out->count, sizeof *out->numbers, compare);
}

static void assert_mapped(pid_t pid, const struct kept *kept)
{
    char *maps = read_process(pid, "maps");
    for (size_t i = 0; i < kept->count; i++) {
        if (strstr(maps, kept->paths[i]) == NULL) {
            fail_msg("%s is not mapped", kept->paths[i]);
        }
    }
    free(maps);
}

static void it_is_small_and_maps_what_is_kept(void **state)
{
    struct worker_bench *bench = *state;
    struct kept kept, after;
    setenv("XDG_CACHE_HOME", place_file(&bench->place, "cache"), 1); /* empty, and nobody else's */
    const pid_t first = start_worker(bench, "first");
    char *expected = evolve(bench, "one");
    const long built_kib = peak_kib(first);
    worker_bench_leave(bench, "first", first, SIGTERM);
    list_kept(bench, &kept);
    assert_true(kept.count >= 2);
    const pid_t second = start_worker(bench, "second");
    char *result = evolve(bench, "two");
    const long mapped_kib = peak_kib(second);
    assert_mapped(second, &kept);
    worker_bench_leave(bench, "second", second, SIGTERM);
    list_kept(bench, &after);
    assert_string_equal(result, expected);
    assert_int_equal(after.count, kept.count);
    assert_memory_equal(after.numbers, kept.numbers, sizeof kept.numbers);
#ifndef __SANITIZE_ADDRESS__ /* which takes much itself */
    assert_in_range(built_kib, 0, MEMORY_MAX_KIB);
    assert_in_range(mapped_kib, 0, MEMORY_MAX_KIB);
#else
    (void)built_kib;
    (void)mapped_kib;
#endif
    free(expected);
    free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_small_and_maps_what_is_kept, worker_bench_set_up,
                                        worker_bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
