/* The HTTP server where the system gives no threads. */
#include "cmocka_include.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <poolminer/http_server.h>

/* In the place of the system's, for the HTTP library too. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the parameters are POSIX's */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    (void)thread;
    (void)attributes;
    (void)run;
    (void)context;
    return EAGAIN;
}

static void test_threads_that_are_missing(void **state)
{
    (void)state;
    const struct pm_http_server_config config = {.host = "127.0.0.1",
                                                 .body_max = 1024,
                                                 .request_ms = 1000,
                                                 .connections_max = 64,
                                                 .threads = 16};
    struct pm_http_server *server;
    struct pm_error error = {0};
    assert_false(pm_http_server_create(&config, &server, &error));
    if (strstr(error.message, "the system gives no 16 threads") == NULL) {
        fail_msg("%s", error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_that_are_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
