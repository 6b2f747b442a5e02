/* Sockets of tests, on this machine only. */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include "cmocka_include.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* An address for each process that tests. It has all ports to itself: on a common one, the port of
 * a server that is down may be given to another test's, or to the very connection that looks for
 * it. */
static inline const char *loopback_address(void)
{
    static char address[INET_ADDRSTRLEN];
    const unsigned pid = (unsigned)getpid(); /* at most 22 bits */
    snprintf(address, sizeof address, "127.%u.%u.%u", 64 | (pid >> 16 & 63), pid >> 8 & 255,
             pid & 255);
    return address;
}

static inline struct sockaddr_in loopback_at(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* *port: the port that it got. */
static inline int loopback_bind_to(struct sockaddr_in address, int *port)
{
    socklen_t size = sizeof address;
    const int on = 1, bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bound >= 0);
    assert_int_equal(setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(bound, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(bound, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return bound;
}

/* A socket on *port of 127.0.0.1, or on a free one, then in *port, where that is 0. Until it
 * listens, whoever connects is refused. */
static inline int loopback_bind(int *port)
{
    return loopback_bind_to(loopback_at(*port), port);
}

static inline int loopback_listen(int *port)
{
    const int listener = loopback_bind(port);
    assert_int_equal(listen(listener, 64), 0);
    return listener;
}

/* A connection to this port of 127.0.0.1; -1: nobody takes it. */
static inline int loopback_connect(int port)
{
    const struct sockaddr_in address = loopback_at(port);
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection >= 0);
    if (connect(connection, (const struct sockaddr *)&address, sizeof address) == 0) {
        return connection;
    }
    close(connection);
    return -1;
}

#endif
