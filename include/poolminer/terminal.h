/* What a person's terminal is good for. */
#ifndef POOLMINER_TERMINAL_H
#define POOLMINER_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Is this descriptor a terminal that shows colours, and are they wanted (NO_COLOR, TERM=dumb)? */
bool pm_terminal_has_colour(int descriptor);

/* Does this process belong to a terminal? A service, or what setsid(1) starts, does not. */
bool pm_terminal_controls(void);

/* A bar of `cells` characters and a NUL: "#####....." for a share of 0.5. */
void pm_terminal_bar(double share, size_t cells, char *out);

#endif
