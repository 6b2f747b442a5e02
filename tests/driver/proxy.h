/* A small HTTP proxy, whatever host it is asked for leads to one server of the test. It makes way
 * (CONNECT) or hands requests on, or refuses both. One connection at a time, on 127.0.0.1. */
#ifndef TESTS_DRIVER_PROXY_H
#define TESTS_DRIVER_PROXY_H

#include <stdbool.h>

struct proxy;

/* `server_url` ends with ":PORT" on 127.0.0.1. Asserts on failure. */
struct proxy *proxy_start(const char *server_url);
void proxy_stop(struct proxy *proxy);

/* From now on every request is answered with 407. */
void proxy_refuse(struct proxy *proxy);

/* "http://127.0.0.1:PORT"; belongs to the proxy. */
const char *proxy_url(const struct proxy *proxy);

/* The first line of the last request that began a connection; "" when there was none. */
const char *proxy_line(const struct proxy *proxy);

#endif
