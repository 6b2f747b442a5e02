#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>
#include <poolminer/terminal.h>
#include <poolminer/threads.h>

/* What ZeroMQ, SQLite, libcurl and a few connections take; libzmq aborts when it gets none. */
enum { DESCRIPTORS_MIN = 64 };

/* ZeroMQ has two for each connection, and aborts without; the pool's server has as many. */
enum { THREADS_MIN = 8 };

/* A library's socket on descriptor 1 or 2 would get what is written for people. The places are
 * taken the wrong way round, so that using one still fails as a closed one does. */
static bool occupy_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) {
            continue;
        }
        int flags = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", flags) != descriptor) { /* the lowest that is free */
            return false;
        }
    }
    return true;
}

void pm_program_output_is_optional(void)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY) {
        return;
    }
    int nowhere = open("/dev/null", O_WRONLY); /* only its place was taken */
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        close(nowhere);
    }
}

static bool have_descriptors(rlim_t *allowed)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return true;
    }
    if (limit.rlim_cur < DESCRIPTORS_MIN) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MIN ? limit.rlim_max : DESCRIPTORS_MIN;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    *allowed = limit.rlim_cur;
    return limit.rlim_cur >= DESCRIPTORS_MIN;
}

bool pm_program_enter(const char *name)
{
    rlim_t allowed = 0;
    if (!occupy_standard_descriptors()) {
        fprintf(stderr,
                "%s: /dev/null: %s; standard input, output or error is closed and has no "
                "replacement\n",
                name, strerror(errno));
        return false;
    }
    if (!have_descriptors(&allowed)) {
        fprintf(stderr,
                "%s: only %ju files may be open at once, %d are needed; raise the limit "
                "(ulimit -n 1024)\n",
                name, (uintmax_t)allowed, DESCRIPTORS_MIN);
        return false;
    }
    pm_threads_bound_memory();
    const size_t threads = pm_threads_available(THREADS_MIN);
    if (threads < THREADS_MIN) {
        fprintf(stderr,
                "%s: only %zu more threads may be started, %d are needed; raise the limit (ulimit "
                "-u, ulimit -v, pids.max)\n",
                name, threads, THREADS_MIN);
        return false;
    }
    return true;
}

int pm_program_leave(const char *name, int status)
{
    errno = 0;
    bool failed = fflush(stdout) != 0;
    int number = errno;
    if (!failed && !ferror(stdout)) {
        return status;
    }
    fprintf(stderr, "%s: standard output: %s; some of what belongs there is lost\n", name,
            failed ? strerror(number) : "cannot be written");
    return status != EXIT_SUCCESS ? status : EXIT_FAILURE;
}

static bool read_options(const struct pm_program *program, struct pm_options *options, int argc,
                         char *const argv[], struct pm_error *error)
{
    if (!pm_options_load_environment(options, error) ||
        !pm_options_load_arguments(options, argc, argv, error)) {
        return false;
    }
    if (pm_options_positional_count(options) > program->positional_max) {
        return pm_fail(error, PM_ERROR_INVALID, "unexpected argument \"%.100s\"",
                       pm_options_positional(options, program->positional_max));
    }
    return true;
}

bool pm_program_start_log(const char *log_name, const struct pm_options *options,
                          struct pm_error *error)
{
    enum pm_log_level level;
    enum pm_log_format format;
    if (!pm_log_level_parse(pm_options_text(options, "log-level"), &level, error) ||
        !pm_log_format_parse(pm_options_text(options, "log-format"), &format, error)) {
        return false;
    }
    pm_log_init(log_name, level, format);
    return true;
}

bool pm_program_start_log_file(const struct pm_options *options, struct pm_error *error)
{
    const struct pm_log_file_config config = {
        .path = pm_options_text(options, "log-file"),
        .size_bytes = (int64_t)(pm_options_number(options, "log-file-mib") * (1 << 20)),
        .files = (int)pm_options_integer(options, "log-files")};
    if (config.path == NULL) {
        return true;
    }
    struct pm_log_file *file = pm_log_file_open(&config, error);
    if (file == NULL) {
        return pm_fail_context(error, "--log-file");
    }
    pm_log_set_file(file);
    if (!pm_terminal_controls()) {
        signal(SIGHUP, SIG_IGN);
    }
    return true;
}

bool pm_program_start(const struct pm_program *program, struct pm_options *options, int argc,
                      char *const argv[], int *status)
{
    struct pm_error error = {0};
    *status = EXIT_FAILURE;
    if (!pm_program_enter(program->name)) {
        return false;
    }
    *status = EXIT_SUCCESS;
    pm_options_look_for_help(options, argc, argv);
    if (pm_options_help(options)) {
        pm_options_print_help(options, program->usage, program->purpose);
        return false;
    }
    if (pm_options_version(options)) {
        printf("%s %s\n", program->name, PM_VERSION);
        return false;
    }
    if (!read_options(program, options, argc, argv, &error) ||
        !pm_program_start_log(program->log_name, options, &error) ||
        !pm_program_start_log_file(options, &error)) {
        fprintf(stderr, "%s: %s\n", program->name, error.message);
        *status = PM_EXIT_USAGE;
        return false;
    }
    pm_stop_install();
    return true;
}

void pm_program_forbid_core_dumps(void)
{
    /* No file is that small, and Linux takes 1 for "do not start the program of core_pattern",
     * which would get a core whatever other limit there is. */
    const struct rlimit none = {1, 1};
    setrlimit(RLIMIT_CORE, &none);
}

bool pm_program_ready(const char *path, int port, struct pm_error *error)
{
    char text[64];
    int length = snprintf(text, sizeof text, "{\"port\":%d,\"pid\":%ld}\n", port, (long)getpid());
    return path == NULL || pm_file_write_atomic(path, text, (size_t)length, 0644, true, error);
}

void pm_program_client_name(const char *role, char out[PM_PROGRAM_CLIENT_NAME_SIZE])
{
    char host[64] = "localhost";
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.') {
            *c = '-';
        }
    }
    snprintf(out, PM_PROGRAM_CLIENT_NAME_SIZE, "%s-%s-%ld", role, host, (long)getpid());
}
