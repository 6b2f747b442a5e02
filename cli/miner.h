/* A miner as `mine` and `gui` have it: a sidecar with its page, there from beginning to end; and,
 * while it works, a worker and a driver, or for practice a local pool and two drivers. It starts
 * and stops them as the page orders, and reports to the page. */
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
    int64_t number; /* 0: there was none */
    bool ok;
    char message[MINER_ANSWER_SIZE];
};

struct miner {
    const struct settings *session; /* as this process was started; ports and directories stay so */
    struct settings current;        /* read again at each start of the work; its options or NULL */
    const char *program;            /* "mine" or "gui" */

    struct supervisor *base, *work; /* the sidecar; everything else, NULL while nothing works */
    struct pm_queue_client *client; /* for lines and reports */
    size_t driver;                  /* in `work` */
    char *data_directory, *hotkey_file, *summary;
    char *password; /* of an encrypted hotkey, in protected memory; NULL: it is not */
    char sidecar_url[MINER_URL_SIZE];
    char page_url[2 * MINER_URL_SIZE]; /* with its token; "": no page */
    int lock;                          /* of the data directory; -1: not held */
    bool key_is_new;                   /* there was no key before this start */
    double duration_s;                 /* of a driver; 0: until stopped */

    enum miner_status status;
    int64_t since_ms; /* unix, of the status */
    enum miner_task task;
    char pool_url[MINER_URL_SIZE];   /* of practice */
    char failure[MINER_ANSWER_SIZE]; /* why the work ended by itself; "": it did not */
    char address[64];                /* of practice's key, once it is there */
    struct miner_answer answer;
    int64_t next_report_ms;
    int64_t next_keep_ms;
    cJSON *forecast; /* as reported; NULL: none */
    int64_t next_forecast_ms;
    cJSON *settings; /* what the report says of them */
};

/* Paths, the data directory's lock, the key's password, the sidecar, the page. After failure, too,
 * to be closed. PM_ERROR_INTERRUPTED: asked to stop meanwhile. */
bool miner_open(struct miner *miner, const struct settings *session, const char *program,
                struct pm_error *error);
/* Stops everything within two seconds; what was written stays to be read until miner_close. */
void miner_stop_all(struct miner *miner);
void miner_close(struct miner *miner);

/* What the worker would find out at its first job is better said before anything is started. */
bool miner_check_dataset(const struct pm_options *options, struct pm_error *error);

/* Reads the settings anew and starts the work. */
bool miner_start(struct miner *miner, enum miner_task task, struct pm_error *error);
/* Ends the work within two seconds; the sidecar stays. */
void miner_stop(struct miner *miner);

/* Looks after the programs, obeys the page, reports. To be called ten times a second. False: the
 * sidecar cannot be kept up, or (unless `failure_is_shown`) the work ended by itself. */
bool miner_poll(struct miner *miner, bool failure_is_shown, struct pm_error *error);

/* True once a driver of limited duration is done. */
bool miner_is_done(const struct miner *miner);

/* The options of the work that runs, or else of the session. */
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
