/* The worker's options. */
#ifndef WORKER_OPTIONS_H
#define WORKER_OPTIONS_H

#include <poolminer/options.h>

/* NULL when memory is out. */
struct pm_options *pm_worker_options_create(void);

#endif
