/* Being asked to stop: SIGINT, SIGTERM, SIGQUIT and SIGHUP (a terminal that went away) set one flag
 * that loops poll. */
#ifndef POOLMINER_STOP_H
#define POOLMINER_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

/* Installs the handlers (SIGPIPE and SIGXFSZ are ignored: writing then fails with an error; SIGHUP
 * stays ignored where nohup(1) ignored it). Call once, before threads. A second signal, a quarter
 * of a second or more after the first, ends the process at once; one that comes sooner is the same
 * wish told twice (to the process and to its group, as timeout(1) does). */
void pm_stop_install(void);

/* The flag; true once a signal came. */
const atomic_bool *pm_stop_flag(void);
bool pm_stop_requested(void);

#endif
