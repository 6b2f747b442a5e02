/* A miner, as `mine` and `gui` have it. Its sidecar, which serves the page, runs all the time.
 * While the miner works there are also a worker and a driver; or, for practice, a worker, a local
 * pool and two drivers. The miner starts and stops them as the page orders, and reports to the
 * page. */
#ifndef CLI_MINER_H
#define CLI_MINER_H

#include "cli/settings.h"
#include "cli/supervise.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/queue_client.h>

enum miner_task { MINER_POOL, MINER_PRACTICE };
enum miner_status { MINER_IDLE, MINER_STARTING, MINER_MINING, MINER_STOPPING, MINER_FAILED };
const char *miner_task_name(enum miner_task task);
bool miner_task_parse(const char *name, enum miner_task *out);

enum { MINER_URL_SIZE = 128, MINER_ANSWER_SIZE = 600 };

/* What has been done about the page's last order. */
struct miner_answer {
    int64_t number; /* of the order; 0: there was none */
    bool ok;
    char message[MINER_ANSWER_SIZE];
};

struct miner {
    const char *program; /* "mine" or "gui" */

    /* Settings. */
    const struct settings *session; /* as at this process's start; ports and directories stay so */
    struct settings current;        /* read again whenever the work starts; options NULL: not yet */
    double duration_s;              /* how long the driver is to mine; 0: until stopped */

    /* Files and the key. */
    char *data_directory, *hotkey_file, *summary;
    int lock;        /* of the data directory; -1: not held */
    bool key_is_new; /* there was no key file when this process started */
    char *password;  /* of an encrypted hotkey, in protected memory; NULL: not encrypted */

    /* Programs. */
    struct supervisor *base; /* the sidecar, which runs all the time */
    struct supervisor *work; /* everything else; NULL while nothing works */
    size_t driver;           /* which child of `work` the driver is */
    struct pm_queue_client *client;
    char sidecar_url[MINER_URL_SIZE];
    char page_url[2 * MINER_URL_SIZE]; /* with its token; "": no page */

    /* What it does. */
    enum miner_status status;
    int64_t since_ms; /* unix: when the status began */
    enum miner_task task;
    char failure[MINER_ANSWER_SIZE]; /* why the work ended by itself; "": it did not */
    char pool_url[MINER_URL_SIZE];   /* of practice's own pool */
    char address[64];                /* of practice's own key; "": not known yet */

    /* The report to the page. */
    struct miner_answer answer;
    cJSON *forecast, *settings;                             /* parts of it; NULL: none */
    int64_t next_report_ms, next_keep_ms, next_forecast_ms; /* monotonic */
};

/* Finds the files, locks the data directory, asks for the key's password, and starts the sidecar
 * and its page. To be closed after a failure, too. PM_ERROR_INTERRUPTED: this process was asked to
 * stop meanwhile. */
bool miner_open(struct miner *miner, const struct settings *session, const char *program,
                struct pm_error *error);
/* Stops all programs, within two seconds if this process has been asked to stop. What the work has
 * written can still be read, until miner_close. */
void miner_stop_all(struct miner *miner);
void miner_close(struct miner *miner);

/* Whether the dataset of the settings can be opened. The worker would find that out at its first
 * job; a person wants to know it before anything is started. */
bool miner_check_dataset(const struct pm_options *options, struct pm_error *error);

/* Reads the settings again and starts the work. */
bool miner_start(struct miner *miner, enum miner_task task, struct pm_error *error);
/* Ends the work within two seconds; the sidecar goes on. */
void miner_stop(struct miner *miner);
/* Looks after the programs, carries out the page's orders, and reports to the page. To be called
 * ten times a second. False: the sidecar does not stay up, or the work ended by itself. With
 * `failure_is_shown` the latter is no failure of this call: the page shows it. */
bool miner_poll(struct miner *miner, bool failure_is_shown, struct pm_error *error);
/* True once a driver of limited duration has ended. */
bool miner_is_done(const struct miner *miner);

/* The options of the work that runs; while none does, those of the session. */
const struct pm_options *miner_options(const struct miner *miner);

/* miner_orders.c */
void miner_obey(struct miner *miner, int64_t number, const cJSON *order);
/* miner_report.c: JSON text (the caller frees); NULL: no memory. */
char *miner_report_write(struct miner *miner);
/* Describes the settings anew. */
void miner_report_settings(struct miner *miner);
/* practice.c: a pool of its own with a partner who judges what this miner evolves. */
bool practice_start(struct miner *miner, struct pm_error *error);
#define PRACTICE_RUN "practice"
/* The address of practice's own key, once there is one. */
void practice_find_address(struct miner *miner);

#endif
