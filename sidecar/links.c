#include "sidecar/links_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/threads.h>

enum {
    LOOK_MS = 1000,
    COMPLAINT_MS = 10000,
    OTHER_DESCRIPTORS = 40, /* the store's, the page's, ZeroMQ's own */
    SPARE_NUMBERS = 1024,
    ESTABLISHED = 1, /* TCP_ESTABLISHED of netinet/tcp.h, which does not go with linux/tcp.h */
    FAILED_EVENTS = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
    WATCHED_EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | FAILED_EVENTS,
};

static const char MONITOR_URL[] = "inproc://connections";

/* ---- what the peer did ---- */

static const struct {
    enum pm_log_level level;
    const char *id, *words;
} FAULTS[PM_LINK_FAULTS] = {
    {PM_LOG_INFO, "SIDECAR-HANDSHAKE-FAILED",
     "it did not say in time what it is, or nothing that "
     "is known here"},
    {PM_LOG_WARN, "SIDECAR-CONNECTION-BROKEN",
     "it sent a frame that is larger than allowed, or "
     "does not speak ZMTP 3"},
    {PM_LOG_WARN, "SIDECAR-CONNECTION-OVERFULL",
     "it sent more than is read, or a message that does "
     "not end"},
    {PM_LOG_WARN, "SIDECAR-CONNECTION-DEAF",
     "it did not take its replies, and others needed the "
     "room"},
    {PM_LOG_WARN, "SIDECAR-CONNECTIONS-FULL", "there are as many as may be (--max-connections)"},
};

static void note(struct pm_links *links, const struct pm_link *link, enum pm_link_fault fault)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    links->counts.faults[fault]++;
    if (now_ms >= links->quiet_until_ms[fault]) {
        /* It may have been a program of ours that had asked its question and was done. */
        const bool unseen = fault == PM_LINK_BROKEN && link->descriptor < 0;
        links->quiet_until_ms[fault] = now_ms + COMPLAINT_MS;
        pm_log(unseen ? PM_LOG_INFO : FAULTS[fault].level, FAULTS[fault].id,
               "address=%s: its connection was closed: %s", link->address,
               unseen ? "it ended before it could be looked at" : FAULTS[fault].words);
    }
}

void pm_link_close(struct pm_links *links, struct pm_link *link, enum pm_link_fault fault)
{
    note(links, link, fault);
    link->closed_by_us = true;
    links->closing++;
    /* As a reset by the peer, for both sides: what is on the way is dropped, not read to its end.
     */
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(link->descriptor, &nobody, sizeof nobody) != 0) {
        shutdown(link->descriptor, SHUT_RDWR);
    }
}

/* Whether it was ZeroMQ that ended it, and not for silence: then the peer broke ZMTP's rules. One
 * that leaves has ended it itself, and what it sent was read. */
static bool was_broken(const struct pm_links *links, const struct pm_link *link)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int left = 0;
    if (link->descriptor < 0) {
        return true; /* ended before we could look; a peer that goes so early has no handshake */
    }
    if (getsockopt(link->descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return false;
    }
    if (info.tcpi_state != ESTABLISHED) {
        return ioctl(link->descriptor, FIONREAD, &left) == 0 && left > 0;
    }
    return info.tcpi_last_data_recv < links->config.heartbeat_ms;
}

/* ---- the list ---- */

static void find_address(struct pm_link *link)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "?";
    in_port_t port = 0;
    if (getpeername(link->descriptor, (struct sockaddr *)&peer, &size) == 0) {
        if (peer.ss_family == AF_INET) {
            const struct sockaddr_in *address = (const struct sockaddr_in *)&peer;
            inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
            port = address->sin_port;
        } else if (peer.ss_family == AF_INET6) {
            const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)&peer;
            inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof text);
            port = address->sin6_port;
        }
    }
    snprintf(link->address, sizeof link->address, "%s:%d", text, ntohs(port));
}

static void forget(struct pm_links *links, struct pm_link *link, int number)
{
    if (link->descriptor >= 0) {
        close(link->descriptor);
    }
    link->open = false;
    link->read_before = atomic_load_explicit(&links->read[number], memory_order_relaxed);
    links->counts.open--;
    if (link->closed_by_us) {
        links->closing--;
    }
    while (links->highest > 0 && !links->list[links->highest - 1].open) {
        links->highest--;
    }
}

/* Of a TCP connection only: closing another descriptor of a file would end SQLite's locks on it. */
static int duplicate(int number)
{
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return getsockopt(number, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
                   protocol == IPPROTO_TCP
               ? fcntl(number, F_DUPFD_CLOEXEC, 0)
               : -1;
}

static void come(struct pm_links *links, int number)
{
    if (number < 0 || number >= links->numbers) {
        return; /* not to be had: there are numbers for all that the process may open */
    }
    struct pm_link *link = &links->list[number];
    if (link->open) {
        forget(links, link, number);
    }
    *link = (struct pm_link){.descriptor = duplicate(number),
                             .open = true,
                             .serial = ++links->serials,
                             .read_before = link->read_before,
                             .accepted_ms = pm_clock_monotonic_ms()};
    find_address(link);
    links->counts.open++;
    if (number >= links->highest) {
        links->highest = number + 1;
    }
    if (links->counts.open > (int64_t)links->config.max) {
        pm_link_close(links, link, PM_LINK_ONE_TOO_MANY);
    }
}

static void go(struct pm_links *links, int number)
{
    const bool handshake_failed = links->handshake_failed;
    links->handshake_failed = false;
    if (number < 0 || number >= links->numbers || !links->list[number].open) {
        return;
    }
    struct pm_link *link = &links->list[number];
    if (!link->closed_by_us) {
        if (handshake_failed) {
            note(links, link, PM_LINK_NO_HANDSHAKE);
        } else if (was_broken(links, link)) {
            note(links, link, PM_LINK_BROKEN);
        }
    }
    forget(links, link, number);
}

/* ---- what ZeroMQ tells ---- */

/* All events of one connection's end are told in a row, by the one thread that ZeroMQ has. */
static void hear(struct pm_links *links, zmq_msg_t *frame)
{
    uint16_t event;
    int32_t value;
    if (zmq_msg_size(frame) != sizeof event + sizeof value) {
        return;
    }
    memcpy(&event, zmq_msg_data(frame), sizeof event);
    memcpy(&value, (const char *)zmq_msg_data(frame) + sizeof event, sizeof value);
    if (event == ZMQ_EVENT_ACCEPTED) {
        come(links, value);
    } else if (event == ZMQ_EVENT_DISCONNECTED) {
        go(links, value);
    } else if ((event & FAILED_EVENTS) != 0) {
        links->handshake_failed = true;
    }
}

static void hear_all(struct pm_links *links)
{
    zmq_msg_t parts[2];
    size_t count;
    while (pm_wire_receive(links->monitor, parts, 2, &count, NULL) && count > 0) {
        pthread_mutex_lock(&links->mutex);
        hear(links, &parts[0]);
        pthread_mutex_unlock(&links->mutex);
        pm_wire_close(parts, count < 2 ? count : 2);
    }
}

/* ---- the thread ---- */

/* False: it is to end. *pulse: processor time was used. */
static bool wait_for(struct pm_links *links, int timeout_ms, bool *pulse)
{
    struct pollfd items[3] = {{.events = POLLIN},
                              {.fd = links->wake_fd, .events = POLLIN},
                              {.fd = links->pulse_fd, .events = POLLIN}};
    size_t size = sizeof items[0].fd;
    struct signalfd_siginfo signals[4];
    if (zmq_getsockopt(links->monitor, ZMQ_FD, &items[0].fd, &size) != 0) {
        return false;
    }
    poll(items, 3, timeout_ms);
    *pulse = (items[2].revents & POLLIN) != 0 && read(links->pulse_fd, signals, sizeof signals) > 0;
    return (items[1].revents & POLLIN) == 0;
}

static void *watch(void *argument)
{
    struct pm_links *links = argument;
    bool pulse = false;
    int timeout_ms = -1;
    if (!pm_links_begin_pulse(links)) {
        pm_log(PM_LOG_WARN, "SIDECAR-WATCH-SLOW",
               "connections are looked at once a second, not sooner: %s", strerror(errno));
    }
    hear_all(links);
    while (wait_for(links, timeout_ms, &pulse)) {
        hear_all(links);
        pthread_mutex_lock(&links->mutex);
        pm_links_look(links, pulse);
        timeout_ms = links->counts.open > 0 ? LOOK_MS : -1;
        pthread_mutex_unlock(&links->mutex);
    }
    pm_links_end_pulse(links);
    return NULL;
}

/* Signals are the broker's, whom they wake. */
static bool start_thread(struct pm_links *links)
{
    errno = pm_threads_create_without_signals(&links->thread, watch, links);
    links->started = errno == 0;
    return links->started;
}

static bool open_monitor(struct pm_links *links)
{
    const int no_linger = 0;
    links->monitor = zmq_socket(links->config.context, ZMQ_PAIR);
    return links->monitor != NULL &&
           zmq_setsockopt(links->monitor, ZMQ_LINGER, &no_linger, sizeof no_linger) == 0 &&
           zmq_socket_monitor(links->config.socket, MONITOR_URL, WATCHED_EVENTS) == 0 &&
           zmq_connect(links->monitor, MONITOR_URL) == 0;
}

/* ---- life ---- */

/* Each connection takes two descriptors, ZeroMQ's and ours. Without one left ZeroMQ would try to
 * take in the next connection again and again. */
static void limit_connections(struct pm_links *links)
{
    struct rlimit limit;
    size_t *max = &links->config.max;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        const rlim_t descriptors =
            limit.rlim_cur > OTHER_DESCRIPTORS + 2 ? limit.rlim_cur - OTHER_DESCRIPTORS : 2;
        *max = *max < descriptors / 2 ? *max : descriptors / 2;
    }
    links->numbers = (int)(2 * *max) + SPARE_NUMBERS;
}

bool pm_links_create(const struct pm_links_config *config, struct pm_links **out,
                     struct pm_error *error)
{
    struct pm_links *links = calloc(1, sizeof *links);
    if (links == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the connections");
    }
    links->config = *config;
    links->pulse_fd = links->memory_fd = -1;
    links->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&links->mutex, NULL);
    limit_connections(links);
    links->list = calloc((size_t)links->numbers, sizeof *links->list);
    links->read = calloc((size_t)links->numbers, sizeof *links->read);
    if (links->list == NULL || links->read == NULL || links->wake_fd < 0 || !open_monitor(links) ||
        !start_thread(links)) {
        const int failure = errno; /* before what is undone changes it */
        pm_links_silence(links);
        pm_links_destroy(links);
        return pm_fail(error, PM_ERROR_IO, "watching the connections: %s", zmq_strerror(failure));
    }
    *out = links;
    return true;
}

void pm_links_silence(struct pm_links *links)
{
    if (links != NULL) {
        zmq_socket_monitor(links->config.socket, NULL, 0);
    }
}

static void close_all(struct pm_links *links)
{
    const int descriptors[] = {links->wake_fd, links->pulse_fd, links->memory_fd};
    for (int i = 0; links->list != NULL && i < links->highest; i++) {
        if (links->list[i].open && links->list[i].descriptor >= 0) {
            close(links->list[i].descriptor);
        }
    }
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
}

void pm_links_destroy(struct pm_links *links)
{
    const uint64_t one = 1;
    if (links == NULL) {
        return;
    }
    if (links->started && write(links->wake_fd, &one, sizeof one) == sizeof one) {
        pthread_join(links->thread, NULL);
    }
    if (links->monitor != NULL) {
        zmq_close(links->monitor);
    }
    close_all(links);
    pthread_mutex_destroy(&links->mutex);
    free(links->list);
    free((void *)links->read);
    free(links);
}

/* ---- for the broker ---- */

int pm_link_of(zmq_msg_t *frame)
{
    return zmq_msg_get(frame, ZMQ_SRCFD);
}

/* What a frame of this size takes on its way: flags, the size in one byte or eight, and with CURVE
 * a command's name, a nonce, a code of authentication and the flags once more. */
static size_t frame_bytes(size_t size, bool encrypted)
{
    const size_t carried = encrypted ? size + PM_WIRE_CURVE_EXTRA : size;
    return carried + (carried > 255 ? 9 : 2);
}

void pm_links_read(struct pm_links *links, int number, const struct pm_wire_frame *frames,
                   size_t count)
{
    uint64_t bytes = 0;
    if (number < 0 || number >= links->numbers) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bytes += frame_bytes(frames[i].size, links->config.encrypted);
    }
    /* Written by the broker alone. */
    atomic_store_explicit(&links->read[number],
                          atomic_load_explicit(&links->read[number], memory_order_relaxed) + bytes,
                          memory_order_relaxed);
}

uint64_t pm_links_serial(struct pm_links *links, int number)
{
    uint64_t serial = 0;
    if (number >= 0 && number < links->numbers) {
        pthread_mutex_lock(&links->mutex);
        serial = links->list[number].open ? links->list[number].serial : 0;
        pthread_mutex_unlock(&links->mutex);
    }
    return serial;
}

void pm_links_close(struct pm_links *links, int number, uint64_t serial, enum pm_link_fault fault)
{
    if (number < 0 || number >= links->numbers) {
        return;
    }
    pthread_mutex_lock(&links->mutex);
    struct pm_link *link = &links->list[number];
    if (link->open && link->serial == serial && !link->closed_by_us) {
        pm_link_close(links, link, fault);
    }
    pthread_mutex_unlock(&links->mutex);
}

int pm_links_numbers(const struct pm_links *links)
{
    return links->numbers;
}

void pm_links_count(struct pm_links *links, struct pm_link_counts *out)
{
    pthread_mutex_lock(&links->mutex);
    *out = links->counts;
    pthread_mutex_unlock(&links->mutex);
}
