/* A loopback address for each process that tests. It has all ports to itself: on a common one, the
 * port of a server that is down may be given to another test's, or to the very connection that
 * looks for it. */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

static inline const char *loopback_address(void)
{
    static char address[INET_ADDRSTRLEN];
    const unsigned pid = (unsigned)getpid(); /* at most 22 bits */
    snprintf(address, sizeof address, "127.%u.%u.%u", 64 | (pid >> 16 & 63), pid >> 8 & 255,
             pid & 255);
    return address;
}

#endif
