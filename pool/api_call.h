/* What the files of the API share: a call while it is answered. */
#ifndef POOL_API_CALL_H
#define POOL_API_CALL_H

#include "pool/auth.h"
#include "pool/pool.h"
#include "pool/refusal.h"
#include "pool/request_body.h"

#include <cjson/cJSON.h>

#include <poolminer/http_server.h>

enum { PM_API_PARAMETER_SIZE = 128 };

struct pm_api_call;

/* Answers one call inside a transaction; false when the store failed. What it leaves in the call is
 * answered only after the commit. */
typedef bool pm_api_work(struct pm_pool_store *store, struct pm_api_call *call,
                         struct pm_error *error);

struct pm_api_call {
    const struct pm_pool *pool;
    const struct pm_http_server_request *request;
    int64_t now_ms;
    struct pm_auth_headers headers;
    const char *hotkey;                    /* the caller, when the route asks for a miner */
    char parameter[PM_API_PARAMETER_SIZE]; /* what stands for {} in the path */
    cJSON *body;                           /* NULL when empty */
    struct pm_error unreadable;            /* why the body has no meaning; code 0 when it has */

    pm_api_work *work;
    struct pm_refusal refused_before; /* what the work begins with */
    int64_t began_ns;

    /* The answer: a refusal, else a text, else JSON. */
    struct pm_refusal refusal;
    char allow[32];        /* the Allow header of a 405 */
    const char *constant;  /* a text that is always there */
    char *text;            /* malloc'd */
    const char *text_type; /* its content type, static; NULL: application/json */
    cJSON *json;
    bool incomplete; /* memory ran out while `json` was made */
};

pm_api_work pm_api_health, pm_api_monitor, pm_api_metrics;

pm_api_work pm_api_register, pm_api_stats, pm_api_leaderboard;
pm_api_work pm_api_recipient_set, pm_api_recipient_own, pm_api_recipient_of;

pm_api_work pm_api_lease, pm_api_task, pm_api_pending;
pm_api_work pm_api_submit_lease, pm_api_submit_evolution, pm_api_submit_evaluation;
pm_api_work pm_api_submit_unreadable;

pm_api_work pm_api_unpaid;
pm_api_work pm_api_results, pm_api_sota, pm_api_verify;

pm_api_work pm_api_balance, pm_api_history, pm_api_withdraw;

/* Refuses with `status` and the error's sentence. Always returns true, for the end of a work. */
bool pm_api_refuse(struct pm_api_call *call, int status, const struct pm_error *error);

/* The new JSON object that will be the answer, or NULL as below. */
cJSON *pm_api_answer(struct pm_api_call *call);

/* Members with the API's units: reputation in points, times as ISO 8601 (null for 0), a NULL text
 * as null. They may be added without looking: when memory runs out the call is marked incomplete,
 * and then its work has failed and is undone, for an answer comes whole or not at all. */
void pm_api_add_text(struct pm_api_call *call, cJSON *object, const char *name, const char *text);
void pm_api_add_bool(struct pm_api_call *call, cJSON *object, const char *name, bool value);
void pm_api_add_number(struct pm_api_call *call, cJSON *object, const char *name, double value);
void pm_api_add_integer(struct pm_api_call *call, cJSON *object, const char *name, int64_t value);
void pm_api_add_reputation(struct pm_api_call *call, cJSON *object, const char *name,
                           int64_t micro);
void pm_api_add_time(struct pm_api_call *call, cJSON *object, const char *name, int64_t unix_ms);
/* A new empty object or array as a member, and a new object as an array's last item; they belong to
 * what they are in. NULL when incomplete, which the functions here take in silence. */
cJSON *pm_api_add_object(struct pm_api_call *call, cJSON *object, const char *name);
cJSON *pm_api_add_array(struct pm_api_call *call, cJSON *object, const char *name);
cJSON *pm_api_add_item(struct pm_api_call *call, cJSON *array);

/* For visitors of the store that make an array of what they see. */
struct pm_api_list {
    struct pm_api_call *call;
    cJSON *array;
};

/* A place in the list of what was not paid, as clients know it: its time, kind and algorithm, as in
 * a row. Only what was written so is read. */
enum { PM_API_PLACE_SIZE = 64 };
void pm_api_place_write(const struct pm_pool_unpaid_place *place, char out[PM_API_PLACE_SIZE]);
bool pm_api_place_read(const char *text, struct pm_pool_unpaid_place *out);

/* To the end of the epoch, rounded up. */
int64_t pm_api_seconds_left(const struct pm_pool_epoch *epoch, int64_t now_ms);

/* A query parameter, or `*out` as it was. False: refused with 422. */
bool pm_api_query_integer(struct pm_api_call *call, const char *name, int64_t minimum,
                          int64_t maximum, int64_t *out);
bool pm_api_query_number(struct pm_api_call *call, const char *name, double *out);
/* Refuses any task_type but the pool's own. */
bool pm_api_query_task_type(struct pm_api_call *call);

#endif
