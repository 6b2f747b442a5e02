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
    const char *name;            /* of the executable: "poolminer-sidecar" */
    const char *log_name;        /* what the program is called in log lines: "sidecar" */
    const char *usage, *purpose; /* the lines that --help begins with */
    size_t positional_max;       /* how many arguments that are not options are allowed */
};

/* The rows that every program's table of options ends with. */
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

/* Prepares the process. To be called before anything else, because it has to happen before a
 * library opens a file or starts a thread:
 * - If standard input, output or error is closed, its number is taken, so that no file that is
 *   opened later gets it by accident. Reading or writing it still fails.
 * - The limit on open files is raised to what the libraries need.
 * - The memory that each thread takes is limited (pm_threads_bound_memory).
 * - A few threads are started, to find out whether the system allows them.
 * False: one of these failed and standard error says which; the program should end with
 * EXIT_FAILURE. */
bool pm_program_enter(const char *name);

/* To be called after everything else: flushes standard output. Returns the exit status, which is
 * `status`; but if something that was printed could not be written, says so on standard error and
 * turns EXIT_SUCCESS into EXIT_FAILURE. */
int pm_program_leave(const char *name, int status);

/* Calls pm_program_enter, reads the environment and the command line into `options` (which the
 * caller has created from a table that includes PM_PROGRAM_LOG_OPTIONS), and starts the log and the
 * stop flag. True: the program goes on. False: the program ends with *status, and what there was to
 * print has been printed: the help text, the version, or what is wrong with the command line. */
bool pm_program_start(const struct pm_program *program, struct pm_options *options, int argc,
                      char *const argv[], int *status);

/* For programs that hold a secret key, which a core dump would contain. */
void pm_program_forbid_core_dumps(void);

/* Starts the log, with the level and format that `options` give. `log_name` is not copied. */
bool pm_program_start_log(const char *log_name, const struct pm_options *options,
                          struct pm_error *error);
/* Then sends it to a file, if --log-file names one. To be called at most once, and before
 * pm_stop_install. A process without a terminal ignores SIGHUP from then on: log rotation sends
 * that signal to say that it has renamed the file, and the log notices this by itself and begins a
 * new file with its next line. */
bool pm_program_start_log_file(const struct pm_options *options, struct pm_error *error);

/* For a program that prints only for people who watch it. If its standard output was closed when it
 * started, nobody wants to watch, so what it prints is discarded and pm_program_leave does not
 * complain. For other programs the output is their product, and losing it is an error. */
void pm_program_output_is_optional(void);

/* Tells whoever started this program that it is ready: writes {"port":N,"pid":N} to the file
 * `path`, which is never seen half written. NULL: does nothing. */
bool pm_program_ready(const char *path, int port, struct pm_error *error);

/* Writes "ROLE-HOST-PID", the name under which this process calls the sidecar; characters that the
 * sidecar does not allow in a name are replaced. */
enum { PM_PROGRAM_CLIENT_NAME_SIZE = 128 };
void pm_program_client_name(const char *role, char out[PM_PROGRAM_CLIENT_NAME_SIZE]);

#endif
