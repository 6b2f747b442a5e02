#include "bench/pool_load.h"

#include "bench/cpu.h"
#include "bench/http.h"

#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/stop.h>
#include <poolminer/text.h>

enum {
    LEASE_ID_SIZE = 64,
    EVALUATIONS_MAX = 64,
    PARENTS_MAX = 64,
    LOOK_MS = 100,       /* whether somebody's wait is over, or Ctrl-C was pressed */
    SILENCE_MS = 60000,  /* without any answer the pool counts as dead */
    RECONNECT_MS = 1000, /* after the pool hung up */
};

struct miner {
    enum bench_call call; /* under way, or to be made */
    bool stopped;
    int64_t sent_ns;
    int64_t due_ms; /* when to ask again; 0: an answer is awaited */
    char lease_id[LEASE_ID_SIZE];
    int64_t evaluations[EVALUATIONS_MAX], parents[PARENTS_MAX];
    size_t evaluation_count, parent_count;
    bool may_evolve;
    size_t evolved; /* so far: no two programs are the same */
};

struct crowd {
    struct bench_http *http;
    struct bench_proofs *proofs;
    struct bench_load *load;
    struct miner *miners;
    size_t count, active, waiting;
    uint32_t run; /* random: programs of another run are others */
    int64_t end_ms;
    struct pm_text body, request;
};

/* ---- asking ---- */

/* What everybody agrees on, by a little more or less. */
static double score_of(int64_t algorithm, size_t miner)
{
    double whole;
    return 0.70 + 0.25 * modf((double)algorithm * 0.6180339887, &whole) +
           0.001 * (double)(miner % 7);
}

static void write_evaluations(struct crowd *crowd, size_t index)
{
    const struct miner *miner = &crowd->miners[index];
    for (size_t i = 0; i < miner->evaluation_count; i++) {
        pm_text_append(&crowd->body, "%s{\"algorithm_id\":%" PRId64 ",\"score\":%.6f}",
                       i > 0 ? "," : "", miner->evaluations[i],
                       score_of(miner->evaluations[i], index));
    }
}

/* A linear model with three numbers in it that no other program has. */
static void write_evolution(struct crowd *crowd, size_t index)
{
    const struct miner *miner = &crowd->miners[index];
    pm_text_append(&crowd->body, "{\"parent_algorithm_ids\":[");
    for (size_t i = 0; i < miner->parent_count; i++) {
        pm_text_append(&crowd->body, "%s%" PRId64, i > 0 ? "," : "", miner->parents[i]);
    }
    pm_text_append(
        &crowd->body,
        "],\"algorithm_dsl\":\"# meta: scalar_count=20 vector_count=10 matrix_count=5"
        " vector_dim=16 setup_max_ops=30 predict_max_ops=30 learn_max_ops=30\\n"
        "def Setup():\\n  s2 = 0.001\\n  s5 = 0.5\\n  s7 = %u\\n  s8 = %zu\\n  s9 = %zu\\n"
        "def Predict():\\n  s0 = dot(v0, v1)\\n  s0 = s0 + s5\\n"
        "def Learn():\\n  s3 = s1 - s0\\n  s4 = s2 * s3\\n  v2 = s4 * v0\\n  v1 = v1 + v2\\n\"}",
        crowd->run % 1000000, index, miner->evolved);
}

static void write_submission(struct crowd *crowd, size_t index, const struct bench_proof *proof)
{
    pm_text_append(&crowd->body, "{\"evaluations\":[");
    write_evaluations(crowd, index);
    pm_text_append(&crowd->body, "],\"evolutions\":[");
    if (crowd->miners[index].may_evolve) {
        write_evolution(crowd, index);
    }
    pm_text_append(&crowd->body,
                   "],\"iterations\":160,\"gossip\":null,\"public_address\":\"%s\","
                   "\"signature\":\"%s\",\"message\":\"auth:%" PRId64 "\"}",
                   pm_hotkey_address(crowd->proofs->miners[index]), proof->signature,
                   proof->seconds);
}

static bool ask(struct crowd *crowd, size_t index, struct pm_error *error)
{
    struct miner *miner = &crowd->miners[index];
    struct bench_proof proof;
    if (!bench_proofs_take(crowd->proofs, index, &proof, error)) {
        return false;
    }
    crowd->body.length = 0;
    crowd->request.length = 0;
    if (miner->call == BENCH_CALL_SUBMIT) {
        write_submission(crowd, index, &proof);
    } else {
        pm_text_append(&crowd->body, "{\"task_type\":\"cifar10_binary\",\"eval_batch_size\":8,"
                                     "\"seed_batch_size\":8,\"gossip_limit\":0,\"resume\":true}");
    }
    bool submits = miner->call == BENCH_CALL_SUBMIT;
    pm_text_append(&crowd->request,
                   "POST /api/v1/tasks/%s%s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Key: %s\r\n"
                   "X-Timestamp: %" PRId64 "\r\nX-Signature: %s\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   submits ? miner->lease_id : "lease", submits ? "/submit_lease" : "",
                   pm_hotkey_address(crowd->proofs->miners[index]), proof.seconds, proof.signature,
                   crowd->body.length);
    pm_text_append_bytes(&crowd->request, crowd->body.data, crowd->body.length);
    if (crowd->body.failed || crowd->request.failed) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    miner->due_ms = 0;
    miner->sent_ns = pm_clock_monotonic_ns();
    return bench_http_send(crowd->http, index, crowd->request.data, crowd->request.length, error);
}

/* ---- answers ---- */

static bool take_ids(const cJSON *lease, const char *key, int64_t *ids, size_t most, size_t *count,
                     struct pm_error *error)
{
    const cJSON *array, *item;
    *count = 0;
    if (!pm_json_array(lease, key, &array, error)) {
        return false;
    }
    cJSON_ArrayForEach(item, array)
    {
        if (*count == most || !pm_json_integer(item, "id", &ids[*count], error)) {
            return pm_fail(error, PM_ERROR_REFUSED, "a lease with more than was asked for");
        }
        ++*count;
    }
    return true;
}

static bool take_lease(struct miner *miner, const struct bench_http_answer *answer,
                       struct pm_error *error)
{
    cJSON *lease = NULL;
    const char *id;
    int64_t budget;
    bool good = pm_json_parse(answer->body, answer->length, answer->length, &lease, error) &&
                pm_json_string(lease, "lease_id", &id, error) &&
                pm_json_integer(lease, "evolve_budget", &budget, error) &&
                take_ids(lease, "evaluate_algorithms", miner->evaluations, EVALUATIONS_MAX,
                         &miner->evaluation_count, error) &&
                take_ids(lease, "seed_algorithms", miner->parents, PARENTS_MAX,
                         &miner->parent_count, error);
    if (good) {
        snprintf(miner->lease_id, sizeof miner->lease_id, "%s", id);
        miner->may_evolve = budget > 0;
    }
    cJSON_Delete(lease);
    return good;
}

/* A 200: on to the other call, or home when the time is up. */
static bool go_on(struct crowd *crowd, const struct bench_http_answer *answer,
                  struct pm_error *error)
{
    struct miner *miner = &crowd->miners[answer->link];
    struct bench_samples *samples = &crowd->load->answers[miner->call];
    if (!bench_samples_add(samples, pm_clock_monotonic_ns() - miner->sent_ns, error)) {
        return false;
    }
    if (miner->call == BENCH_CALL_LEASE) {
        miner->call = BENCH_CALL_SUBMIT;
        return take_lease(miner, answer, error) && ask(crowd, answer->link, error);
    }
    crowd->load->evaluations += miner->evaluation_count;
    crowd->load->evolutions += miner->may_evolve ? 1 : 0;
    miner->evolved++;
    miner->call = BENCH_CALL_LEASE;
    if (pm_clock_monotonic_ms() >= crowd->end_ms) {
        miner->stopped = true;
        crowd->active--;
        return true;
    }
    return ask(crowd, answer->link, error);
}

static void wait_until(struct crowd *crowd, struct miner *miner, int64_t due_ms)
{
    miner->due_ms = due_ms;
    crowd->waiting++;
}

static bool take_answer(struct crowd *crowd, const struct bench_http_answer *answer,
                        struct pm_error *error)
{
    struct miner *miner = &crowd->miners[answer->link];
    switch (answer->status) {
    case 200:
        return go_on(crowd, answer, error);
    case 429:
        if (answer->retry_after_s <= 0) {
            return pm_fail(error, PM_ERROR_REFUSED, "a 429 of the pool without Retry-After");
        }
        crowd->load->not_now++;
        wait_until(crowd, miner, pm_clock_monotonic_ms() + INT64_C(1000) * answer->retry_after_s);
        return true;
    case 0:
        crowd->load->hung_up++;
        wait_until(crowd, miner, pm_clock_monotonic_ms() + RECONNECT_MS);
        return true;
    default:
        return pm_fail(error, PM_ERROR_REFUSED, "the pool answered %d: %.200s", answer->status,
                       answer->body);
    }
}

/* Those whose wait is over ask again; who has nothing to hand in goes home at the end. */
static bool ask_again(struct crowd *crowd, struct pm_error *error)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    for (size_t i = 0; i < crowd->count && crowd->waiting > 0; i++) {
        struct miner *miner = &crowd->miners[i];
        const bool home = miner->call == BENCH_CALL_LEASE && now_ms >= crowd->end_ms;
        if (miner->stopped || miner->due_ms == 0 || (miner->due_ms > now_ms && !home)) {
            continue;
        }
        crowd->waiting--;
        miner->stopped = home;
        crowd->active -= home ? 1 : 0;
        if (!home && !ask(crowd, i, error)) {
            return false;
        }
    }
    return true;
}

static bool run_crowd(struct crowd *crowd, struct pm_error *error)
{
    int64_t heard_ms = pm_clock_monotonic_ms(), looked_ms = heard_ms;
    for (size_t i = 0; i < crowd->count; i++) {
        if (!ask(crowd, i, error)) {
            return false;
        }
    }
    while (crowd->active > 0) {
        struct bench_http_answer answer;
        bool got;
        if (!bench_http_receive(crowd->http, LOOK_MS, &answer, &got, error) ||
            (got && !take_answer(crowd, &answer, error))) {
            return false;
        }
        const int64_t now_ms = pm_clock_monotonic_ms();
        heard_ms = got || crowd->waiting > 0 ? now_ms : heard_ms;
        if (now_ms - heard_ms > SILENCE_MS) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "the pool does not answer");
        }
        if (now_ms - looked_ms >= LOOK_MS || !got) {
            looked_ms = now_ms;
            if (pm_stop_requested()) {
                return pm_fail(error, PM_ERROR_INTERRUPTED, "bench pool: stopped before its end");
            }
            if (!ask_again(crowd, error)) {
                return false;
            }
        }
    }
    return true;
}

bool bench_load_run(int port, struct bench_proofs *proofs, double seconds, struct bench_load *out,
                    struct pm_error *error)
{
    struct crowd crowd = {.proofs = proofs,
                          .load = out,
                          .count = proofs->miner_count,
                          .active = proofs->miner_count,
                          .run = randombytes_random()};
    *out = (struct bench_load){0};
    crowd.miners = calloc(crowd.count, sizeof *crowd.miners);
    if (crowd.miners == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark's miners");
    }
    crowd.http = bench_http_open(port, crowd.count, error);
    const int64_t begin_ns = pm_clock_monotonic_ns();
    const double begin_cpu_s = bench_cpu_s();
    crowd.end_ms = begin_ns / 1000000 + (int64_t)(seconds * 1e3);
    bool good = crowd.http != NULL && run_crowd(&crowd, error);
    out->seconds = (double)(pm_clock_monotonic_ns() - begin_ns) * 1e-9;
    out->cpu_s = bench_cpu_s() - begin_cpu_s;
    if (crowd.http != NULL) {
        bench_http_close(crowd.http);
    }
    pm_text_clear(&crowd.body);
    pm_text_clear(&crowd.request);
    free(crowd.miners);
    return good;
}

void bench_load_clear(struct bench_load *load)
{
    for (int i = 0; i < BENCH_CALLS; i++) {
        bench_samples_clear(&load->answers[i]);
    }
}
