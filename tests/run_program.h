/* Runs a real program to its end and keeps what it said. */
#ifndef TESTS_RUN_PROGRAM_H
#define TESTS_RUN_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct output {
    int status;      /* exit status; 128 + N when signal N ended it */
    char *out, *err; /* what it wrote; to be freed by output_clear */
    int64_t took_ms;
};

/* A new directory below /tmp that the test owns; `remove_directory` takes it away with everything
 * in it. Both end the test on failure. */
void make_directory(char *path, size_t size);
void remove_directory(const char *path);

/* Such a directory as the home of each test of a program: to be the set-up and tear-down of tests.
 */
extern char test_home[64];
int test_home_set_up(void **state);
int test_home_tear_down(void **state);

/* Writes `text` to directory/name and returns the path in static memory. */
const char *write_text(const char *directory, const char *name, const char *text);

/* Runs arguments[0] (NULL-terminated list) in `directory` with additional `environment` (may be
 * NULL); it is stopped after `timeout_ms` and then counts as failed. Ends the test when it cannot
 * be started. */
struct output run_program(const char *directory, const char *const *arguments,
                          const char *const *environment, int64_t timeout_ms);
void output_clear(struct output *output);

/* The same in an environment whose home, and every place for settings and data, is `directory`:
 * nothing of the user's own is seen. */
struct output run_at_home(const char *directory, const char *const *arguments, int64_t timeout_ms);

/* Ends the test, showing the output, unless the status is this one and both parts were written.
 * Clears the output. */
void expect_output(struct output output, int status, const char *out_part, const char *err_part);

#endif
