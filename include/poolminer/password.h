/* Passwords and other secrets a person types: read from the terminal without being shown, or from a
 * descriptor, for services. Never from a command line or the environment, where others see them. */
#ifndef POOLMINER_PASSWORD_H
#define POOLMINER_PASSWORD_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

/* One line from `fd`, without its end; what follows it stays unread. Errors: PM_ERROR_INVALID
 * (empty, or a zero byte in it), PM_ERROR_LIMIT (PM_PASSWORD_SIZE), PM_ERROR_IO,
 * PM_ERROR_INTERRUPTED. */
bool pm_password_read(int fd, char password[PM_PASSWORD_SIZE], struct pm_error *error);

/* Writes `prompt` to the terminal of this process (/dev/tty) and reads a line there with echo off;
 * the terminal is as before afterwards, also after a stop (pm_stop_install first).
 * PM_ERROR_REFUSED: there is no terminal. */
bool pm_password_ask(const char *prompt, char password[PM_PASSWORD_SIZE], struct pm_error *error);

/* For files: from descriptor `fd`, or the terminal when it is -1. Refers to *fd. */
struct pm_password_source pm_password_source(int *fd);

#endif
