/* One request on its way through a verb; shared by the files that hold the verbs. */
#ifndef PM_SIDECAR_REQUESTS_INTERNAL_H
#define PM_SIDECAR_REQUESTS_INTERNAL_H

#include "sidecar/requests.h"

#include <poolminer/text.h>

enum { PM_REPLY_BODIES_MAX = 2 * 1024 * 1024, PM_WAIT_MAX_MS = 60000 };

struct pm_errand {
    struct pm_desk *desk;
    struct pm_peer *peer;
    const cJSON *arguments;
    uint64_t request_id;
    const struct pm_wire_frame *body; /* NULL: none */
    struct pm_reply_out *reply;
    bool parked;
};

/* Arguments of a reply, member by member. What cannot be added is noted in the reply, and adding to
 * NULL is such a case: only pm_reply_set's answer need be looked at. */
cJSON *pm_reply_begin(struct pm_reply_out *reply);
void pm_reply_add_text(struct pm_reply_out *reply, cJSON *object, const char *name,
                       const char *text);
void pm_reply_add_bool(struct pm_reply_out *reply, cJSON *object, const char *name, bool value);
void pm_reply_add_null(struct pm_reply_out *reply, cJSON *object, const char *name);
void pm_reply_add_number(struct pm_reply_out *reply, cJSON *object, const char *name, double value);
void pm_reply_add_integer(struct pm_reply_out *reply, cJSON *object, const char *name,
                          int64_t value);
/* `text` is JSON. */
void pm_reply_add_json(struct pm_reply_out *reply, cJSON *object, const char *name,
                       const char *text);
cJSON *pm_reply_add_object(struct pm_reply_out *reply, cJSON *object, const char *name);
cJSON *pm_reply_add_array(struct pm_reply_out *reply, cJSON *object, const char *name);
/* A new object at the array's end. */
cJSON *pm_reply_add_item(struct pm_reply_out *reply, cJSON *array);

/* Makes the reply an `ok` with these arguments; takes `object`. PM_ERROR_MEMORY: something of it is
 * missing. */
bool pm_reply_set(struct pm_reply_out *reply, cJSON *object, struct pm_error *error);
/* The same with arguments that are written already (pm_json_put), for the verbs that are asked for
 * most; takes what is in `text`. */
bool pm_reply_set_text(struct pm_reply_out *reply, struct pm_text *text, struct pm_error *error);
bool pm_reply_format(struct pm_reply_out *reply, struct pm_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A required string member, copied; PM_ERROR_INVALID when it does not fit. */
bool pm_errand_text(const cJSON *arguments, const char *name, char *out, size_t size,
                    struct pm_error *error);

/* An optional member that `status` shows, as a JSON object of at most `max` bytes and some levels:
 * its text, malloc'd, or NULL where the request has none. */
bool pm_errand_shown(const cJSON *arguments, const char *name, size_t max, char **out,
                     struct pm_error *error);

/* Why no worker computes, in words; "": one may. */
bool pm_errand_paused(struct pm_errand *errand, char out[PM_QUEUE_PAUSED_SIZE],
                      struct pm_error *error);

/* One function a verb; what pm_request_handle says holds for each. */
bool pm_errand_put(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_results(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_collect(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_cancel(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_record_put(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_records(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_record_state(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_room(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_wish(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_report(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_lease(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_progress(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_checkpoint(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_finish(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_fail(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_release(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_tell(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_supervise(struct pm_errand *errand, struct pm_error *error);
bool pm_errand_state(struct pm_errand *errand, struct pm_error *error);

#endif
