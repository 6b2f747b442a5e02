#include "tests/driver/tls_front.h"

#include "cmocka_include.h"
#include "loopback.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, POLL_MS = 20 };

struct tls_front {
    SSL_CTX *context;
    int listener, plain_port;
    char url[64], other_url[64], certificate[64];
    pthread_t thread;
    atomic_bool stop;
};

/* ---- the certificate ---- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test pool", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *place =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1,DNS:pool.test");
    X509_add_ext(certificate, place, -1);
    X509_EXTENSION_free(place);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void set_up_tls(struct tls_front *front)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    X509 *certificate = make_certificate(key);
    strcpy(front->certificate, "/tmp/poolminer-tls-XXXXXX");
    int file = mkstemp(front->certificate);
    assert_true(file >= 0);
    FILE *stream = fdopen(file, "w");
    assert_int_equal(PEM_write_X509(stream, certificate), 1);
    fclose(stream);
    front->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(front->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(front->context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* ---- handing on ---- */

static bool from_client(SSL *tls, int plain)
{
    char piece[PIECE];
    do {
        int count = SSL_read(tls, piece, sizeof piece);
        if (count <= 0 || send(plain, piece, (size_t)count, MSG_NOSIGNAL) != count) {
            return false;
        }
    } while (SSL_pending(tls) > 0);
    return true;
}

static bool from_server(SSL *tls, int plain)
{
    char piece[PIECE];
    ssize_t count = recv(plain, piece, sizeof piece, 0);
    return count > 0 && SSL_write(tls, piece, (int)count) == (int)count;
}

static void hand_on(struct tls_front *front, SSL *tls, int client, int plain)
{
    bool open = true;
    while (open && !atomic_load(&front->stop)) {
        struct pollfd both[] = {{.fd = client, .events = POLLIN}, {.fd = plain, .events = POLLIN}};
        if (poll(both, 2, POLL_MS) <= 0) {
            continue;
        }
        open = (both[0].revents == 0 || from_client(tls, plain)) &&
               (both[1].revents == 0 || from_server(tls, plain));
    }
}

static void serve(struct tls_front *front, int client)
{
    SSL *tls = SSL_new(front->context);
    SSL_set_fd(tls, client);
    if (SSL_accept(tls) == 1) { /* a client that does not trust us ends here */
        int plain = loopback_connect(front->plain_port);
        assert_true(plain >= 0);
        hand_on(front, tls, client, plain);
        close(plain);
    }
    SSL_free(tls);
}

static void *run(void *argument)
{
    struct tls_front *front = argument;
    while (!atomic_load(&front->stop)) {
        struct pollfd poller = {.fd = front->listener, .events = POLLIN};
        int client = poll(&poller, 1, POLL_MS) > 0 ? accept(front->listener, NULL, NULL) : -1;
        if (client >= 0) {
            serve(front, client);
            close(client);
        }
    }
    return NULL;
}

/* ---- life ---- */

struct tls_front *tls_front_start(const char *plain_url)
{
    struct tls_front *front = calloc(1, sizeof *front);
    int port = 0;
    assert_non_null(front);
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without asking whether anybody is there */
    front->plain_port = (int)strtol(strrchr(plain_url, ':') + 1, NULL, 10);
    set_up_tls(front);
    front->listener = loopback_listen(&port);
    snprintf(front->url, sizeof front->url, "https://127.0.0.1:%d", port);
    snprintf(front->other_url, sizeof front->other_url, "https://localhost:%d", port);
    assert_int_equal(pthread_create(&front->thread, NULL, run, front), 0);
    return front;
}

void tls_front_stop(struct tls_front *front)
{
    if (front == NULL) {
        return;
    }
    atomic_store(&front->stop, true);
    pthread_join(front->thread, NULL);
    close(front->listener);
    SSL_CTX_free(front->context);
    unlink(front->certificate);
    free(front);
}

const char *tls_front_url(const struct tls_front *front)
{
    return front->url;
}

const char *tls_front_other_url(const struct tls_front *front)
{
    return front->other_url;
}

const char *tls_front_certificate(const struct tls_front *front)
{
    return front->certificate;
}
