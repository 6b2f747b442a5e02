/* A pool without HTTP, in memory or on a file, whose time stands still until the test moves it. */
#ifndef TESTS_VIRTUAL_POOL_H
#define TESTS_VIRTUAL_POOL_H

#include "pool/lease.h"
#include "pool/ledger.h"
#include "pool/submission.h"
#include "pool/tables.h"
#include "pool/withdrawal.h"

struct virtual_pool {
    struct pm_pool_rules rules;
    struct pm_pool_store *store;
    int64_t now_ms;
    int64_t leases_asked; /* the next lease's id and random */
};

/* What poolminer-pool goes by when nobody says otherwise. */
struct pm_pool_rules virtual_pool_default_rules(void);

/* Opens the store (":memory:": an empty one, in PostgreSQL when there is one for tests) and adds
 * the built-in seeds; any failure fails the test. */
void virtual_pool_open(struct virtual_pool *pool, const char *store_name);
void virtual_pool_close(struct virtual_pool *pool);

/* What a miner or the operator asks for, and what comes of it; of the members those of its kind
 * count. */
enum virtual_call_kind {
    VIRTUAL_LEASE,
    VIRTUAL_SUBMIT,
    VIRTUAL_WITHDRAW,
    VIRTUAL_DECIDE,
    VIRTUAL_SET_RECIPIENT,
    VIRTUAL_FAIL, /* writes a miner down, and fails */
};
struct virtual_call {
    enum virtual_call_kind kind;
    struct pm_pool_lease_wish wish; /* lease_id and random are filled in */
    const char *hotkey, *coldkey;   /* of all but a lease and a decision */
    int64_t lease;                  /* its number ... */
    const char *lease_id;           /* ... or, of a submission, its id; NULL: by its number */
    const struct pm_pool_submission *submission;
    int64_t amount_rao, withdrawal; /* the latter by its id */
    bool approve;

    int status;            /* 200, or that of the refusal */
    struct pm_grant grant; /* with 200 to be cleared */
    char *answer;          /* with 200 to be freed */
    struct pm_refusal refusal;
    struct virtual_pool *pool;
    struct pm_error error;
    bool done, ok;
};

/* One after the other, in one transaction of the store as when they came together. */
enum { VIRTUAL_CALLS_MAX = 8 };
void virtual_pool_call(struct virtual_pool *pool, struct virtual_call *const *calls, size_t count);

/* Status 200 with a grant to be cleared, or the status of the refusal. */
int virtual_pool_lease(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                       int64_t evaluate_max, int64_t seed_max, struct pm_grant *grant,
                       struct pm_refusal *refusal);

/* The same for a wish as a whole; its lease_id and random are filled in. */
int virtual_pool_wish(struct virtual_pool *pool, const struct pm_pool_lease_wish *wish,
                      struct pm_grant *grant, struct pm_refusal *refusal);

/* Status 200 with an answer (the caller frees), or the status of the refusal. */
int virtual_pool_submit(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                        const struct pm_pool_submission *submission, char **answer,
                        struct pm_refusal *refusal);

int virtual_pool_withdraw(struct virtual_pool *pool, const char *hotkey, int64_t amount_rao,
                          struct pm_refusal *refusal);

/* The operator's decision: 200, or the status of the refusal. */
int virtual_pool_decide(struct virtual_pool *pool, int64_t withdrawal_id, bool approve);

void virtual_pool_set_recipient(struct virtual_pool *pool, const char *hotkey, const char *coldkey);

/* Settles what is due, as the program does every moment. */
struct pm_pool_epoch virtual_pool_tick(struct virtual_pool *pool);

/* Finds the consensus that a lower quorum has made, as the program does when it starts. */
void virtual_pool_agree_due(struct virtual_pool *pool);

/* What the store says of a miner. */
struct virtual_miner {
    bool found;
    struct pm_pool_miner miner;
    struct pm_pool_balance balance;
    int64_t reputation; /* in the current epoch */
};
struct virtual_miner virtual_pool_miner(struct virtual_pool *pool, const char *hotkey);

/* A table as the operator sees it. */
void virtual_pool_table(struct virtual_pool *pool, const char *name, pm_table_visit *visit,
                        void *context);

/* An algorithm's state; agreed false and score 0 when there is none of that id. */
struct virtual_algorithm {
    bool found, agreed, in_population;
    double score;
    int64_t evaluation_count;
};
struct virtual_algorithm virtual_pool_algorithm(struct virtual_pool *pool, int64_t id);

/* The lease that was asked for as number `number`. */
struct virtual_lease {
    bool found;
    struct pm_pool_lease lease;
};
struct virtual_lease virtual_pool_find_lease(struct virtual_pool *pool, int64_t number);

/* The latest epoch's number; 0: none yet. */
int64_t virtual_pool_epoch(struct virtual_pool *pool);

/* A different program, strict and in no seed, for every number from 0 up. */
const char *virtual_program(int64_t number, char buffer[128]);

#endif
