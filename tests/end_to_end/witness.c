#include "witness.h"

#include "cmocka_include.h"
#include "loopback.h"
#include "zmtp_reader.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>

static const char SCHEMA[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "CREATE TABLE call(id INTEGER PRIMARY KEY, connection INTEGER, client TEXT, verb TEXT,"
    " request TEXT, asked TEXT, answer TEXT, told TEXT);"
    "CREATE INDEX call_open ON call(connection, request) WHERE answer IS NULL;"
    "CREATE TABLE body(call INTEGER, place INTEGER, data BLOB, PRIMARY KEY(call, place));";

static const char *const VERBS[] = {"put",     "lease",   "checkpoint", "finish", "fail",
                                    "release", "results", "collect",    "cancel", "record-put"};

enum statement { ASK, FIND, ANSWER, ADD_BODY, STATEMENTS };
static const char *const SQL[STATEMENTS] = {
    [ASK] = "INSERT INTO call(connection, client, verb, request, asked) VALUES(?1, ?2, ?3, ?4, ?5)",
    [FIND] = ("SELECT id FROM call WHERE connection = ?1 AND request = ?2 AND answer IS NULL"
              " ORDER BY id LIMIT 1"),
    [ANSWER] = "UPDATE call SET answer = ?2, told = ?3 WHERE id = ?1",
    [ADD_BODY] = "INSERT INTO body VALUES(?1, ?2, ?3)",
};

struct witness {
    int listener, port, sidecar_port;
    pthread_t thread;
    atomic_bool ends;
    atomic_int under_way; /* connections */
    int64_t connections;
    pthread_mutex_t mutex; /* of the database */
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
};

struct line {
    struct witness *witness;
    int64_t number;
    int client, sidecar;
    struct zmtp_reader requests, replies;
};

/* ---- what is written down ---- */

/* On threads of their own, where cmocka's assertions have no place to go to. */
static int64_t run(struct witness *witness, enum statement which)
{
    sqlite3_stmt *statement = witness->statements[which];
    const int status = sqlite3_step(statement);
    const int64_t found = status == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (status != SQLITE_ROW && status != SQLITE_DONE) {
        fprintf(stderr, "the witness: %s\n", sqlite3_errmsg(witness->database));
        abort();
    }
    sqlite3_reset(statement);
    return found;
}

static void bind_text(sqlite3_stmt *statement, int place, const void *text, size_t size)
{
    sqlite3_bind_text(statement, place, text, (int)size, SQLITE_TRANSIENT);
}

static void add_bodies(struct witness *witness, int64_t call, int place,
                       const struct pm_wire_frame *frames, size_t count)
{
    sqlite3_stmt *statement = witness->statements[ADD_BODY];
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_int64(statement, 1, call);
        sqlite3_bind_int(statement, 2, place + (int)i);
        sqlite3_bind_blob(statement, 3, frames[i].data, (int)frames[i].size, SQLITE_TRANSIENT);
        run(witness, ADD_BODY);
    }
}

static bool is_of_interest(const char *verb)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
        if (strcmp(verb, VERBS[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void write_request(struct line *line, const char *verb, const char *request,
                          const struct pm_wire_frame *frames, size_t count)
{
    struct witness *witness = line->witness;
    sqlite3_stmt *ask = witness->statements[ASK];
    const char *client = line->requests.routing_id;
    sqlite3_bind_int64(ask, 1, line->number);
    bind_text(ask, 2, client, strlen(client));
    bind_text(ask, 3, verb, strlen(verb));
    bind_text(ask, 4, request, strlen(request));
    bind_text(ask, 5, frames[1].data, frames[1].size);
    run(witness, ASK);
    add_bodies(witness, sqlite3_last_insert_rowid(witness->database), -1, frames + 2, count - 2);
}

static void write_reply(struct line *line, const char *verb, const char *request,
                        const struct pm_wire_frame *frames, size_t count)
{
    struct witness *witness = line->witness;
    sqlite3_stmt *find = witness->statements[FIND], *answer = witness->statements[ANSWER];
    sqlite3_bind_int64(find, 1, line->number);
    bind_text(find, 2, request, strlen(request));
    const int64_t call = run(witness, FIND);
    if (call == 0) {
        return; /* to what is not of interest */
    }
    sqlite3_bind_int64(answer, 1, call);
    bind_text(answer, 2, verb, strlen(verb));
    bind_text(answer, 3, frames[1].data, frames[1].size);
    run(witness, ANSWER);
    add_bodies(witness, call, 0, frames + 2, count - 2);
}

static void write_down(struct line *line, bool asks, const struct pm_wire_frame *frames,
                       size_t count)
{
    uint64_t request_id;
    char verb[PM_WIRE_VERB_MAX + 1], request[32];
    struct pm_error error;
    if (count < 2 || !pm_wire_header_decode(&frames[0], &request_id, verb, &error) ||
        (asks && !is_of_interest(verb))) {
        return;
    }
    snprintf(request, sizeof request, "%016" PRIx64, request_id);
    pthread_mutex_lock(&line->witness->mutex);
    if (asks) {
        write_request(line, verb, request, frames, count);
    } else {
        write_reply(line, verb, request, frames, count);
    }
    pthread_mutex_unlock(&line->witness->mutex);
}

/* ---- what is passed on ---- */

static bool send_all(int connection, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(connection, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* One way, until either end is gone: an answer is written down before anybody has it. */
static void pass_on(struct line *line, bool asks)
{
    uint8_t bytes[64 * 1024];
    struct pm_wire_frame frames[ZMTP_FRAMES_MAX];
    struct zmtp_reader *reader = asks ? &line->requests : &line->replies;
    const int from = asks ? line->client : line->sidecar, to = asks ? line->sidecar : line->client;
    ssize_t size;
    do {
        size = recv(from, bytes, sizeof bytes, 0);
        zmtp_reader_add(reader, bytes, size > 0 ? (size_t)size : 0);
        for (size_t count; (count = zmtp_reader_next(reader, frames)) > 0;) {
            write_down(line, asks, frames, count);
        }
    } while (size > 0 && send_all(to, bytes, (size_t)size));
    shutdown(from, SHUT_RDWR);
    shutdown(to, SHUT_RDWR);
}

static void *pass_on_replies(void *line)
{
    pass_on(line, false);
    return NULL;
}

static void *serve_one(void *argument)
{
    struct line *line = argument;
    pthread_t replies;
    line->sidecar = loopback_connect(line->witness->sidecar_port);
    if (line->sidecar >= 0 && pthread_create(&replies, NULL, pass_on_replies, line) == 0) {
        pass_on(line, true);
        pthread_join(replies, NULL);
    }
    if (line->sidecar >= 0) {
        close(line->sidecar);
    }
    close(line->client);
    zmtp_reader_clear(&line->requests);
    zmtp_reader_clear(&line->replies);
    atomic_fetch_sub(&line->witness->under_way, 1);
    free(line);
    return NULL;
}

static void accept_one(struct witness *witness)
{
    pthread_t thread;
    const int client = accept4(witness->listener, NULL, NULL, SOCK_CLOEXEC);
    struct line *line = calloc(1, sizeof *line);
    if (client < 0 || line == NULL) {
        free(line);
        return;
    }
    line->witness = witness;
    line->number = ++witness->connections;
    line->client = client;
    atomic_fetch_add(&witness->under_way, 1);
    if (pthread_create(&thread, NULL, serve_one, line) == 0) {
        pthread_detach(thread);
        return;
    }
    atomic_fetch_sub(&witness->under_way, 1);
    close(client);
    free(line);
}

static void *serve(void *argument)
{
    struct witness *witness = argument;
    while (!atomic_load(&witness->ends)) {
        struct pollfd ready = {.fd = witness->listener, .events = POLLIN};
        if (poll(&ready, 1, 100) > 0) {
            accept_one(witness);
        }
    }
    return NULL;
}

/* ---- the server ---- */

static void open_database(struct witness *witness, const char *path)
{
    assert_int_equal(sqlite3_open(path, &witness->database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(witness->database, SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    for (enum statement which = 0; which < STATEMENTS; which++) {
        assert_int_equal(sqlite3_prepare_v2(witness->database, SQL[which], -1,
                                            &witness->statements[which], NULL),
                         SQLITE_OK);
    }
    pthread_mutex_init(&witness->mutex, NULL);
}

struct witness *witness_start(int sidecar_port, const char *database)
{
    struct witness *witness = calloc(1, sizeof *witness);
    assert_non_null(witness);
    open_database(witness, database);
    witness->sidecar_port = sidecar_port;
    witness->listener = loopback_listen(&witness->port);
    assert_int_equal(pthread_create(&witness->thread, NULL, serve, witness), 0);
    return witness;
}

void witness_stop(struct witness *witness)
{
    atomic_store(&witness->ends, true);
    pthread_join(witness->thread, NULL);
    while (atomic_load(&witness->under_way) > 0) {
        pm_clock_sleep_ms(10);
    }
    close(witness->listener);
    for (enum statement which = 0; which < STATEMENTS; which++) {
        sqlite3_finalize(witness->statements[which]);
    }
    sqlite3_close(witness->database);
    pthread_mutex_destroy(&witness->mutex);
    free(witness);
}

int witness_port(const struct witness *witness)
{
    return witness->port;
}
