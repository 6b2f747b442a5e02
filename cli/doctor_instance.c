/* Whether another miner runs with these files or on this port, and if so whether it is well. */
#include "cli/doctor.h"
#include "cli/occupancy.h"
#include "cli/paths.h"
#include "cli/queue_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/queue_client.h>

enum { READY_MAX_BYTES = 4096 };

/* Where the running miner's sidecar listens: its ready file; 0 where that does not say. */
static int64_t running_port(const char *data_directory)
{
    char *path = path_join(data_directory, "sidecar.ready", NULL), *text = NULL;
    size_t length = 0;
    int64_t port = 0;
    cJSON *body = NULL;
    if (path != NULL && pm_file_read(path, READY_MAX_BYTES, &text, &length, NULL) &&
        pm_json_parse(text, length, READY_MAX_BYTES, &body, NULL) &&
        (!pm_json_integer(body, "port", &port, NULL) || port < 1 || port > 65535)) {
        port = 0;
    }
    cJSON_Delete(body);
    free(text);
    free(path);
    return port;
}

static bool ask_sidecar(const char *data_directory, struct queue_status *status,
                        struct pm_error *error)
{
    char url[64];
    int64_t port = running_port(data_directory);
    struct pm_queue_client *client = NULL;
    if (port == 0) {
        return pm_fail(error, PM_ERROR_NOT_FOUND, "it has not said where it listens");
    }
    snprintf(url, sizeof url, "tcp://127.0.0.1:%" PRId64, port);
    bool done = queue_status_connect(url, NULL, NULL, &client, error) &&
                queue_status_read(client, status, error);
    pm_queue_client_destroy(client);
    return done;
}

static void tell_of_running(struct doctor *doctor)
{
    struct queue_status status = {0};
    struct pm_error error = {0};
    if (ask_sidecar(doctor->data_directory, &status, &error)) {
        doctor_say(doctor, "instance", DOCTOR_WARN,
                   "a second one needs another --data-dir and --sidecar-port 0",
                   "a miner runs with the files in %s; its sidecar answers: %" PRId64
                   " job%s computing, %" PRId64 " waiting",
                   doctor->data_directory, status.leased, status.leased == 1 ? "" : "s",
                   status.queued);
    } else {
        doctor_say(doctor, "instance", DOCTOR_FAIL,
                   "if it did not start this moment, stop it and start it again",
                   "a miner runs with the files in %s, but its sidecar does not answer: %s",
                   doctor->data_directory, error.message);
    }
}

void doctor_check_instance(struct doctor *doctor)
{
    struct pm_error error = {0};
    int lock = -1, port = (int)pm_options_integer(doctor->options, "sidecar-port");
    bool there = access(doctor->data_directory, F_OK) == 0;
    if (there && !occupancy_lock(doctor->data_directory, &lock, &error)) {
        if (error.code == PM_ERROR_REFUSED) {
            tell_of_running(doctor);
        } else {
            doctor_say(doctor, "instance", DOCTOR_UNKNOWN, NULL, "%s", error.message);
        }
        return;
    }
    occupancy_unlock(lock);
    if (port > 0 && !occupancy_check_port(port, &error)) {
        doctor_say(doctor, "instance", DOCTOR_FAIL, NULL, "%s", error.message);
    } else {
        doctor_say(doctor, "instance", DOCTOR_PASS, NULL, "no other miner here");
    }
}
