#include "bench/pool_books.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/process.h>

enum { EXPORT_MS = 120000, EXPORT_MAX = 1024 * 1024 * 1024 };

static bool export(const char *program, const char *store, const char *table, const char *path,
                   struct pm_error *error)
{
    const char *arguments[] = {program,   "admin", "export",      table,  "csv",
                               "--store", store,   "--log-level", "warn", NULL};
    const struct pm_process_config config = {
        .arguments = arguments, .stdout_path = path, .no_settings = true};
    pid_t pid;
    int status = -1;
    unlink(path);
    if (!pm_process_start(&config, &pid, error)) {
        return false;
    }
    if (!pm_process_wait(pid, EXPORT_MS, &status)) {
        pm_process_stop(pid, 0);
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           pm_fail(error, PM_ERROR_IO, "exporting the pool's %s failed; it says why above", table);
}

/* The cell of a line that the heading calls `name`; none of our columns has a comma in it. */
static const char *cell(const char *heading, const char *line, const char *name)
{
    const size_t length = strlen(name);
    while (strncmp(heading, name, length) != 0 || strchr(",\r\n", heading[length]) == NULL) {
        heading += strcspn(heading, ",\n");
        line += strcspn(line, ",\n");
        if (*heading != ',' || *line != ',') {
            return "0";
        }
        heading++;
        line++;
    }
    return line;
}

/* A sum over a table. */
struct sum {
    const char *name; /* of the column; NULL: rows are counted */
    double unit;      /* how many of what is summed make one of the column's */
    int64_t *out;
};

static bool add_up(const char *program, const char *store, const char *directory, const char *table,
                   const struct sum *sums, size_t count, struct pm_error *error)
{
    char *path = pm_path_join(directory, table, "", error), *text = NULL;
    size_t length;
    bool good = path != NULL && export(program, store, table, path, error) &&
                pm_file_read(path, EXPORT_MAX, &text, &length, error);
    const char *line = good ? strchr(text, '\n') : NULL;
    for (; line != NULL && line[1] != '\0'; line = strchr(line, '\n')) {
        line++;
        for (size_t i = 0; i < count; i++) {
            *sums[i].out +=
                sums[i].name == NULL
                    ? 1
                    : llround(strtod(cell(text, line, sums[i].name), NULL) * sums[i].unit);
        }
    }
    free(text);
    free(path);
    return good;
}

bool bench_books_read(const char *store, const char *directory, struct bench_books *out,
                      struct pm_error *error)
{
    *out = (struct bench_books){0};
    const struct sum of_evaluations[] = {{NULL, 1, &out->evaluations}};
    const struct sum of_rewards[] = {{"reputation", 1e6, &out->rewards}};
    const struct sum of_miners[] = {{"evaluations_submitted", 1, &out->evaluations_submitted},
                                    {"evolutions_submitted", 1, &out->evolutions_submitted},
                                    {"reputation", 1e6, &out->reputation}};
    char *program = pm_process_sibling("poolminer-pool", error);
    bool good = program != NULL &&
                add_up(program, store, directory, "evaluations", of_evaluations, 1, error) &&
                add_up(program, store, directory, "rewards", of_rewards, 1, error) &&
                add_up(program, store, directory, "miners", of_miners, 3, error);
    free(program);
    return good;
}

int64_t bench_books_lost(const struct bench_books *before, const struct bench_books *after,
                         int64_t evaluations, int64_t evolutions)
{
    return llabs(after->evaluations - before->evaluations - evaluations) +
           llabs(after->evaluations_submitted - before->evaluations_submitted - evaluations) +
           llabs(after->evolutions_submitted - before->evolutions_submitted - evolutions) +
           llabs(after->rewards - after->reputation);
}
