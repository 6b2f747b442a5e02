#include "tests/driver/scripted_server.h"

#include "cmocka_include.h"
#include "loopback.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>

struct scripted_server {
    scripted_handler *handler;
    void *context;
    int listener;
    char url[64];
    pthread_t thread;
    atomic_bool stop;
    atomic_int connections, requests;
    struct scripted_request request;
    struct scripted_reply reply;
};

/* True when `file` can be read; false when the server is stopped. */
static bool wait_readable(struct scripted_server *server, int file)
{
    while (!atomic_load(&server->stop)) {
        struct pollfd poller = {.fd = file, .events = POLLIN};
        if (poll(&poller, 1, 20) > 0) {
            return true;
        }
    }
    return false;
}

static bool send_all(int file, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(file, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Reads until the head and the body it announces are there. False: the client is gone. */
static bool read_request(struct scripted_server *server, int file)
{
    static const size_t room = SCRIPTED_TEXT_MAX + 4096;
    struct scripted_request *request = &server->request;
    char *text = calloc(1, room + 1);
    size_t length = 0;
    char *end = NULL;
    size_t expected = 0;
    memset(request, 0, sizeof *request);
    while (end == NULL || length < expected) {
        ssize_t count = 0;
        if (length == room || !wait_readable(server, file) ||
            (count = recv(file, text + length, room - length, 0)) <= 0) {
            free(text);
            return false;
        }
        length += (size_t)count;
        if (end == NULL && (end = strstr(text, "\r\n\r\n")) != NULL) {
            const char *announced = strcasestr(text, "\r\nContent-Length:");
            size_t size = announced == NULL ? 0 : strtoul(announced + 17, NULL, 10);
            expected = (size_t)(end + 4 - text) + size;
        }
    }
    sscanf(text, "%7s %255s", request->method, request->path);
    snprintf(request->head, sizeof request->head, "%.*s", (int)(end + 2 - text), text);
    request->body_size = length - (size_t)(end + 4 - text);
    memcpy(request->body, end + 4, request->body_size);
    free(text);
    return true;
}

static void hang(struct scripted_server *server, int file)
{
    char byte = 0;
    while (wait_readable(server, file)) {
        if (recv(file, &byte, 1, 0) <= 0) {
            return;
        }
    }
}

static void flood(struct scripted_server *server, int file, const char *start, const char *piece)
{
    bool open = send_all(file, start, strlen(start));
    while (open && !atomic_load(&server->stop)) {
        open = send_all(file, piece, strlen(piece));
    }
}

static bool drip(struct scripted_server *server, int file, const char *text)
{
    for (; *text != '\0' && !atomic_load(&server->stop); text++) {
        if (!send_all(file, text, 1)) {
            return false;
        }
        pm_clock_sleep_ms(100);
    }
    return false;
}

/* True: the connection goes on. */
static bool answer(struct scripted_server *server, int file)
{
    struct scripted_reply *reply = &server->reply;
    char head[1024];
    size_t size = reply->body_size > 0 ? reply->body_size : strlen(reply->body);
    size_t promised = reply->manner == SCRIPTED_TRUNCATE ? size + 100 : size;
    snprintf(head, sizeof head, "HTTP/1.1 %d Scripted\r\n%sContent-Length: %zu\r\n\r\n",
             reply->status == 0 ? 200 : reply->status, reply->headers, promised);
    switch (reply->manner) {
    case SCRIPTED_HANG:
        hang(server, file);
        return false;
    case SCRIPTED_CLOSE:
        return false;
    case SCRIPTED_GARBAGE:
        send_all(file, "\x01\x02 this is not HTTP\r\n\r\n", 24);
        return false;
    case SCRIPTED_FLOOD:
        flood(server, file, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
              "20\r\n{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
        return false;
    case SCRIPTED_HEADERS:
        flood(server, file, "HTTP/1.1 200 OK\r\n", "X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
        return false;
    case SCRIPTED_HEADER_LINE:
        flood(server, file, "HTTP/1.1 200 OK\r\nX-Long: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        return false;
    case SCRIPTED_DRIP:
        return drip(server, file, head);
    case SCRIPTED_TRUNCATE:
    case SCRIPTED_PROPER:
        break;
    }
    return send_all(file, head, strlen(head)) && send_all(file, reply->body, size) &&
           reply->manner == SCRIPTED_PROPER;
}

static void serve(struct scripted_server *server, int file)
{
    bool open = true;
    while (open && read_request(server, file)) {
        atomic_fetch_add(&server->requests, 1);
        memset(&server->reply, 0, sizeof server->reply);
        server->handler(server->context, &server->request, &server->reply);
        open = answer(server, file);
    }
}

static void *run(void *argument)
{
    struct scripted_server *server = argument;
    while (wait_readable(server, server->listener)) {
        int file = accept(server->listener, NULL, NULL);
        if (file >= 0) {
            int yes = 1; /* head and body go in two pieces: no waiting for acknowledgements */
            setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            atomic_fetch_add(&server->connections, 1);
            serve(server, file);
            close(file);
        }
    }
    return NULL;
}

struct scripted_server *scripted_server_bind(scripted_handler *handler, void *context)
{
    struct scripted_server *server = calloc(1, sizeof *server);
    int port = 0;
    assert_non_null(server);
    server->handler = handler;
    server->context = context;
    server->listener = loopback_bind(&port);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", port);
    return server;
}

void scripted_server_listen(struct scripted_server *server)
{
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

struct scripted_server *scripted_server_start(scripted_handler *handler, void *context)
{
    struct scripted_server *server = scripted_server_bind(handler, context);
    scripted_server_listen(server);
    return server;
}

void scripted_server_stop(struct scripted_server *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    close(server->listener);
    free(server);
}

const char *scripted_server_url(const struct scripted_server *server)
{
    return server->url;
}

int scripted_server_connections(const struct scripted_server *server)
{
    return atomic_load(&server->connections);
}

int scripted_server_requests(const struct scripted_server *server)
{
    return atomic_load(&server->requests);
}

const char *scripted_header(const struct scripted_request *request, const char *name)
{
    static _Thread_local char value[256];
    char pattern[64];
    value[0] = '\0';
    snprintf(pattern, sizeof pattern, "\r\n%s: ", name);
    const char *found = strcasestr(request->head, pattern);
    if (found != NULL) {
        sscanf(found + strlen(pattern), "%255[^\r\n]", value);
    }
    return value;
}
