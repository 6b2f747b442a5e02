#include "cli/last_state.h"

#include "cli/paths.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/queue_client.h>

enum { ANSWER_MS = 300, FRESH_MS = 300, AGAIN_MS = 20, STATE_MAX = 4 << 20, MODE = 0600 };

static const char FILE_NAME[] = "last-state.json";

/* As it is now: asking has it made anew within a moment. NULL: not to be had. */
static char *ask(struct pm_queue_client *client)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + ANSWER_MS;
    char *text = NULL;
    int64_t age_ms = FRESH_MS;
    do {
        free(text);
        text = NULL;
        if (!pm_queue_client_state(client, &text, &age_ms, NULL)) {
            return NULL;
        }
        if (age_ms >= FRESH_MS) {
            pm_clock_sleep_ms(AGAIN_MS);
        }
    } while (age_ms >= FRESH_MS && pm_clock_monotonic_ms() < until_ms);
    return text;
}

static void keep(const char *data_directory, const char *text)
{
    char *path = path_join(data_directory, FILE_NAME, NULL);
    if (path != NULL) {
        pm_file_write_atomic(path, text, strlen(text), MODE, true, NULL);
    }
    free(path);
}

void last_state_keep(const char *sidecar_url, const char *data_directory)
{
    const struct pm_queue_client_config config = {
        .url = sidecar_url, .role = "admin", .name = "last-state", .timeout_ms = ANSWER_MS};
    struct pm_queue_client *client = NULL;
    char *text = pm_queue_client_create(&config, &client, NULL) ? ask(client) : NULL;
    if (text != NULL) {
        keep(data_directory, text);
    }
    free(text);
    pm_queue_client_destroy(client);
}

bool last_state_read(const char *data_directory, cJSON **out, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    char *path = path_join(data_directory, FILE_NAME, error);
    bool done = path != NULL && pm_file_read(path, STATE_MAX, &text, &length, error) &&
                pm_json_parse(text, length, STATE_MAX, out, error);
    free(text);
    free(path);
    return done;
}
