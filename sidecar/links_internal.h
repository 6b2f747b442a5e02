/* The inside of links.h, shared by its files. */
#ifndef PM_SIDECAR_LINKS_INTERNAL_H
#define PM_SIDECAR_LINKS_INTERNAL_H

#include "sidecar/links.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { PM_LINK_ADDRESS_SIZE = 64 };

/* By the number of ZeroMQ's descriptor. */
struct pm_link {
    int descriptor; /* our own for the same socket, -1: it was gone already; it tells how the
                       connection ended, and ZeroMQ's number cannot mean another one meanwhile */
    bool open;
    bool closed_by_us; /* ZeroMQ has not noticed yet */
    uint64_t serial;
    uint64_t read_before; /* bytes read under this number before it */
    int64_t accepted_ms;
    char address[PM_LINK_ADDRESS_SIZE];
};

struct pm_links {
    struct pm_links_config config;
    void *monitor;
    pthread_t thread;
    bool started;
    int wake_fd;   /* tells the thread to end */
    int pulse_fd;  /* readable each time the process has used some processor time */
    int memory_fd; /* /proc/self/statm */
    timer_t pulse;
    bool pulsing;
    int numbers;            /* of descriptors that are watched */
    _Atomic uint64_t *read; /* by number: bytes that the broker has read */
    pthread_mutex_t mutex;  /* over all below */
    struct pm_link *list;   /* by number */
    int highest;            /* the highest number that was open, + 1 */
    size_t closing;         /* closed by us, and not gone yet */
    uint64_t serials;
    struct pm_link_counts counts;
    int64_t quiet_until_ms[PM_LINK_FAULTS];
    /* The thread's own. */
    bool handshake_failed; /* of the connection that is about to be gone */
    int64_t next_look_ms;
    int64_t memory_seen; /* bytes, at the last look or lower */
    int64_t closed_ms;   /* when memory made us close the last one */
    bool trim;           /* freed memory is to be given back */
};

/* links.c; under the mutex. */
void pm_link_close(struct pm_links *links, struct pm_link *link, enum pm_link_fault fault);

/* links_memory.c: how much is unread, and what is done about it. */
/* Makes pulse_fd, to be read by the calling thread alone, and memory_fd. */
bool pm_links_begin_pulse(struct pm_links *links);
void pm_links_end_pulse(struct pm_links *links);
/* After a pulse, and now and then: closes those with too much unread. */
void pm_links_look(struct pm_links *links, bool pulse);

#endif
