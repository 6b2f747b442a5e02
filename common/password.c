#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <poolminer/password.h>
#include <poolminer/stop.h>

enum { POLL_MS = 100, PROMPT_SIZE = 512 };

/* Waits until there is something to read, so that a stop is seen. */
static bool await(int fd, struct pm_error *error)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    while (!pm_stop_requested()) {
        int ready = poll(&item, 1, POLL_MS);
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return pm_fail(error, PM_ERROR_IO, "cannot be read: %s", strerror(errno));
        }
    }
    return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while it was asked for");
}

/* One byte; *end when there is none any more. Byte by byte, for what follows is another's. */
static bool read_byte(int fd, char *out, bool *end, struct pm_error *error)
{
    ssize_t count = -1;
    do {
        if (!await(fd, error)) {
            return false;
        }
        count = read(fd, out, 1);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0) {
        return pm_fail(error, PM_ERROR_IO, "cannot be read: %s", strerror(errno));
    }
    *end = count == 0 || *out == '\n';
    return true;
}

static bool read_line(int fd, char password[PM_PASSWORD_SIZE], struct pm_error *error)
{
    size_t length = 0;
    for (;;) {
        char byte = '\0';
        bool end = false;
        if (!read_byte(fd, &byte, &end, error)) {
            return false;
        }
        if (end) {
            break;
        }
        if (length == PM_PASSWORD_SIZE - 1) {
            return pm_fail(error, PM_ERROR_LIMIT, "longer than %d bytes", PM_PASSWORD_SIZE - 1);
        }
        password[length++] = byte;
    }
    password[length] = '\0';
    if (length == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "the line is empty");
    }
    return strlen(password) == length ||
           pm_fail(error, PM_ERROR_INVALID, "there is a zero byte in it");
}

bool pm_password_read(int fd, char password[PM_PASSWORD_SIZE], struct pm_error *error)
{
    if (read_line(fd, password, error)) {
        return true;
    }
    sodium_memzero(password, PM_PASSWORD_SIZE);
    return false;
}

static void say(int terminal, const char *text)
{
    ssize_t ignored = write(terminal, text, strlen(text));
    (void)ignored; /* a prompt that cannot be written is still answered */
}

bool pm_password_ask(const char *prompt, char password[PM_PASSWORD_SIZE], struct pm_error *error)
{
    struct termios before;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || tcgetattr(terminal, &before) != 0) {
        if (terminal >= 0) {
            close(terminal);
        }
        return pm_fail(error, PM_ERROR_REFUSED,
                       "there is no terminal to ask on; give it on a descriptor, with "
                       "--password-fd N (words or a seed: --secret-fd N)");
    }
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ICANON | ISIG | ECHONL;
    silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* to leave now would leave the echo off */
    tcsetattr(terminal, TCSAFLUSH, &silent);
    say(terminal, prompt);
    bool done = pm_password_read(terminal, password, error);
    tcsetattr(terminal, TCSAFLUSH, &before);
    close(terminal);
    return done;
}

static bool ask_for_file(void *context, const char *path, char password[PM_PASSWORD_SIZE],
                         struct pm_error *error)
{
    const int *fd = context;
    char prompt[PROMPT_SIZE];
    snprintf(prompt, sizeof prompt, "Password of %.400s: ", path);
    return (*fd >= 0 ? pm_password_read(*fd, password, error)
                     : pm_password_ask(prompt, password, error)) ||
           pm_fail_context(error, "password");
}

struct pm_password_source pm_password_source(int *fd)
{
    return (struct pm_password_source){.context = fd, .ask = ask_for_file};
}
