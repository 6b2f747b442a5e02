#include "cli/evolve_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

static bool fail_log(const struct evolve_trace *trace, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_IO, "%s: cannot be written: %s", trace->log_path,
                   strerror(errno));
}

bool evolve_trace_open(struct evolve_trace *trace, const char *log_path, struct pm_error *error)
{
    *trace = (struct evolve_trace){.log_path = log_path};
    if (log_path == NULL) {
        return true;
    }
    trace->log = fopen(log_path, "w");
    return trace->log != NULL || fail_log(trace, error);
}

static bool keep(struct evolve_trace *trace, const struct pm_evolution_progress *progress,
                 struct pm_error *error)
{
    if (trace->count == trace->capacity) {
        const size_t capacity = 2 * trace->capacity + 64;
        struct pm_evolution_progress *grown = reallocarray(trace->points, capacity, sizeof *grown);
        if (grown == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "the course of the evolution: out of memory");
        }
        trace->points = grown;
        trace->capacity = capacity;
    }
    trace->points[trace->count++] = *progress;
    return true;
}

static cJSON *describe(const struct pm_evolution_progress *progress)
{
    const struct {
        const char *name;
        double value;
    } members[] = {
        {"generation", progress->generation},
        {"generations", progress->generations},
        {"best", progress->best},
        {"mean", progress->mean},
        {"candidates", (double)progress->candidates},
        {"cache_hits", (double)progress->cache_hits},
        {"hopeless", (double)progress->hopeless},
        {"candidates_per_second",
         progress->seconds > 0 ? (double)progress->candidates / progress->seconds : 0.0},
        {"seconds", progress->seconds},
    };
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; object != NULL && i < sizeof members / sizeof *members; i++) {
        if (!pm_json_add_number(object, members[i].name, members[i].value)) {
            cJSON_Delete(object);
            object = NULL;
        }
    }
    return object;
}

bool evolve_trace_add(struct evolve_trace *trace, const struct pm_evolution_progress *progress,
                      struct pm_error *error)
{
    if (!keep(trace, progress, error)) {
        return false;
    }
    if (trace->log == NULL) {
        return true;
    }
    cJSON *object = describe(progress);
    char *text = NULL;
    if (object == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "the course of the evolution: out of memory");
    } else {
        text = pm_json_print(object, error);
    }
    cJSON_Delete(object);
    if (text == NULL) {
        return false;
    }
    const bool written = fprintf(trace->log, "%s\n", text) > 0 && fflush(trace->log) == 0;
    free(text);
    if (!written) {
        fail_log(trace, error);
        fclose(trace->log);
        trace->log = NULL; /* half a line is not gone on from */
    }
    return written;
}

bool evolve_trace_close(struct evolve_trace *trace, struct pm_error *error)
{
    const bool closed = trace->log == NULL || fclose(trace->log) == 0 || fail_log(trace, error);
    free(trace->points);
    *trace = (struct evolve_trace){.count = 0};
    return closed;
}
