#include "cli/score_input.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/text.h>

static bool read_standard_input(char **out, size_t *length, struct pm_error *error)
{
    struct pm_text text = {0};
    char part[4096];
    ssize_t count;
    while ((count = read(STDIN_FILENO, part, sizeof part)) != 0) {
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            free(text.data);
            return pm_fail(error, PM_ERROR_IO, "-: standard input: %s", strerror(errno));
        }
        pm_text_append_bytes(&text, part, (size_t)count);
        if (text.failed || text.length > PM_ALGORITHM_TEXT_MAX) {
            free(text.data);
            return pm_fail(error, PM_ERROR_LIMIT, "-: more than the %d bytes of an algorithm",
                           PM_ALGORITHM_TEXT_MAX);
        }
    }
    *out = text.data != NULL ? text.data : strdup("");
    *length = text.length;
    return *out != NULL || pm_fail(error, PM_ERROR_MEMORY, "-: no memory");
}

static void warn(void *context, int line, const char *reason)
{
    const char *name = context;
    fprintf(stderr, "%s:%d: %s\n", name, line, reason);
}

bool read_algorithm_text(const char *name, char **text, size_t *length, struct pm_error *error)
{
    return strcmp(name, "-") == 0 ? read_standard_input(text, length, error)
                                  : pm_file_read(name, PM_ALGORITHM_TEXT_MAX, text, length, error);
}

bool read_algorithm(const char *name, int input_dim, struct pm_algorithm **out,
                    struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!read_algorithm_text(name, &text, &length, error)) {
        return false;
    }
    char label[256];
    snprintf(label, sizeof label, "%s", name);
    bool done =
        pm_algorithm_parse(text, length, input_dim, PM_PARSE_LENIENT, warn, label, out, error);
    free(text);
    return done || pm_fail_context(error, "%s", name);
}

bool open_suite(const struct pm_options *options, int input_dim, size_t task_limit,
                struct pm_dataset **dataset, struct pm_suite **suite, struct pm_error *error)
{
    int64_t threads = pm_options_integer(options, "threads");
    enum pm_suite_edition edition = PM_EDITION_FIRST2000;
    struct pm_dataset *opened = NULL;
    if (threads > 0) {
        omp_set_num_threads((int)threads);
    }
    if (!pm_suite_edition_parse(pm_options_text(options, "suite"), &edition, error) ||
        !pm_dataset_open(pm_options_text(options, "dataset"), &opened, error)) {
        return false;
    }
    bool done = pm_suite_evaluation(opened, edition, input_dim, task_limit, suite, error);
    if (done && dataset != NULL) {
        *dataset = opened;
    } else {
        pm_dataset_destroy(opened);
    }
    return done;
}
