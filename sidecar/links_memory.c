/* How much has arrived that nobody has read. ZeroMQ counts whole messages only, so a message that
 * does not end, or many connections that each hold a little, have no bound of its own. A connection
 * is looked at once a second, and when the process has taken more memory, within some milliseconds
 * of processor time: however fast a peer sends, its bytes cost processor time here. */
#include "sidecar/links_internal.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum {
    PULSE_NS = 20 * 1000 * 1000, /* of processor time */
    LOOK_MS = 1000,
    GROWTH_BYTES = 8 * 1024 * 1024, /* that make a look worth it */
    LITTLE_BYTES = 64 * 1024,       /* nobody is closed for less */
    CONTROL_BYTES = 64,             /* of a heartbeat's frames, encrypted */
    HEAP_BYTES = 384 * 1024 * 1024, /* more than all that has a bound, with CONNECTION_BYTES for
                                       each connection */
    CONNECTION_BYTES = 160 * 1024,
    CLOSING_MAX_MS = 1000,
};

/* ---- memory ---- */

bool pm_links_begin_pulse(struct pm_links *links)
{
    const struct itimerspec pulse = {.it_interval = {.tv_nsec = PULSE_NS},
                                     .it_value = {.tv_nsec = PULSE_NS}};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    event._sigev_un._tid = gettid();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGRTMIN);
    links->memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    links->pulse_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    links->pulsing = links->memory_fd >= 0 && links->pulse_fd >= 0 &&
                     timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &links->pulse) == 0;
    return links->pulsing && timer_settime(links->pulse, 0, &pulse, NULL) == 0;
}

void pm_links_end_pulse(struct pm_links *links)
{
    if (links->pulsing) {
        timer_delete(links->pulse);
    }
}

/* Of the process' own, in bytes: what is resident without what files hold. */
static int64_t memory_taken(const struct pm_links *links)
{
    char text[128];
    long long size, resident, shared;
    const ssize_t length = pread(links->memory_fd, text, sizeof text - 1, 0);
    if (length <= 0) {
        return 0;
    }
    text[length] = '\0';
    if (sscanf(text, "%lld %lld %lld", &size, &resident, &shared) != 3) {
        return 0;
    }
    return (resident - shared) * (int64_t)sysconf(_SC_PAGESIZE);
}

/* Small frames take much more memory than bytes on the line. */
static bool heap_is_full(const struct pm_links *links, int64_t taken)
{
    const int64_t allowed = HEAP_BYTES + links->counts.open * CONNECTION_BYTES;
    if (taken <= allowed) {
        return false; /* what is in use takes long to count */
    }
    const struct mallinfo2 heap = mallinfo2();
    return (int64_t)heap.uordblks + (int64_t)heap.hblkhd > allowed;
}

/* ---- connections ---- */

/* What the peer has sent so far: what the kernel took, without what it still has. */
static int64_t received(const struct pm_link *link)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int waiting = 0;
    if (getsockopt(link->descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        ioctl(link->descriptor, FIONREAD, &waiting) != 0) {
        return 0;
    }
    return (int64_t)info.tcpi_bytes_received - waiting;
}

/* Heartbeats come without being read: as many as our own and the client's may be. */
static int64_t unread(const struct pm_links *links, int number, int64_t now_ms)
{
    const struct pm_link *link = &links->list[number];
    if (!link->open || link->closed_by_us || link->descriptor < 0) {
        return 0;
    }
    const int64_t read =
        (int64_t)(atomic_load_explicit(&links->read[number], memory_order_relaxed) -
                  link->read_before);
    const int64_t age_ms = now_ms - link->accepted_ms;
    const int64_t control =
        age_ms * CONTROL_BYTES / 1000 + age_ms * CONTROL_BYTES / (links->config.heartbeat_ms + 1);
    const int64_t left = received(link) - read - control;
    return left > 0 ? left : 0;
}

static void close_above(struct pm_links *links, int64_t bytes, int64_t now_ms)
{
    for (int i = 0; i < links->highest; i++) {
        if (unread(links, i, now_ms) > bytes) {
            pm_link_close(links, &links->list[i], PM_LINK_OVERFULL);
            links->closed_ms = now_ms;
            links->trim = true;
        }
    }
}

static void look(struct pm_links *links, int64_t taken, int64_t now_ms)
{
    int64_t total = 0, most = 0;
    for (int i = 0; i < links->highest; i++) {
        const int64_t bytes = unread(links, i, now_ms);
        total += bytes;
        most = bytes > most ? bytes : most;
    }
    links->counts.unread_bytes = total;
    if (most > PM_LINK_UNREAD_MAX) {
        close_above(links, PM_LINK_UNREAD_MAX, now_ms);
    } else if (total > PM_LINKS_UNREAD_MAX || heap_is_full(links, taken)) {
        close_above(links, most / 2 > LITTLE_BYTES ? most / 2 : LITTLE_BYTES, now_ms);
    }
}

void pm_links_look(struct pm_links *links, bool pulse)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    const bool due = now_ms >= links->next_look_ms;
    if (links->counts.open == 0 && !links->trim) {
        return;
    }
    if (!pulse && !due) {
        return;
    }
    if (links->closing > 0 && now_ms - links->closed_ms < CLOSING_MAX_MS) {
        return; /* their memory is about to be free */
    }
    if (links->trim) {
        links->trim = false;
        malloc_trim(0);
        links->memory_seen = memory_taken(links);
    }
    const int64_t taken = memory_taken(links);
    if (due || taken > links->memory_seen + GROWTH_BYTES) {
        links->next_look_ms = now_ms + LOOK_MS;
        links->memory_seen = taken;
        look(links, taken, now_ms);
    } else if (taken < links->memory_seen) {
        links->memory_seen = taken;
    }
}
