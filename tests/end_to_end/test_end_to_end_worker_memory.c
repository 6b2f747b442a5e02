/* A worker as people start it, with the tasks that they compute: how much memory it takes, and that
 * one that starts again maps the tasks that the first has kept. */
#include "cmocka_include.h"
#include "process_memory.h"
#include "worker_bench.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MEMORY_MAX_MIB = 150, FILES_MAX = 8 };

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

static bool is_mapped(pid_t pid, const char *file)
{
    char path[64], line[512];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        found |= strstr(line, file) != NULL;
    }
    fclose(maps);
    return found;
}

static void assert_mapped(pid_t pid, const struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (!is_mapped(pid, kept->paths[i])) {
            fail_msg("%s is not mapped", kept->paths[i]);
        }
    }
}

static void it_is_small_and_maps_what_is_kept(void **state)
{
    struct worker_bench *bench = *state;
    struct kept kept, after;
    setenv("XDG_CACHE_HOME", place_file(&bench->place, "cache"), 1); /* empty, and nobody else's */
    const pid_t first = start_worker(bench, "first");
    char *expected = evolve(bench, "one");
    expect_memory_below(first, "VmHWM:", MEMORY_MAX_MIB);
    worker_bench_leave(bench, "first", first, SIGTERM);
    list_kept(bench, &kept);
    assert_true(kept.count >= 2);
    const pid_t second = start_worker(bench, "second");
    char *result = evolve(bench, "two");
    expect_memory_below(second, "VmHWM:", MEMORY_MAX_MIB);
    assert_mapped(second, &kept);
    worker_bench_leave(bench, "second", second, SIGTERM);
    list_kept(bench, &after);
    assert_string_equal(result, expected);
    assert_int_equal(after.count, kept.count);
    assert_memory_equal(after.numbers, kept.numbers, sizeof kept.numbers);
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
