#include "cli/status_find.h"

#include "cli/last_state.h"
#include "cli/occupancy.h"
#include "cli/paths.h"
#include "cli/sidecar_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>

enum { WAIT_MS = 2000, AWAY_MS = 500, AGAIN_MS = 50, FRESH_MS = 1500, STATE_MAX = 4 << 20 };

/* ---- from the sidecar ---- */

/* One try. *again: it knows no state yet, or an old one, and will know a new one in a moment. */
static bool ask_once(struct pm_queue_client *client, char **text, bool *again,
                     struct pm_error *error)
{
    const int64_t begin_ms = pm_clock_monotonic_ms();
    int64_t age_ms = 0;
    if (pm_queue_client_state(client, text, &age_ms, error)) {
        *again = age_ms > FRESH_MS;
        return true;
    }
    *again = error->code == PM_ERROR_UNAVAILABLE && pm_clock_monotonic_ms() - begin_ms < AWAY_MS;
    return false;
}

static bool ask(struct pm_queue_client *client, cJSON **out, struct pm_error *error)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    char *text = NULL;
    bool again = true, answered = false;
    while (again && !pm_stop_requested() && pm_clock_monotonic_ms() < until_ms) {
        free(text);
        text = NULL;
        answered = ask_once(client, &text, &again, error);
        if (again) {
            pm_clock_sleep_ms(AGAIN_MS);
        }
    }
    bool done = answered && pm_json_parse(text, strlen(text), STATE_MAX, out, error);
    free(text);
    return done;
}

static bool ask_sidecar(const struct pm_options *options, struct status_found *found,
                        struct pm_error *error)
{
    struct pm_queue_client *client = NULL;
    const bool done = sidecar_connect(options, &client, error) && ask(client, &found->state, error);
    pm_queue_client_destroy(client);
    return done;
}

/* ---- when it does not answer ---- */

static void explain(const struct pm_options *options, const char *directory,
                    const struct pm_error *absent, struct status_found *found)
{
    if (occupancy_is_held(directory)) {
        snprintf(found->reason, sizeof found->reason,
                 "a miner runs with the files in %.200s, but its sidecar does not answer: %.200s",
                 directory, absent->message);
    } else if (pm_options_text(options, "sidecar-url") != NULL) {
        snprintf(found->reason, sizeof found->reason, "%.300s", absent->message);
    } else {
        snprintf(found->reason, sizeof found->reason,
                 "no miner runs with the files in %.300s; `poolminer mine` starts one, `poolminer "
                 "gui` a page to start it from",
                 directory);
    }
}

bool status_find(const struct pm_options *options, struct status_found *out, struct pm_error *error)
{
    struct pm_error absent = {0};
    char *directory = NULL;
    *out = (struct status_found){0};
    if (!path_data_directory(options, &directory, error)) {
        return false;
    }
    out->running = ask_sidecar(options, out, &absent);
    if (!out->running) {
        explain(options, directory, &absent, out);
        if (pm_options_text(options, "sidecar-url") == NULL) {
            last_state_read(directory, &out->state, NULL);
        }
    }
    free(directory);
    return !pm_stop_requested() || pm_fail(error, PM_ERROR_INTERRUPTED, "asked to stop");
}

void status_found_clear(struct status_found *found)
{
    cJSON_Delete(found->state);
    found->state = NULL;
}
