/* What the start of every program has in common: options, --help, --version, the log, the stop
 * flag, and telling others that it is ready. */
#ifndef POOLMINER_PROGRAM_H
#define POOLMINER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>
#include <poolminer/log_options.h>
#include <poolminer/options.h>

enum { PM_EXIT_USAGE = 2 }; /* beside EXIT_SUCCESS and EXIT_FAILURE */

struct pm_program {
    const char *name;            /* "poolminer-sidecar" */
    const char *log_name;        /* "sidecar" */
    const char *usage, *purpose; /* for --help */
    size_t positional_max;       /* arguments that are no options; more are an error */
};

/* Rows that every program's table of options ends with. */
#define PM_PROGRAM_LOG_OPTIONS                                                                     \
    {.name = "log-level",                                                                          \
     .environment = "POOLMINER_LOG_LEVEL",                                                         \
     .type = PM_OPTION_TEXT,                                                                       \
     .default_value = "info",                                                                      \
     .choices = "debug|info|warn|error",                                                           \
     .argument = "LEVEL",                                                                          \
     .help = "The least important lines that are logged."},                                        \
        PM_OPTION_ROW_LOG_FORMAT(NULL), PM_OPTION_ROW_LOG_FILE(NULL),                              \
        PM_OPTION_ROW_LOG_FILE_MIB(NULL), PM_OPTION_ROW_LOG_FILES(NULL)

/* Before anything else, so before a library opens something: standard descriptors that are closed
 * are occupied (using them fails as before), and the limit on open files is raised to what the
 * libraries cannot do without, threads' memory is bounded, and a few threads are tried. False:
 * said why; end with EXIT_FAILURE. */
bool pm_program_enter(const char *name);

/* After everything else: what goes to standard output is written out. Returns `status`, or
 * EXIT_FAILURE instead of EXIT_SUCCESS, with a sentence on standard error, when some of it was
 * lost. */
int pm_program_leave(const char *name, int status);

/* Enters, reads environment and command line into `options` (created by the caller from a table
 * that has PM_PROGRAM_LOG_OPTIONS) and starts the log and the stop flag. True: go on. False: end
 * with *status; what there was to say (help, version, a mistake in the usage) has been said. */
bool pm_program_start(const struct pm_program *program, struct pm_options *options, int argc,
                      char *const argv[], int *status);

/* For programs that hold a key: a core dump would hold it too. */
void pm_program_forbid_core_dumps(void);

/* Starts the log with its level and format as `options` say; `log_name` is kept. */
bool pm_program_start_log(const char *log_name, const struct pm_options *options,
                          struct pm_error *error);
/* And lets it go to a file, where --log-file says so. A process that belongs to no terminal then
 * goes on at SIGHUP, with which log rotators tell that they have moved the file: the next line
 * begins a new one anyway. Call before pm_stop_install, and once. */
bool pm_program_start_log_file(const struct pm_options *options, struct pm_error *error);

/* For a program whose standard output is only for who watches: when it was closed at the start,
 * that is taken for the wish not to watch, and what is printed goes nowhere. Elsewhere what is
 * printed is the product, and a closed standard output loses it: see pm_program_leave. */
void pm_program_output_is_optional(void);

/* Writes {"port":N,"pid":N} to `path`, whole or not at all; NULL: nothing to do. */
bool pm_program_ready(const char *path, int port, struct pm_error *error);

/* "ROLE-HOST-PID", in the characters that the sidecar takes for a name. */
enum { PM_PROGRAM_CLIENT_NAME_SIZE = 128 };
void pm_program_client_name(const char *role, char out[PM_PROGRAM_CLIENT_NAME_SIZE]);

#endif
