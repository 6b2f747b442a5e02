/* A hand on the PostgreSQL server under a pool: gates before which its transactions wait, so that
 * something can be done to one that is just there, and the server's death. */
#ifndef TESTS_POOL_POSTGRES_GATES_H
#define TESTS_POOL_POSTGRES_GATES_H

#include <sys/types.h>

enum gate {
    GATE_BOOKING = 1, /* an evaluation has been written, more is to follow */
    GATE_COMMIT,      /* the commit of evaluations has begun, nothing of it has happened */
    GATE_COMMITTED,   /* a commit has happened, and nobody has been told */
    GATE_SETTLING,    /* a payout has been written */
    GATE_SETTLED,     /* the commit of payouts has begun */
    GATE_COUNT
};

/* Once the pool has made its tables. */
void gates_build(void);
void gate_close(enum gate gate);
void gate_open(enum gate gate);

/* Somebody who waits before a gate. */
struct waiting {
    int backend;     /* the server's process */
    char client[64]; /* the name its client goes by */
};
/* Waits until somebody does; `backend`: that one, or 0, whoever it is. */
struct waiting gate_wait(enum gate gate, int backend);
/* The server hangs up on its client. */
void backend_end(int backend);

/* From here on the server waits for the disk. */
void postgres_sync(void);
/* kill -9 for the server and all its processes. */
void postgres_kill(void);
/* Starts it again, as a child of the test, and waits until it answers. */
pid_t postgres_start(void);
/* Ends what postgres_start started. */
void postgres_stop(pid_t server);

#endif
