/* Starting the real programs for a test, and looking at what they wrote. */
#ifndef TESTS_PROGRAMS_H
#define TESTS_PROGRAMS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The directory that a test's programs keep everything in: settings, keys, stores, logs. */
struct place {
    char path[64];
    const char *clock; /* NULL, or shifted_clock.c: what is started has a wall clock of its own */
    const char *disk;  /* NULL, or failing_disk.c: what is started has a disk that may fail; only
                          where there is a clock */
};
void place_create(struct place *place);
/* Shifts the wall clock of the program that was, or will be, started with this label. */
void place_shift_clock(const struct place *place, const char *label, int64_t offset_ms);
/* Its databases' writes fail with this errno, EIO or ENOSPC; 0: no more. */
void place_fail_disk(const struct place *place, const char *label, int reason);
/* Also for a test that ended early: kills what START started and nobody has waited for. Fails the
 * test when something else that was started in the place stays alive. */
void place_destroy(struct place *place);
/* "path/name" in static memory: good until eight more were asked for. */
const char *place_file(const struct place *place, const char *name);

/* Starts PM_BIN_DIR/program, or one of the machine's by its path, with `arguments`
 * (NULL-terminated, without the program itself) in an environment that knows only the place;
 * messages go to LABEL.log there. Ends the test on failure.
 */
pid_t start_program(const struct place *place, const char *label, const char *program,
                    const char *const *arguments);
#define START(place, label, program, ...)                                                          \
    start_program(place, label, program, (const char *const[]){__VA_ARGS__, NULL})

/* Waits for a ready file and returns the port in it. */
int wait_ready(const struct place *place, const char *file);

/* Waits for the program to end by itself; its exit status (128 + N: killed by signal N). Shows its
 * log and ends the test when it takes longer. */
int wait_end(const struct place *place, const char *label, pid_t pid, int64_t timeout_ms);

/* The child of `parent` that runs `program` ("poolminer-sidecar"); the test ends when there is
 * none. */
pid_t child_of(pid_t parent, const char *program);
/* The same; 0 when there is none. */
pid_t find_child(pid_t parent, const char *program);

/* One of the figures of /proc/PROCESS/stat (see proc(5), which counts them from 1), from the third
 * on; `process` may be "PID/task/THREAD". NO_FIGURE: it has ended. */
enum { NO_FIGURE = -1 };
long process_figure(const char *process, int number);

/* kill -9, reaped. */
void kill_hard(pid_t pid);

/* A JSON file of the place; to be freed with cJSON_Delete. NULL when it is not there. */
cJSON *read_json(const struct place *place, const char *name);
/* A number below `object`; the test ends when it is missing. */
double number_in(const cJSON *object, const char *member, const char *name);

/* Polls `condition` until it is true; false after `timeout_ms`. */
bool wait_until(bool (*condition)(void *context), void *context, int64_t timeout_ms);

/* How many live processes have the place's path in their command line or environment. */
int processes_in(const struct place *place);

/* Whether the file of messages NAME ("driver.log") has `part` in it by now. */
bool log_says(const struct place *place, const char *name, const char *part);
int times_in_log(const struct place *place, const char *name, const char *part);

/* Shows the end of every log of the place on standard error. */
void show_logs(const struct place *place);

#endif
