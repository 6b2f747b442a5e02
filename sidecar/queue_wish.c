/* What a person wishes is kept as a record of a run that no driver can have: a driver's run has no
 * blank in its name. */
#include "sidecar/queue_internal.h"

#include <stdio.h>
#include <string.h>

static const char KEY[] = "wish";

const char pm_queue_wish_run[] = "the sidecar";

/* An open record is kept for ever; when the rules decide again there is nothing to keep. */
static const char *state_of(enum pm_wish wish)
{
    return wish == PM_WISH_AUTO ? "closed" : "open";
}

static bool read_record(void *context, const struct pm_store_record *record,
                        const struct pm_wire_frame *body, struct pm_error *error)
{
    struct pm_wish_state *state = context;
    (void)body;
    (void)error;
    state->since_ms = record->updated_ms;
    pm_wish_parse(record->reason, &state->wish, NULL); /* what cannot be read is no wish */
    return true;
}

bool pm_queue_wish(struct pm_queue *queue, struct pm_wish_state *out, struct pm_error *error)
{
    const struct pm_store_record_query query = {
        .state = "", .prefix = KEY, .before = INT64_MAX, .limit = 1};
    *out = (struct pm_wish_state){.wish = PM_WISH_AUTO};
    return pm_queue_records(queue, pm_queue_wish_run, &query, read_record, out, error);
}

bool pm_queue_set_wish(struct pm_queue *queue, struct pm_queue_time now, enum pm_wish wish,
                       struct pm_error *error)
{
    const struct pm_wire_frame body = {"", 0};
    struct pm_store_record record = {0};
    struct pm_wish_state before;
    if (!pm_queue_wish(queue, &before, error)) {
        return false;
    }
    if (before.wish == wish) {
        return true;
    }
    snprintf(record.key, sizeof record.key, "%s", KEY);
    snprintf(record.state, sizeof record.state, "%s", state_of(wish));
    snprintf(record.reason, sizeof record.reason, "%s", pm_wish_name(wish));
    return pm_queue_record_put(queue, now, pm_queue_wish_run, &record, &body, error);
}
