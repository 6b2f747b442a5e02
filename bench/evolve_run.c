#include "bench/evolve_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

enum { LOG_BYTES_MAX = 16 << 20, ROW_BYTES_MAX = 4096 };

bool bench_evolve_same_case(const struct bench_evolve_case *a, const struct bench_evolve_case *b)
{
    return strcmp(a->engine, b->engine) == 0 && strcmp(a->start, b->start) == 0 &&
           strcmp(a->profile, b->profile) == 0 && strcmp(a->dataset, b->dataset) == 0 &&
           a->seed == b->seed && a->generations == b->generations &&
           a->population == b->population && a->cpu_seconds == b->cpu_seconds &&
           a->idioms == b->idioms;
}

/* ---- one row ---- */

cJSON *bench_evolve_run_write(const struct bench_evolve_run *run)
{
    const struct bench_evolve_case *of = &run->of;
    const struct {
        const char *name, *text;
    } texts[] = {{"row", "run"},
                 {"engine", of->engine},
                 {"start", of->start},
                 {"profile", of->profile},
                 {"dataset", of->dataset}};
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"seed", (double)of->seed},
        {"max_generations", (double)of->generations},
        {"population", (double)of->population},
        {"max_cpu_seconds", of->cpu_seconds},
        {"idioms", of->idioms},
        {"score", run->score},
        {"search_score", run->search_score},
        {"candidates", (double)run->candidates},
        {"generations", (double)run->generations},
        {"seconds", run->seconds},
        {"cpu_seconds", run->cpu_seconds},
        {"instructions", (double)run->instructions},
    };
    cJSON *object = cJSON_CreateObject();
    bool done = object != NULL;
    for (size_t i = 0; done && i < sizeof texts / sizeof *texts; i++) {
        done = pm_json_add_string(object, texts[i].name, texts[i].text);
    }
    for (size_t i = 0; done && i < sizeof numbers / sizeof *numbers; i++) {
        done = pm_json_add_number(object, numbers[i].name, numbers[i].value);
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static bool read_name(const cJSON *object, const char *key, char out[BENCH_NAME_SIZE],
                      struct pm_error *error)
{
    const char *text;
    if (!pm_json_string(object, key, &text, error)) {
        return false;
    }
    if (strlen(text) >= BENCH_NAME_SIZE) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: longer than %d bytes", key, BENCH_NAME_SIZE - 1);
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

bool bench_evolve_run_read(const cJSON *object, struct bench_evolve_run *out,
                           struct pm_error *error)
{
    struct bench_evolve_case *of = &out->of;
    *out = (struct bench_evolve_run){.score = 0.0};
    return read_name(object, "engine", of->engine, error) &&
           read_name(object, "start", of->start, error) &&
           read_name(object, "profile", of->profile, error) &&
           read_name(object, "dataset", of->dataset, error) &&
           pm_json_integer(object, "seed", &of->seed, error) &&
           pm_json_integer(object, "max_generations", &of->generations, error) &&
           pm_json_integer(object, "population", &of->population, error) &&
           pm_json_number(object, "max_cpu_seconds", &of->cpu_seconds, error) &&
           pm_json_number(object, "idioms", &of->idioms, error) &&
           pm_json_number(object, "score", &out->score, error) &&
           pm_json_number(object, "search_score", &out->search_score, error) &&
           pm_json_integer(object, "candidates", &out->candidates, error) &&
           pm_json_integer(object, "generations", &out->generations, error) &&
           pm_json_number(object, "seconds", &out->seconds, error) &&
           pm_json_number(object, "cpu_seconds", &out->cpu_seconds, error) &&
           pm_json_integer(object, "instructions", &out->instructions, error);
}

/* ---- the log ---- */

static bool add(struct bench_evolve_log *log, const struct bench_evolve_run *run,
                struct pm_error *error)
{
    struct bench_evolve_run *grown = reallocarray(log->runs, log->count + 1, sizeof *grown);
    if (grown == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark's log");
    }
    log->runs = grown;
    log->runs[log->count++] = *run;
    return true;
}

/* False when memory is out; a line that is no run, such as one that a kill cut short, costs no more
 * than doing that run again. */
static bool read_line(struct bench_evolve_log *log, const char *line, size_t length,
                      struct pm_error *error)
{
    struct bench_evolve_run run;
    cJSON *object = NULL;
    const bool is_run = pm_json_parse(line, length, ROW_BYTES_MAX, &object, NULL) &&
                        bench_evolve_run_read(object, &run, NULL);
    cJSON_Delete(object);
    return !is_run || add(log, &run, error);
}

bool bench_evolve_log_read(const char *path, struct bench_evolve_log *out, struct pm_error *error)
{
    struct pm_error reason = {0};
    char *text = NULL;
    size_t length = 0;
    *out = (struct bench_evolve_log){.count = 0};
    if (!pm_file_read(path, LOG_BYTES_MAX, &text, &length, &reason)) {
        if (reason.code == PM_ERROR_NOT_FOUND) {
            return true;
        }
        return pm_fail(error, reason.code, "%s", reason.message);
    }
    bool done = true;
    const char *line = text, *end;
    while (done && (end = strchr(line, '\n')) != NULL) {
        done = read_line(out, line, (size_t)(end - line), error);
        line = end + 1;
    }
    free(text);
    if (!done) {
        bench_evolve_log_clear(out);
    }
    return done;
}

const struct bench_evolve_run *bench_evolve_log_find(const struct bench_evolve_log *log,
                                                     const struct bench_evolve_case *of)
{
    for (size_t i = 0; i < log->count; i++) {
        if (bench_evolve_same_case(&log->runs[i].of, of)) {
            return &log->runs[i];
        }
    }
    return NULL;
}

void bench_evolve_log_clear(struct bench_evolve_log *log)
{
    free(log->runs);
    *log = (struct bench_evolve_log){.count = 0};
}

/* Whether the last line is one that a kill cut short. */
static bool lacks_end(FILE *file)
{
    return fseek(file, -1, SEEK_END) == 0 && fgetc(file) != '\n';
}

bool bench_evolve_log_append(const char *path, const struct bench_evolve_run *run,
                             struct pm_error *error)
{
    cJSON *object = bench_evolve_run_write(run);
    char *text = NULL;
    if (object == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark's log");
    }
    text = pm_json_print(object, error);
    cJSON_Delete(object);
    if (text == NULL) {
        return false;
    }
    FILE *file = fopen(path, "a+");
    bool done = file != NULL && fprintf(file, "%s%s\n", lacks_end(file) ? "\n" : "", text) > 0;
    if (file != NULL) {
        done = fclose(file) == 0 && done;
    }
    free(text);
    return done || pm_fail(error, PM_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
}
