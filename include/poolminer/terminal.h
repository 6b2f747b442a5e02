/* What this process's terminal can show. */
#ifndef POOLMINER_TERMINAL_H
#define POOLMINER_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether to write colours to this file descriptor: it is a terminal, and neither NO_COLOR nor
 * TERM=dumb is set. */
bool pm_terminal_has_colour(int descriptor);

/* Whether this process has a controlling terminal. A service has none, nor has a program that was
 * started with setsid(1). */
bool pm_terminal_controls(void);

/* Writes a progress bar of `cells` characters and a NUL into `out`: "#####....." for a share of
 * 0.5.
 */
void pm_terminal_bar(double share, size_t cells, char *out);

#endif
