/* The pool's memory: records in a database, written once over sql.h.
 *
 * Everything happens inside a piece of work that pm_pool_store_run runs in one transaction: it
 * happens as a whole or not at all, and when run returns true with a commit it survives kill -9 and
 * power loss. All other functions here may be called only from inside such work. They return false
 * with the error set when the database failed; then the work has to fail too.
 *
 * Times are unix milliseconds, reputation is in micro-points, money in RAO. */
#ifndef POOL_STORE_H
#define POOL_STORE_H

#include "pool/rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

enum {
    PM_POOL_LEASE_ID_SIZE = 33, /* 32 hex digits and the NUL */
    PM_DIGEST_SIZE = 65,        /* BLAKE2b-256 in hex and the NUL */
};

struct pm_pool_store;

/* `name` is a file's path, ":memory:", or PostgreSQL's URL (postgresql://...). Brings the schema up
 * to date. */
bool pm_pool_store_open(const char *name, struct pm_pool_store **out, struct pm_error *error);
/* One that a pool may be working on: its schema is not touched, and when it is not this program's
 * the store is refused with PM_ERROR_REFUSED. */
bool pm_pool_store_open_as_it_is(const char *name, struct pm_pool_store **out,
                                 struct pm_error *error);
/* The same for work that only reads, which nothing can be written with: it waits for no work of a
 * writer, and sees what that has committed. */
bool pm_pool_store_open_reader(const char *name, struct pm_pool_store **out,
                               struct pm_error *error);
void pm_pool_store_close(struct pm_pool_store *store);

/* True when a sync of the disk has failed in a way that only a new process can go on from: work
 * fails from then on, and the pool has to end. What was committed before is kept. Safe from any
 * thread. */
bool pm_pool_store_is_lost(const struct pm_pool_store *store);

enum pm_pool_outcome { PM_POOL_COMMIT, PM_POOL_ROLLBACK, PM_POOL_FAILED };

/* `store` is to be handed to the functions below. Called again, after all of it was undone, when
 * something failed that was in the same transaction; it has to begin anew then. */
typedef enum pm_pool_outcome pm_pool_work(struct pm_pool_store *store, void *context,
                                          struct pm_error *error);

/* Threads queue here, and what waits together is committed together. True: committed or rolled back
 * as the work asked. */
bool pm_pool_store_run(struct pm_pool_store *store, pm_pool_work *work, void *context,
                       struct pm_error *error);

/* The same without waiting: `done` is called when it is over, by the thread that serves the queue,
 * which it must not keep; `ok` and `error` are what pm_pool_store_run would have said. False, and
 * nothing is called, when memory is out. Between the two below; what is posted before waits for the
 * start. */
typedef void pm_pool_done(void *context, bool ok, const struct pm_error *error);
bool pm_pool_store_post(struct pm_pool_store *store, pm_pool_work *work, void *context,
                        pm_pool_done *done, struct pm_error *error);
/* A thread that serves the queue begins and ends; it ends when what was posted is done. */
bool pm_pool_store_start(struct pm_pool_store *store, struct pm_error *error);
void pm_pool_store_stop(struct pm_pool_store *store);

/* Logs what the work has done, at level info, once it is committed; nothing when it is not. `id` is
 * a literal. At most PM_STORE_NOTES_MAX a piece of work. */
enum { PM_STORE_NOTES_MAX = 4 };
void pm_store_log(struct pm_pool_store *store, const char *id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- rules ---- */

/* This process is at work on the store by these rules from here on, until the store is closed. When
 * others are, theirs have to be the same, else it fails with PM_ERROR_REFUSED and a sentence that
 * names the rule and both values; when nobody is, they become the store's, and what has changed is
 * logged. So does, from then on, all work after a lost connection when the store's rules have
 * become others meanwhile. */
bool pm_store_rules_adopt(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                          struct pm_error *error);

/* ---- miners ---- */

struct pm_pool_counts {
    int64_t evaluations_submitted, evaluations_finalised, evaluations_accurate;
    int64_t evolutions_submitted, evolutions_finalised, evolutions_over_threshold;
};

struct pm_pool_miner {
    char hotkey[PM_ADDRESS_SIZE];
    int64_t registered_ms, last_seen_ms;
    char recipient_coldkey[PM_ADDRESS_SIZE]; /* "" when none is set */
    int64_t recipient_signed_s;              /* timestamp that the last update was signed with */
    int64_t reputation_total;                /* of all epochs */
    struct pm_pool_counts counts;
    double best_score; /* of own evolutions at consensus; 0 when none */
};

/* Adds the miner if it is new, and notes that it was seen. */
bool pm_store_miner_touch(struct pm_pool_store *store, const char *hotkey, int64_t now_ms,
                          struct pm_error *error);
bool pm_store_miner_get(struct pm_pool_store *store, const char *hotkey, struct pm_pool_miner *out,
                        bool *found, struct pm_error *error);
bool pm_store_miner_count(struct pm_pool_store *store, const char *hotkey,
                          const struct pm_pool_counts *more, struct pm_error *error);
/* Keeps the better of the two. */
bool pm_store_miner_best_score(struct pm_pool_store *store, const char *hotkey, double score,
                               struct pm_error *error);
bool pm_store_miner_set_recipient(struct pm_pool_store *store, const char *hotkey,
                                  const char *coldkey, int64_t signed_s, struct pm_error *error);
bool pm_store_miners_active(struct pm_pool_store *store, int64_t since_ms, int64_t *out,
                            struct pm_error *error);

struct pm_pool_rank {
    struct pm_pool_miner miner;
    int64_t reputation; /* in the epoch asked for */
};
typedef bool pm_store_visit_rank(void *context, const struct pm_pool_rank *rank);
/* Miners by reputation in `epoch`, then by that of all epochs, then by hotkey. */
bool pm_store_leaderboard(struct pm_pool_store *store, int64_t epoch, int64_t limit,
                          pm_store_visit_rank *visit, void *context, struct pm_error *error);

/* ---- algorithms ---- */

struct pm_pool_algorithm {
    int64_t id;
    int input_dim;
    const char *dsl;    /* the written form */
    const char *digest; /* of the written form and input_dim; unique */
    const char *author; /* NULL: one of the pool's own seeds */
    bool in_population;
    bool agreed;
    double score; /* the consensus, when agreed */
    int64_t evaluation_count;
    int64_t created_ms, agreed_ms, verified_ms; /* 0: not yet */
};

/* Texts of what is visited belong to the store and live until the visit returns. A visitor that
 * returns false ends the walk, which is no error. */
typedef bool pm_store_visit_algorithm(void *context, const struct pm_pool_algorithm *algorithm);

/* `parents` are at most PM_BATCH_MAX. */
bool pm_store_algorithm_add(struct pm_pool_store *store, const struct pm_pool_algorithm *algorithm,
                            const int64_t *parents, size_t parent_count, int64_t *id,
                            struct pm_error *error);
bool pm_store_algorithm_find(struct pm_pool_store *store, const char *digest, int64_t *id,
                             bool *found, struct pm_error *error);
bool pm_store_algorithm_exists(struct pm_pool_store *store, int64_t id, bool *exists,
                               struct pm_error *error);
bool pm_store_algorithm_visit(struct pm_pool_store *store, int64_t id,
                              pm_store_visit_algorithm *visit, void *context, bool *found,
                              struct pm_error *error);
struct pm_pool_consensus {
    double score;
    int64_t evaluation_count;
    int64_t agreed_ms;
    int64_t epoch, micro; /* the author's reward, booked in this epoch; 0: none */
};
/* The score is fixed, the author ("": the pool) has its reward, and the algorithm is in the
 * population, where those of the pool are from the first. A second consensus fails. */
bool pm_store_algorithm_agree(struct pm_pool_store *store, int64_t id, const char *author,
                              const struct pm_pool_consensus *consensus, struct pm_error *error);
bool pm_store_population_count(struct pm_pool_store *store, int64_t *out, struct pm_error *error);
/* One of the population: by its rank, from the best down (those without a score last), which takes
 * the longer the farther down it is; or by its place, in the order of joining. Both begin at 0. */
bool pm_store_population_visit_rank(struct pm_pool_store *store, int64_t rank,
                                    pm_store_visit_algorithm *visit, void *context,
                                    struct pm_error *error);
bool pm_store_population_visit_place(struct pm_pool_store *store, int64_t place,
                                     pm_store_visit_algorithm *visit, void *context,
                                     struct pm_error *error);
/* Algorithms that wait for consensus, and the best consensus score (*any false: none yet). */
bool pm_store_algorithms_summary(struct pm_pool_store *store, int64_t *waiting, double *best,
                                 int64_t *best_id, bool *any, struct pm_error *error);

struct pm_pool_totals {
    int64_t miners, leases_live;
    int64_t algorithms, population, evaluations;
    int64_t epochs_settled, paid_rao, pool_rao; /* of all settled epochs */
    int64_t withdrawals_pending, withdrawals_pending_rao;
};
bool pm_store_totals(struct pm_pool_store *store, struct pm_pool_totals *out,
                     struct pm_error *error);

struct pm_result_filter {
    int64_t limit;
    double minimum_score;
    bool verified_only;
};
/* Algorithms at consensus, best first. */
bool pm_store_results_visit(struct pm_pool_store *store, const struct pm_result_filter *filter,
                            pm_store_visit_algorithm *visit, void *context, struct pm_error *error);
/* The best evolved algorithm at consensus, if it is better than what was forwarded last (no visit
 * otherwise); and that it has been forwarded. */
bool pm_store_relay_next(struct pm_pool_store *store, pm_store_visit_algorithm *visit,
                         void *context, struct pm_error *error);
bool pm_store_relay_done(struct pm_pool_store *store, int64_t id, struct pm_error *error);
bool pm_store_result_verify(struct pm_pool_store *store, int64_t id, int64_t now_ms,
                            struct pm_error *error);

/* ---- evaluations ---- */

struct pm_pool_evaluation {
    char hotkey[PM_ADDRESS_SIZE];
    double score;
};
typedef bool pm_store_visit_evaluation(void *context, const struct pm_pool_evaluation *evaluation);

/* What an evaluation is of. */
struct pm_pool_subject {
    char author[PM_ADDRESS_SIZE]; /* "": the pool */
    bool agreed;
    double score; /* when agreed */
    int64_t evaluation_count;
};
bool pm_store_subject_get(struct pm_pool_store *store, int64_t algorithm_id,
                          struct pm_pool_subject *out, struct pm_error *error);

/* What an evaluation has come to. */
struct pm_pool_verdict {
    bool accurate;
    int64_t epoch, micro; /* its reward, booked in this epoch; 0: none */
};
/* From a miner that holds the algorithm in its lease, with the verdict on it or NULL when there is
 * none yet; the subject's count is another call. A second one by the same miner fails. */
bool pm_store_evaluation_add(struct pm_pool_store *store, int64_t algorithm_id,
                             const struct pm_pool_evaluation *evaluation,
                             const struct pm_pool_verdict *verdict, int64_t now_ms,
                             struct pm_error *error);
/* The verdict on one that had none; a second one fails. */
bool pm_store_evaluation_judge(struct pm_pool_store *store, int64_t algorithm_id,
                               const char *hotkey, const struct pm_pool_verdict *verdict,
                               struct pm_error *error);
bool pm_store_evaluations_count(struct pm_pool_store *store, int64_t algorithm_id, int64_t count,
                                struct pm_error *error);
bool pm_store_evaluations_visit(struct pm_pool_store *store, int64_t algorithm_id,
                                pm_store_visit_evaluation *visit, void *context,
                                struct pm_error *error);

/* What was agreed on and earned its miner nothing: by the time it was judged, evaluations before
 * evolutions, by algorithm. No two have the same place in that order. */
struct pm_pool_unpaid_place {
    int64_t judged_ms;
    bool is_evolution;    /* else an evaluation */
    int64_t algorithm_id; /* 0: before all of them */
};
struct pm_pool_unpaid {
    struct pm_pool_unpaid_place place;
    double score; /* the miner's; of an evolution the consensus */
    double median;
};
typedef bool pm_store_visit_unpaid(void *context, const struct pm_pool_unpaid *unpaid);
/* Those after `after`. */
bool pm_store_unpaid_visit(struct pm_pool_store *store, const char *hotkey,
                           const struct pm_pool_unpaid_place *after, int64_t limit,
                           pm_store_visit_unpaid *visit, void *context, struct pm_error *error);

/* What a miner may judge: not its own, not judged by it, not in its hands, and still in want of
 * judges, those who judged and those who hold it in a live lease being fewer than the quorum. So
 * every evaluation that comes back in time is one of those that make the consensus. At most
 * `limit`, those nearest to consensus first, then the oldest; and how many there are. */
bool pm_store_judgeable_visit(struct pm_pool_store *store, const char *hotkey, int64_t limit,
                              pm_store_visit_algorithm *visit, void *context,
                              struct pm_error *error);
bool pm_store_judgeable_count(struct pm_pool_store *store, const char *hotkey, int64_t *count,
                              struct pm_error *error);
/* The quorum has changed: finds out anew which algorithms want judges. The same quorum goes with
 * every call below. */
bool pm_store_judgeable_renew(struct pm_pool_store *store, int quorum, struct pm_error *error);
/* An algorithm that has the quorum's evaluations and no consensus yet. */
bool pm_store_consensus_due(struct pm_pool_store *store, int quorum, int64_t *id, bool *found,
                            struct pm_error *error);

/* ---- leases ---- */

enum pm_pool_lease_kind { PM_POOL_LEASE_BOTH, PM_POOL_LEASE_EVALUATE, PM_POOL_LEASE_EVOLVE };
enum pm_pool_lease_state {
    PM_POOL_LEASE_ACTIVE,
    PM_POOL_LEASE_DONE,
    PM_POOL_LEASE_EXPIRED,
    PM_POOL_LEASE_DROPPED
};

struct pm_pool_lease {
    char id[PM_POOL_LEASE_ID_SIZE];
    char hotkey[PM_ADDRESS_SIZE];
    enum pm_pool_lease_kind kind;
    enum pm_pool_lease_state state;
    int64_t window, issued_ms, timeout_ms;
    int evolve_budget;
    bool refused;                           /* a submission of it was refused for its content */
    char submission_digest[PM_DIGEST_SIZE]; /* of the submission that was accepted; else "" */
    int64_t work[PM_BATCH_MAX];             /* given to evaluate, each once */
    int64_t seeds[PM_BATCH_MAX];            /* given to evolve from, in their order */
    size_t work_count, seed_count;
};

/* Its work is in the miner's hands from here on. */
bool pm_store_lease_add(struct pm_pool_store *store, const struct pm_pool_lease *lease, int quorum,
                        struct pm_error *error);
bool pm_store_lease_get(struct pm_pool_store *store, const char *lease_id,
                        struct pm_pool_lease *out, bool *found, struct pm_error *error);
/* The answer stored with a lease that is done; malloc'd (the caller frees). */
bool pm_store_lease_answer(struct pm_pool_store *store, const char *lease_id, char **answer,
                           struct pm_error *error);
bool pm_store_lease_active(struct pm_pool_store *store, const char *hotkey,
                           struct pm_pool_lease *out, bool *found, struct pm_error *error);
/* Of whatever kind. */
bool pm_store_leases_in_window(struct pm_pool_store *store, const char *hotkey, int64_t window,
                               int64_t *out, struct pm_error *error);
bool pm_store_lease_refused(struct pm_pool_store *store, const char *lease_id,
                            struct pm_error *error);
/* Done: with the digest of the submission and the answer to it. lease->work, from which the caller
 * has taken what was judged, is given back. */
bool pm_store_lease_finish(struct pm_pool_store *store, const struct pm_pool_lease *lease,
                           const char *digest, const char *answer, int quorum,
                           struct pm_error *error);
/* Its work goes to others. */
bool pm_store_lease_drop(struct pm_pool_store *store, const struct pm_pool_lease *lease, int quorum,
                         struct pm_error *error);
/* Ends the live leases whose time is over; their work goes to others. */
bool pm_store_leases_expire(struct pm_pool_store *store, int64_t now_ms, int quorum,
                            int64_t *expired, struct pm_error *error);

/* ---- reputation, epochs, money ---- */

bool pm_store_reputation(struct pm_pool_store *store, int64_t epoch, const char *hotkey,
                         int64_t *out, struct pm_error *error);
/* 1 for the best; miners without reputation share the place after the last. */
bool pm_store_rank(struct pm_pool_store *store, int64_t epoch, int64_t reputation, int64_t *out,
                   struct pm_error *error);
/* Of the miners who have any; the visit shows the same ones. */
bool pm_store_reputation_sum(struct pm_pool_store *store, int64_t epoch, int64_t *sum,
                             int64_t *miners, struct pm_error *error);
typedef bool pm_store_visit_reputation(void *context, const char *hotkey, int64_t reputation);
bool pm_store_reputation_visit(struct pm_pool_store *store, int64_t epoch,
                               pm_store_visit_reputation *visit, void *context,
                               struct pm_error *error);

struct pm_pool_epoch {
    int64_t number, start_ms, end_ms;
    bool settled;
    int64_t settled_ms, reputation, budget_rao, paid_rao, pool_rao; /* when settled */
};
bool pm_store_epoch_latest(struct pm_pool_store *store, struct pm_pool_epoch *out, bool *found,
                           struct pm_error *error);
bool pm_store_epoch_add(struct pm_pool_store *store, const struct pm_pool_epoch *epoch,
                        struct pm_error *error);
bool pm_store_epoch_settle(struct pm_pool_store *store, const struct pm_pool_epoch *epoch,
                           struct pm_error *error);

struct pm_pool_payout {
    int64_t epoch, reputation, rao, settled_ms;
};
bool pm_store_payout_add(struct pm_pool_store *store, const char *hotkey,
                         const struct pm_pool_payout *payout, struct pm_error *error);
typedef bool pm_store_visit_payout(void *context, const struct pm_pool_payout *payout);
/* Newest first. */
bool pm_store_payouts_visit(struct pm_pool_store *store, const char *hotkey, int64_t limit,
                            pm_store_visit_payout *visit, void *context, struct pm_error *error);

/* What a miner's payouts and withdrawals add up to: balance = lifetime - withdrawn - pending. */
struct pm_pool_balance {
    int64_t lifetime_rao;  /* paid out by epochs */
    int64_t withdrawn_rao; /* approved withdrawals */
    int64_t pending_rao;   /* withdrawals that wait for the operator */
};
bool pm_store_balance(struct pm_pool_store *store, const char *hotkey, struct pm_pool_balance *out,
                      struct pm_error *error);

enum pm_withdrawal_state { PM_WITHDRAWAL_PENDING, PM_WITHDRAWAL_APPROVED, PM_WITHDRAWAL_REJECTED };
struct pm_pool_withdrawal {
    int64_t id, rao, requested_ms, decided_ms;
    enum pm_withdrawal_state state;
    char hotkey[PM_ADDRESS_SIZE], coldkey[PM_ADDRESS_SIZE];
};
bool pm_store_withdrawal_add(struct pm_pool_store *store, struct pm_pool_withdrawal *withdrawal,
                             struct pm_error *error);
bool pm_store_withdrawal_pending(struct pm_pool_store *store, const char *hotkey,
                                 struct pm_pool_withdrawal *out, bool *found,
                                 struct pm_error *error);
typedef bool pm_store_visit_withdrawal(void *context, const struct pm_pool_withdrawal *withdrawal);
/* Oldest first. */
bool pm_store_withdrawals_visit(struct pm_pool_store *store, pm_store_visit_withdrawal *visit,
                                void *context, struct pm_error *error);
bool pm_store_withdrawal_get(struct pm_pool_store *store, int64_t id,
                             struct pm_pool_withdrawal *out, bool *found, struct pm_error *error);
bool pm_store_withdrawal_decide(struct pm_pool_store *store, int64_t id,
                                enum pm_withdrawal_state state, int64_t now_ms,
                                struct pm_error *error);

#endif
