/* A log in a file that does not grow for ever: once it is as large as allowed it becomes FILE.1,
 * what was FILE.1 becomes FILE.2, and so on; the oldest goes. Several processes may write to one
 * file. Where somebody else moves it away (logrotate), the next line begins a new one. */
#ifndef POOLMINER_LOG_FILE_H
#define POOLMINER_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_log_file_config {
    const char *path;   /* copied */
    int64_t size_bytes; /* of one file at most, unless one line is longer; 1 at least */
    int files;          /* the newest included; 1 at least */
};

struct pm_log_file;

/* Opens it, with the directories above it; NULL on failure. Readable by its owner alone. */
struct pm_log_file *pm_log_file_open(const struct pm_log_file_config *config,
                                     struct pm_error *error);
void pm_log_file_close(struct pm_log_file *file);

/* Appends lines in one write(2). False when they could not be written whole. Any thread. */
bool pm_log_file_write(struct pm_log_file *file, const char *bytes, size_t length);

#endif
