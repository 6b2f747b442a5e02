#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/process.h>

static size_t count_strings(const char *const *strings)
{
    size_t count = 0;
    while (strings != NULL && strings[count] != NULL) {
        count++;
    }
    return count;
}

static bool same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return length == strcspn(b, "=") && strncmp(a, b, length) == 0;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_setting(const char *variable)
{
    return (starts_with(variable, "POOLMINER_") && !starts_with(variable, "POOLMINER_SIMD=")) ||
           starts_with(variable, "BT_WALLET_");
}

/* The parent's environment with `additional` over it; the strings stay where they are. */
static const char **build_environment(const char *const *additional, bool no_settings)
{
    size_t extra = count_strings(additional);
    size_t inherited = count_strings((const char *const *)environ);
    const char **out = calloc(extra + inherited + 1, sizeof *out);
    if (out == NULL) {
        return NULL;
    }
    size_t count = 0;
    for (size_t i = 0; i < extra; i++) {
        out[count++] = additional[i];
    }
    for (size_t i = 0; i < inherited; i++) {
        bool left_out = no_settings && is_setting(environ[i]);
        for (size_t j = 0; j < extra && !left_out; j++) {
            left_out = same_name(environ[i], additional[j]);
        }
        if (!left_out) {
            out[count++] = environ[i];
        }
    }
    return out;
}

/* What happens between fork and exec: async-signal-safe calls only. */
static bool redirect(const char *path, int target)
{
    if (path == NULL) {
        return true;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, target) < 0) {
        return false;
    }
    if (fd > STDERR_FILENO) {
        close(fd);
    }
    return true;
}

static void reset_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGQUIT, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs in the child; returns (with errno) only when it could not become the program. */
static void become(const struct pm_process_config *config, const char *const *environment,
                   int input, pid_t parent)
{
    reset_signals();
    /* A group of its own: Ctrl-C in the terminal reaches the supervisor, which stops its children
     * in order, instead of everyone at once. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        errno = ESRCH;
        return;
    }
    if (input < 0) {
        input = open("/dev/null", O_RDONLY);
    }
    if (input < 0 || dup2(input, STDIN_FILENO) < 0 ||
        !redirect(config->stdout_path, STDOUT_FILENO) ||
        !redirect(config->stderr_path, STDERR_FILENO)) {
        return;
    }
    /* Everything above 2 goes at exec, the report's pipe included. */
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    /* execve takes its strings writable by history, and does not write. */
    execve(config->arguments[0], (char *const *)(uintptr_t)config->arguments,
           (char *const *)(uintptr_t)environment);
}

static pid_t fork_child(const struct pm_process_config *config, const char *const *environment,
                        int input, int report_fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(config, environment, input, parent);
        int number = errno;
        ssize_t ignored = write(report_fd, &number, sizeof number);
        (void)ignored;
        _exit(127);
    }
    return pid;
}

/* The child's errno when it could not start; 0 when the pipe closed at exec. */
static int read_report(int fd)
{
    int number = 0;
    ssize_t count;
    do {
        count = read(fd, &number, sizeof number);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof number ? number : 0;
}

/* The reading end of a pipe with the text in it; -1 when there is none to give, or on failure. */
static bool open_input(const struct pm_process_config *config, int *out, struct pm_error *error)
{
    int ends[2];
    *out = -1;
    if (config->input == NULL) {
        return true;
    }
    size_t size = strnlen(config->input, PM_PROCESS_INPUT_MAX + 1);
    if (size > PM_PROCESS_INPUT_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "starting %s: more input than %d bytes",
                       config->arguments[0], PM_PROCESS_INPUT_MAX);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return pm_fail(error, PM_ERROR_IO, "starting %s: %s", config->arguments[0],
                       strerror(errno));
    }
    bool written = write(ends[1], config->input, size) == (ssize_t)size;
    close(ends[1]);
    if (!written) {
        close(ends[0]);
        return pm_fail(error, PM_ERROR_IO, "starting %s: its input could not be written",
                       config->arguments[0]);
    }
    *out = ends[0];
    return true;
}

static void close_input(int input)
{
    if (input >= 0) {
        close(input);
    }
}

bool pm_process_start(const struct pm_process_config *config, pid_t *pid, struct pm_error *error)
{
    const char *path = config->arguments[0];
    const char **environment = build_environment(config->environment, config->no_settings);
    if (environment == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting %s: no memory", path);
    }
    int input = -1;
    if (!open_input(config, &input, error)) {
        free(environment);
        return false;
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        close_input(input);
        free(environment);
        return pm_fail(error, PM_ERROR_IO, "starting %s: %s", path, strerror(errno));
    }
    pid_t child = fork_child(config, environment, input, report[1]);
    int fork_errno = errno;
    close_input(input);
    close(report[1]);
    free(environment);
    int child_errno = child < 0 ? fork_errno : read_report(report[0]);
    close(report[0]);
    if (child_errno != 0) {
        if (child > 0) {
            waitpid(child, NULL, 0);
        }
        return pm_fail(error, child_errno == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO,
                       "starting %s: %s", path, strerror(child_errno));
    }
    *pid = child;
    return true;
}

bool pm_process_wait(pid_t pid, int64_t timeout_ms, int *status)
{
    int64_t deadline_ms = pm_clock_monotonic_ms() + timeout_ms;
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid) {
            return true;
        }
        if (ended < 0 && errno == ECHILD) {
            *status = W_EXITCODE(127, 0);
            return true;
        }
        int64_t left_ms = deadline_ms - pm_clock_monotonic_ms();
        if (left_ms <= 0) {
            return false;
        }
        pm_clock_sleep_ms(left_ms < 5 ? left_ms : 5);
    }
}

int pm_process_stop(pid_t pid, int64_t grace_ms)
{
    int status = 0;
    kill(pid, SIGTERM);
    while (!pm_process_wait(pid, grace_ms, &status)) {
        kill(pid, SIGKILL);
        grace_ms = 1000;
    }
    return status;
}

char *pm_process_sibling(const char *name, struct pm_error *error)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) {
        pm_fail(error, PM_ERROR_IO, "/proc/self/exe: %s", strerror(errno));
        return NULL;
    }
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    char *path = NULL;
    if (asprintf(&path, "%.*s/%s", (int)(slash != NULL ? slash - self : 0), self, name) < 0) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", name);
        return NULL;
    }
    if (access(path, X_OK) != 0) {
        pm_fail(error, PM_ERROR_NOT_FOUND,
                "%s: %s; the programs of poolminer belong into one directory", path,
                strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}

int pm_process_free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return 0;
    }
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int port = 0;
    if (bind(fd, (struct sockaddr *)&address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        port = ntohs(address.sin_port);
    }
    close(fd);
    return port;
}
