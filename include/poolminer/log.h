/* The log: one line an event, to standard error or to a file.
 *
 *   2026-11-20T12:00:00.123Z INFO  sidecar QUEUE-LEASE-LOST job=123 worker=w1: silent for 20 s
 *
 * Every line carries a stable id (upper case, dashes) that tests assert and docs/log-ids.md lists.
 * On a terminal the level has a colour. Never pass a secret. How lines are written is one of the
 * two things that are global in a process (the other is stop.h's flag). Thread safe: a line is
 * written with one write(2). */
#ifndef POOLMINER_LOG_H
#define POOLMINER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/log_file.h>

enum pm_log_level { PM_LOG_DEBUG, PM_LOG_INFO, PM_LOG_WARN, PM_LOG_ERROR };

enum pm_log_format { PM_LOG_TEXT, PM_LOG_JSON };

/* Call once at program start, before threads. `program` must outlive the process (a literal). */
void pm_log_init(const char *program, enum pm_log_level level, enum pm_log_format format);

/* From here on lines go to `file`, which must outlive the log. Warnings and errors go to standard
 * error as well, and so do lines that could not be written to the file. NULL: all lines go to
 * standard error only. Call before threads are started. */
void pm_log_set_file(struct pm_log_file *file);

/* For code that prints lines for people: when the log goes to a file, such lines are to be logged
 * as well as printed; when it is written as JSON, they are to be logged only. */
bool pm_log_has_file(void);
bool pm_log_is_json(void);

/* "debug" | "info" | "warn" | "error". */
bool pm_log_level_parse(const char *text, enum pm_log_level *out, struct pm_error *error);

/* "text" | "json". */
bool pm_log_format_parse(const char *text, enum pm_log_format *out, struct pm_error *error);

/* An observer receives each event of level info or higher, whatever the level from which events are
 * written: its formatted `message` and when it happened. It is called from any thread, by one at a
 * time, and must not log. */
typedef void pm_log_observer(void *context, enum pm_log_level level, const char *id,
                             const char *message, int64_t unix_ms);
/* Sets the log's only observer; NULL: none. When this returns, no call of the previous one is in
 * progress any more. */
void pm_log_observe(pm_log_observer *observer, void *context);

/* "debug" | "info" | "warn" | "error". */
const char *pm_log_level_name(enum pm_log_level level);

/* Line breaks and control characters in the formatted text are written as escapes, so that bytes
 * from outside cannot forge a line. Lines are cut at 2 KiB. */
void pm_log(enum pm_log_level level, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
