#include "worker/slots.h"

#include "worker/job_runner.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/log.h>
#include <poolminer/queue_client.h>

enum {
    CALL_TIMEOUT_MS = 5000,
    LEASE_WAIT_MS = 10000,
    RETRY_MS = 500,
    PATIENCE_MS = 1000, /* of the two seconds in which all programs are gone */
    NAME_SIZE = 160,
};

struct slot {
    pthread_t thread;
    bool started;
    char name[NAME_SIZE], heartbeat_name[NAME_SIZE + 8];
    struct pm_queue_client *client, *heartbeat_client;
    struct pm_job_runner_config runner;
    struct pm_job_runner_counts counts;
};

static void *slot_main(void *argument)
{
    struct slot *slot = argument;
    slot->counts = pm_job_runner_run(&slot->runner);
    return NULL;
}

static bool slot_prepare(struct slot *slot, const struct pm_slots_config *config, size_t number,
                         struct pm_error *error)
{
    if (config->slots > 1)
        snprintf(slot->name, sizeof slot->name, "%s-%zu", config->name, number + 1);
    else
        snprintf(slot->name, sizeof slot->name, "%s", config->name);
    snprintf(slot->heartbeat_name, sizeof slot->heartbeat_name, "%s.beat", slot->name);

    struct pm_queue_client_config client = {.url = config->sidecar_url,
                                            .role = "worker",
                                            .name = slot->name,
                                            .timeout_ms = CALL_TIMEOUT_MS};
    if (!pm_queue_client_create(&client, &slot->client, error))
        return false;
    client.name = slot->heartbeat_name;
    if (!pm_queue_client_create(&client, &slot->heartbeat_client, error))
        return false;

    const size_t share = config->threads / config->slots;
    slot->runner = (struct pm_job_runner_config){
        .run_id = config->run_id,
        .bench = config->bench,
        .threads = share > 0 ? share : 1,
        .queue = pm_job_queue_of_client(slot->client),
        .heartbeats = pm_job_queue_of_client(slot->heartbeat_client),
        .stop = config->stop,
        .wait_ms = LEASE_WAIT_MS,
        .retry_ms = RETRY_MS,
        .patience_ms = PATIENCE_MS,
        .show_progress = config->show_progress && config->slots == 1,
    };
    return true;
}

/* One slot that runs is enough to go on with. */
static bool slots_start(struct slot *slots, size_t count, struct pm_error *error)
{
    size_t running = 0;
    for (size_t i = 0; i < count; i++) {
        slots[i].started = pthread_create(&slots[i].thread, NULL, slot_main, &slots[i]) == 0;
        running += slots[i].started;
    }
    if (running == 0)
        return pm_fail(error, PM_ERROR_MEMORY, "the system gives no thread to compute on");
    if (running < count)
        pm_log(PM_LOG_WARN, "WORKER-SLOTS-FEWER", "only %zu of %zu slots got a thread", running,
               count);
    return true;
}

/* Waits for every slot that was started and frees what they held. */
static struct pm_job_runner_counts slots_end(struct slot *slots, size_t count)
{
    struct pm_job_runner_counts total = {0};
    for (size_t i = 0; i < count; i++) {
        if (slots[i].started) {
            pthread_join(slots[i].thread, NULL);
            total.done += slots[i].counts.done;
            total.failed += slots[i].counts.failed;
            total.lost += slots[i].counts.lost;
            total.released += slots[i].counts.released;
        }
        pm_queue_client_destroy(slots[i].client);
        pm_queue_client_destroy(slots[i].heartbeat_client);
    }
    return total;
}

bool pm_slots_run(const struct pm_slots_config *config, struct pm_error *error)
{
    struct slot *slots = calloc(config->slots, sizeof *slots);
    if (!slots)
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for %zu slots", config->slots);
    bool ready = true;
    for (size_t i = 0; ready && i < config->slots; i++)
        ready = slot_prepare(&slots[i], config, i, error);
    const bool ran = ready && slots_start(slots, config->slots, error);
    const struct pm_job_runner_counts counts = slots_end(slots, config->slots);
    if (ran)
        pm_log(PM_LOG_INFO, "WORKER-DONE", "done=%llu failed=%llu lost=%llu released=%llu",
               (unsigned long long)counts.done, (unsigned long long)counts.failed,
               (unsigned long long)counts.lost, (unsigned long long)counts.released);
    free(slots);
    return ran;
}
