/* TLS in front of a plain server of a test: a certificate of its own, made anew, and bytes handed
 * on as they come, both ways. One connection at a time, on 127.0.0.1. */
#ifndef TESTS_DRIVER_TLS_FRONT_H
#define TESTS_DRIVER_TLS_FRONT_H

struct tls_front;

/* `plain_url` is "http://127.0.0.1:PORT". The certificate is for 127.0.0.1 and pool.test, and
 * nobody else. Asserts on failure. */
struct tls_front *tls_front_start(const char *plain_url);
void tls_front_stop(struct tls_front *front);

/* "https://127.0.0.1:PORT", the same by the name localhost, and the file with the certificate;
 * belong to the front. */
const char *tls_front_url(const struct tls_front *front);
const char *tls_front_other_url(const struct tls_front *front);
const char *tls_front_certificate(const struct tls_front *front);

#endif
