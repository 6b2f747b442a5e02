/* What HTTP alone costs a pool: its HTTP server with its limits, in a process of its own, that
 * checks no signature, keeps nothing and gives everybody the same answers. */
#ifndef BENCH_HTTP_ALONE_H
#define BENCH_HTTP_ALONE_H

#include "bench/server.h"

/* With `later` another thread answers, as in a pool whose store is waited for. To be stopped with
 * bench_server_stop. */
bool bench_http_alone_start(bool later, struct bench_server *server, struct pm_error *error);

#endif
