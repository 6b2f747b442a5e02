#include "cli/score_input.h"

#include "cli/cores.h"
#include "cli/shown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/stop.h>
#include <poolminer/text.h>

enum { WARNINGS_SHOWN = 10 };

/* Appends what comes until the end; a stream has no size that could be asked for before. */
static bool append_stream(int descriptor, struct pm_text *text, struct pm_error *error)
{
    char part[4096];
    ssize_t count;
    while ((count = read(descriptor, part, sizeof part)) != 0) {
        if (count < 0 && errno == EINTR && !pm_stop_requested()) {
            continue;
        }
        if (count < 0) {
            return pm_stop_requested()
                       ? pm_fail(error, PM_ERROR_INTERRUPTED, "interrupted")
                       : pm_fail(error, PM_ERROR_IO, "cannot be read: %s", strerror(errno));
        }
        pm_text_append_bytes(text, part, (size_t)count);
        if (text->failed) {
            return pm_fail(error, PM_ERROR_MEMORY, "no memory");
        }
        if (text->length > PM_ALGORITHM_TEXT_MAX) {
            return pm_fail(error, PM_ERROR_LIMIT, "more than the %d bytes of an algorithm",
                           PM_ALGORITHM_TEXT_MAX);
        }
    }
    pm_text_append(text, "%s", "");
    return text->data != NULL || pm_fail(error, PM_ERROR_MEMORY, "no memory");
}

static bool read_stream(int descriptor, const char *name, char **out, size_t *length,
                        struct pm_error *error)
{
    struct pm_text text = {0};
    if (!append_stream(descriptor, &text, error)) {
        pm_text_clear(&text);
        return pm_fail_context(error, "%s", name);
    }
    *out = text.data;
    *length = text.length;
    return true;
}

/* A pipe or a device: what a shell makes of <(command). */
static bool is_stream(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
}

static bool read_named_stream(const char *name, char **out, size_t *length, struct pm_error *error)
{
    int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return pm_fail(error, PM_ERROR_IO, "%s: cannot be opened: %s", name, strerror(errno));
    }
    bool done = read_stream(descriptor, name, out, length, error);
    close(descriptor);
    return done;
}

/* Of a text that is no algorithm each line is worth a warning: the first few tell it all. */
struct warnings {
    const char *name;
    int count;
};

static void warn(void *context, int line, const char *reason)
{
    struct warnings *warnings = context;
    if (++warnings->count <= WARNINGS_SHOWN) {
        shown_print(warnings->name, stderr);
        fprintf(stderr, ":%d: %s\n", line, reason);
    }
}

static void warn_of_more(const struct warnings *warnings)
{
    if (warnings->count > WARNINGS_SHOWN) {
        shown_print(warnings->name, stderr);
        fprintf(stderr, ": and %d more; poolminer check shows all\n",
                warnings->count - WARNINGS_SHOWN);
    }
}

bool read_algorithm_text(const char *name, char **text, size_t *length, struct pm_error *error)
{
    bool done;
    if (strcmp(name, "-") == 0) {
        done = read_stream(STDIN_FILENO, "standard input", text, length, error);
    } else if (is_stream(name)) {
        done = read_named_stream(name, text, length, error);
    } else {
        done = pm_file_read(name, PM_ALGORITHM_TEXT_MAX, text, length, error);
    }
    size_t skipped = done ? pm_text_mark_length(*text, *length) : 0;
    if (*text != NULL && skipped > 0) {
        *length -= skipped;
        memmove(*text, *text + skipped, *length + 1);
    }
    return done;
}

bool read_algorithm(const char *name, int input_dim, struct pm_algorithm **out,
                    struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    if (!read_algorithm_text(name, &text, &length, error)) {
        return false;
    }
    struct warnings warnings = {.name = name};
    bool done =
        pm_algorithm_parse(text, length, input_dim, PM_PARSE_LENIENT, warn, &warnings, out, error);
    free(text);
    warn_of_more(&warnings);
    return done || pm_fail_context(error, "%s", name);
}

bool open_suite(const struct pm_options *options, int input_dim, size_t task_limit,
                const struct pm_until *until, struct pm_dataset **dataset, struct pm_suite **suite,
                struct pm_error *error)
{
    enum pm_suite_edition edition = PM_EDITION_FIRST2000;
    struct pm_dataset *opened = NULL;
    cores_use(pm_options_integer(options, "threads"));
    if (!pm_suite_edition_parse(pm_options_text(options, "suite"), &edition, error) ||
        !pm_dataset_open(pm_options_text(options, "dataset"), &opened, error)) {
        return false;
    }
    bool done =
        pm_suite_evaluation_kept(opened, edition, input_dim, task_limit, until, suite, error);
    if (done && dataset != NULL) {
        *dataset = opened;
    } else {
        pm_dataset_destroy(opened);
    }
    return done;
}
