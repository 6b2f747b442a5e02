#include "sidecar/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/curve_keys.h>
#include <poolminer/file.h>
#include <poolminer/wire.h>

/* A "draft" in zmq.h and left out of it, but in the library since 4.3.1: without it a domain that
 * nobody answers for would let everybody in. */
enum { ZAP_ENFORCE_DOMAIN = 93 };

static const char DOMAIN[] = "poolminer";

enum {
    ZAP_FRAMES = 7, /* version, request id, domain, address, identity, mechanism, key */
    FRAME_VERSION = 0,
    FRAME_REQUEST = 1,
    FRAME_DOMAIN = 2,
    FRAME_ADDRESS = 3,
    FRAME_MECHANISM = 5,
    FRAME_KEY = 6,
};

struct pm_access {
    void *socket;
    struct pm_curve_keys keys;
    struct pm_curve_list list;
    bool known;              /* the list is what its file said when it was `changed` */
    struct timespec changed; /* of the list's file; all zero: it was not there */
    off_t size;
    ino_t inode;
    char *list_path;
};

/* ---- the list ---- */

static bool same_file(const struct pm_access *access, const struct stat *now)
{
    return access->changed.tv_sec == now->st_mtim.tv_sec &&
           access->changed.tv_nsec == now->st_mtim.tv_nsec && access->size == now->st_size &&
           access->inode == now->st_ino;
}

bool pm_access_refresh(struct pm_access *access, struct pm_error *error)
{
    struct stat now = {0};
    struct pm_curve_list list;
    if (stat(access->list_path, &now) != 0) {
        now = (struct stat){0};
    }
    if (access->known && same_file(access, &now)) {
        return true;
    }
    /* What could not be read is tried again: the reason may lie outside the file. */
    access->known = pm_curve_list_read(access->list_path, &list, error);
    access->changed = now.st_mtim;
    access->size = now.st_size;
    access->inode = now.st_ino;
    pm_curve_list_clear(&access->list);
    access->list = list;
    return access->known;
}

bool pm_access_allows(const struct pm_access *access, zmq_msg_t *frame)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    if (user == NULL) {
        /* Only this process' own threads come without an address, and without having been judged.
         */
        return zmq_msg_gets(frame, "Peer-Address") == NULL;
    }
    return pm_curve_list_find(&access->list, user) != NULL;
}

/* ---- ZAP ---- */

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    return zmq_msg_size(frame) == strlen(text) &&
           memcmp(zmq_msg_data(frame), text, strlen(text)) == 0;
}

/* The owner's key in digits, which becomes the connection's user id; false: nobody we know. */
static bool judge(const struct pm_access *access, zmq_msg_t *frames, size_t count,
                  char user[PM_CURVE_KEY_DIGITS + 1])
{
    if (count != ZAP_FRAMES || !frame_is(&frames[FRAME_VERSION], "1.0") ||
        !frame_is(&frames[FRAME_DOMAIN], DOMAIN) || !frame_is(&frames[FRAME_MECHANISM], "CURVE") ||
        zmq_msg_size(&frames[FRAME_KEY]) != PM_CURVE_KEY_SIZE) {
        return false;
    }
    pm_curve_key_format(zmq_msg_data(&frames[FRAME_KEY]), user);
    return pm_curve_list_find(&access->list, user) != NULL;
}

static void reply(const struct pm_access *access, zmq_msg_t *request, bool allowed,
                  const char *user)
{
    const struct pm_wire_frame frames[6] = {
        {"1.0", 3},
        {zmq_msg_data(request), zmq_msg_size(request)},
        {allowed ? "200" : "400", 3},
        {allowed ? "OK" : "not authorized", strlen(allowed ? "OK" : "not authorized")},
        {user, allowed ? strlen(user) : 0},
        {"", 0},
    };
    pm_wire_send(access->socket, frames, 6);
}

void pm_access_answer(struct pm_access *access, char refused[PM_ACCESS_ADDRESS_SIZE])
{
    zmq_msg_t frames[ZAP_FRAMES];
    size_t count;
    refused[0] = '\0';
    while (pm_wire_receive(access->socket, frames, ZAP_FRAMES, &count, NULL) && count > 0) {
        char user[PM_CURVE_KEY_DIGITS + 1] = "";
        size_t kept = count < ZAP_FRAMES ? count : ZAP_FRAMES;
        bool allowed = judge(access, frames, count, user);
        if (kept > FRAME_REQUEST) {
            reply(access, &frames[FRAME_REQUEST], allowed, user);
        }
        if (!allowed && kept > FRAME_ADDRESS) {
            snprintf(refused, PM_ACCESS_ADDRESS_SIZE, "%.*s",
                     (int)zmq_msg_size(&frames[FRAME_ADDRESS]),
                     (const char *)zmq_msg_data(&frames[FRAME_ADDRESS]));
        }
        pm_wire_close(frames, kept);
    }
}

/* ---- life ---- */

static bool read_files(struct pm_access *access, const char *directory, struct pm_error *error)
{
    char *path = pm_path_join(directory, "sidecar.key", "", NULL);
    access->list_path = pm_path_join(directory, "authorized", "", NULL);
    if (path == NULL || access->list_path == NULL) {
        free(path);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the keys");
    }
    bool done = pm_curve_keys_read(path, &access->keys, error);
    free(path);
    if (done && access->keys.is_client) {
        return pm_fail(error, PM_ERROR_INVALID, "%s/sidecar.key is a client's key file", directory);
    }
    return done && pm_access_refresh(access, error);
}

bool pm_access_open(void *context, const char *directory, struct pm_access **out,
                    struct pm_error *error)
{
    const int no_linger = 0;
    struct pm_access *access = calloc(1, sizeof *access);
    if (access == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the keys");
    }
    bool done = read_files(access, directory, error);
    if (done) {
        access->socket = zmq_socket(context, ZMQ_REP);
        done = (access->socket != NULL &&
                zmq_setsockopt(access->socket, ZMQ_LINGER, &no_linger, sizeof no_linger) == 0 &&
                zmq_bind(access->socket, "inproc://zeromq.zap.01") == 0) ||
               pm_fail(error, PM_ERROR_IO, "setting up access: %s", zmq_strerror(errno));
    }
    if (!done) {
        pm_access_close(access);
        return false;
    }
    *out = access;
    return true;
}

void pm_access_close(struct pm_access *access)
{
    if (access == NULL) {
        return;
    }
    if (access->socket != NULL) {
        zmq_close(access->socket);
    }
    pm_curve_keys_wipe(&access->keys);
    pm_curve_list_clear(&access->list);
    free(access->list_path);
    free(access);
}

bool pm_access_secure(const struct pm_access *access, void *socket, struct pm_error *error)
{
    const int on = 1;
    return (zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on) == 0 &&
            zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, access->keys.secret_key,
                           PM_CURVE_KEY_SIZE) == 0 &&
            zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, DOMAIN, strlen(DOMAIN)) == 0 &&
            zmq_setsockopt(socket, ZAP_ENFORCE_DOMAIN, &on, sizeof on) == 0) ||
           pm_fail(error, PM_ERROR_IO, "this ZeroMQ cannot keep strangers out: %s",
                   zmq_strerror(errno));
}

void *pm_access_socket(const struct pm_access *access)
{
    return access->socket;
}
