#include "tests/driver/proxy.h"

#include "cmocka_include.h"
#include "loopback.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, POLL_MS = 20 };

struct proxy {
    int listener, server_port;
    char url[64], line[512];
    pthread_t thread;
    atomic_bool stop, refuses;
};

static bool readable(struct proxy *proxy, int file)
{
    while (!atomic_load(&proxy->stop)) {
        struct pollfd poller = {.fd = file, .events = POLLIN};
        if (poll(&poller, 1, POLL_MS) > 0) {
            return true;
        }
    }
    return false;
}

/* Reads up to the end of the head at least; how many bytes, 0: the client is gone. */
static size_t read_head(struct proxy *proxy, int client, char *text, size_t room)
{
    size_t length = 0;
    text[0] = '\0';
    while (strstr(text, "\r\n\r\n") == NULL) {
        ssize_t count = 0;
        if (length + 1 == room || !readable(proxy, client) ||
            (count = recv(client, text + length, room - 1 - length, 0)) <= 0) {
            return 0;
        }
        length += (size_t)count;
        text[length] = '\0';
    }
    return length;
}

static bool hand_on(int from, int to)
{
    char piece[PIECE];
    ssize_t count = recv(from, piece, sizeof piece, 0);
    return count > 0 && send(to, piece, (size_t)count, MSG_NOSIGNAL) == count;
}

static void relay(struct proxy *proxy, int client, int server)
{
    bool open = true;
    while (open && !atomic_load(&proxy->stop)) {
        struct pollfd both[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        if (poll(both, 2, POLL_MS) > 0) {
            open = (both[0].revents == 0 || hand_on(client, server)) &&
                   (both[1].revents == 0 || hand_on(server, client));
        }
    }
}

static bool say(int file, const char *text)
{
    size_t length = strlen(text);
    return send(file, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void serve(struct proxy *proxy, int client)
{
    static char head[PIECE];
    size_t length = read_head(proxy, client, head, sizeof head);
    if (length == 0) {
        return;
    }
    snprintf(proxy->line, sizeof proxy->line, "%.*s", (int)strcspn(head, "\r"), head);
    if (atomic_load(&proxy->refuses)) {
        say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    int server = loopback_connect(proxy->server_port);
    assert_true(server >= 0);
    /* A proxy's clock is nobody's business. */
    bool begun = strncmp(head, "CONNECT ", 8) == 0
                     ? say(client, "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1998 00:00:00 GMT\r\n\r\n")
                     : send(server, head, length, MSG_NOSIGNAL) == (ssize_t)length;
    if (begun) {
        relay(proxy, client, server);
    }
    close(server);
}

static void *run(void *argument)
{
    struct proxy *proxy = argument;
    while (readable(proxy, proxy->listener)) {
        int client = accept(proxy->listener, NULL, NULL);
        if (client >= 0) {
            serve(proxy, client);
            close(client);
        }
    }
    return NULL;
}

struct proxy *proxy_start(const char *server_url)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    int port = 0;
    assert_non_null(proxy);
    proxy->server_port = (int)strtol(strrchr(server_url, ':') + 1, NULL, 10);
    proxy->listener = loopback_listen(&port);
    snprintf(proxy->url, sizeof proxy->url, "http://127.0.0.1:%d", port);
    assert_int_equal(pthread_create(&proxy->thread, NULL, run, proxy), 0);
    return proxy;
}

void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    free(proxy);
}

void proxy_refuse(struct proxy *proxy)
{
    atomic_store(&proxy->refuses, true);
}

const char *proxy_url(const struct proxy *proxy)
{
    return proxy->url;
}

const char *proxy_line(const struct proxy *proxy)
{
    return proxy->line;
}
