#include "pool/crew.h"

#include "cmocka_include.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/text.h>

enum { PATIENCE_MS = 90000, PAUSE_MS = 5, PATH_SIZE = 128, FIRST_CONSTANT = 1000 };

const char *const crew_options[] = {
    "--quorum",         "2",   "--epoch-s", "1", "--requests-per-minute", "0",
    "--task-timeout-s", "600", NULL};

/* cmocka can only end its own thread's test, and says nothing of another's. */
static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "crew: %s: %s\n", what, why);
    abort();
}

/* What the miner holds an algorithm to be worth: all but the last are of one opinion. */
static double opinion(int miner, int64_t id)
{
    const double honest = (double)(60 + id % 40) / 100;
    return miner == CREW_MINERS - 1 && id % 5 == 0 ? honest / 2 : honest;
}

/* The next pool in turn that is up. */
static bool choose(struct crew_miner *miner, char url[64])
{
    struct crew *crew = miner->crew;
    const size_t pool = (size_t)(miner->number + miner->calls++) % CREW_POOLS;
    pthread_mutex_lock(&crew->mutex);
    snprintf(url, 64, "%s", crew->urls[pool]);
    pthread_mutex_unlock(&crew->mutex);
    return url[0] != '\0';
}

/* Says the same until it is answered 200; nothing else but 503 and silence may come before. */
static struct answer insist(struct crew_miner *miner, const char *path, const char *body)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        char url[64];
        struct answer answer = {0};
        const struct client client = {.url = url, .hotkey = miner->hotkey};
        bool answered = choose(miner, url) && client_try(&client, "POST", path, body, &answer);
        if (answered && answer.status == 200) {
            return answer;
        }
        if (answered && answer.status != 503) {
            give_up(path, answer.text);
        }
        answer_clear(&answer);
        if (pm_clock_monotonic_ms() > until_ms) {
            give_up(path, "no answer");
        }
        pm_clock_sleep_ms(PAUSE_MS);
    }
}

static void compose(const struct crew_miner *miner, const struct answer *lease,
                    struct crew_done *done)
{
    struct pm_text body = {0};
    const cJSON *item;
    pm_text_append(&body, "{\"evaluations\":[");
    cJSON_ArrayForEach(item, answer_member(lease, "evaluate_algorithms"))
    {
        assert_true(done->count < CREW_BATCH);
        const int64_t id = cJSON_GetObjectItem(item, "id")->valueint;
        done->ids[done->count] = id;
        done->scores[done->count] = opinion(miner->number, id);
        pm_text_append(&body, "%s{\"algorithm_id\":%" PRId64 ",\"score\":%.17g}",
                       done->count ? "," : "", id, done->scores[done->count]);
        done->count++;
    }
    pm_text_append(&body,
                   "],\"evolutions\":[{\"parent_algorithm_ids\":[1],\"algorithm_dsl\":"
                   "\"def Predict():\\n  s0 = %zu\"}],\"iterations\":9}",
                   FIRST_CONSTANT + (size_t)miner->number * CREW_DONE_MAX + miner->done_count);
    assert_false(body.failed);
    done->body = body.data;
}

static void work(struct crew_miner *miner)
{
    char path[PATH_SIZE];
    assert_true(miner->done_count < CREW_DONE_MAX);
    struct crew_done *done = &miner->done[miner->done_count];
    struct answer lease = insist(miner, "/api/v1/tasks/lease",
                                 "{\"eval_batch_size\":4,\"seed_batch_size\":2,\"resume\":true}");
    compose(miner, &lease, done);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    struct answer answer = insist(miner, path, done->body);
    const cJSON *evolved = cJSON_GetArrayItem(answer_member(&answer, "evolutions"), 0);
    if (strcmp(cJSON_GetObjectItem(evolved, "status")->valuestring, "accepted") != 0 ||
        answer_integer(&answer, "evaluations_accepted") != (int64_t)done->count) {
        give_up(done->body, answer.text);
    }
    done->evolved = cJSON_GetObjectItem(evolved, "algorithm_id")->valueint;
    done->path = strdup(path);
    done->answer = strdup(answer.text);
    miner->done_count++;
    atomic_fetch_add(&miner->crew->acknowledged, 1);
    answer_clear(&answer);
    answer_clear(&lease);
}

static void *mine(void *context)
{
    struct crew_miner *miner = context;
    while (!atomic_load(&miner->crew->stop)) {
        work(miner);
        pm_clock_sleep_ms(PAUSE_MS); /* the pools' are the processors, mostly */
    }
    return NULL;
}

void crew_tell(struct crew *crew, size_t pool, const char *url)
{
    pthread_mutex_lock(&crew->mutex);
    snprintf(crew->urls[pool], sizeof crew->urls[pool], "%s", url != NULL ? url : "");
    pthread_mutex_unlock(&crew->mutex);
}

void crew_start(struct crew *crew, const struct pool_process pools[CREW_POOLS])
{
    memset(crew, 0, sizeof *crew);
    pthread_mutex_init(&crew->mutex, NULL);
    crew->miners = calloc(CREW_MINERS, sizeof *crew->miners);
    assert_non_null(crew->miners);
    for (size_t i = 0; i < CREW_POOLS; i++) {
        crew_tell(crew, i, pools[i].url);
    }
    for (int i = 0; i < CREW_MINERS; i++) {
        struct crew_miner *miner = &crew->miners[i];
        const uint8_t seed[PM_SEED_SIZE] = {0x71, (uint8_t)i};
        miner->crew = crew;
        miner->number = i;
        assert_true(pm_hotkey_from_seed(seed, &miner->hotkey, NULL));
        assert_int_equal(pthread_create(&miner->thread, NULL, mine, miner), 0);
    }
}

void crew_wait(struct crew *crew, int more)
{
    const int wanted = atomic_load(&crew->acknowledged) + more;
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (atomic_load(&crew->acknowledged) < wanted) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(PAUSE_MS);
    }
}

void crew_stop(struct crew *crew)
{
    atomic_store(&crew->stop, true);
    for (int i = 0; i < CREW_MINERS; i++) {
        pthread_join(crew->miners[i].thread, NULL);
    }
}
