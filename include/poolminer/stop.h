/* How programs learn that they are asked to stop: the signals SIGINT, SIGTERM, SIGQUIT and SIGHUP
 * (the terminal was closed) set one flag, which loops check. */
#ifndef POOLMINER_STOP_H
#define POOLMINER_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

/* Installs the signal handlers. Call it once, before threads are started. A second signal, a
 * quarter of a second or more after the first, ends the process at once; one that comes sooner is
 * taken for the same request, since programs such as timeout(1) signal both a process and its
 * group. SIGHUP stays ignored if nohup(1) has set that. SIGPIPE and SIGXFSZ are ignored, so that
 * writing to a closed pipe, or beyond the limit on a file's size, fails with an error instead. */
void pm_stop_install(void);

/* The flag: true once a signal has come. */
const atomic_bool *pm_stop_flag(void);
bool pm_stop_requested(void);

#endif
