/* A real pool and five miners with keys of their own. Each step fails the test when it goes wrong.
 */
#ifndef TESTS_HOUSE_H
#define TESTS_HOUSE_H

#include "pool/http_client.h"
#include "pool/pool_process.h"
#include "pool/sql.h"

enum { CLIENTS = 5 };

struct house {
    struct pool_process pool;
    struct client clients[CLIENTS];
};

/* Starts the pool with these options (NULL-terminated, may be NULL). */
void house_open(struct house *house, const char *const *options);
/* cmocka's teardown for a malloc'd house. */
int house_close(void **state);

/* Without proof. */
struct answer house_get(const struct house *house, const char *path, int status);

/* Takes a lease and brings back the same score (JSON) for all of it. */
void house_judge_all(const struct client *client, const char *score);

/* Takes a lease and brings back `program` (JSON); the answer has `status` and contains `said`. */
void house_evolve(const struct client *client, const char *program, int status, const char *said);

/* The pool's store, by the back door. */
struct pm_sql *house_open_store(const struct house *house);
void house_run_script(const struct house *house, const char *script);

/* What the client has earned shall go to the last client's address. */
void house_set_recipient(const struct house *house, const struct client *client);

#endif
