/* /api/v1/tasks: leases and submissions. */
#include "pool/api_call.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { LEASE_ID_BYTES = (PM_POOL_LEASE_ID_SIZE - 1) / 2, TIME_BYTES = 6 };

/* Chance for one lease: its id, which nobody can guess, and its choice of seeds. */
struct chance {
    unsigned char id[LEASE_ID_BYTES];
    uint64_t seeds;
};

/* An id begins with its time, as in UUID's version 7: leases that are made together lie together in
 * the store. 80 bits are chance. */
static bool draw(struct chance *chance, int64_t now_ms, char lease_id[PM_POOL_LEASE_ID_SIZE],
                 struct pm_error *error)
{
    if (getrandom(chance, sizeof *chance, 0) != (ssize_t)sizeof *chance) {
        return pm_fail(error, PM_ERROR_IO, "getrandom: %m");
    }
    for (int i = 0; i < TIME_BYTES; i++) {
        chance->id[i] = (unsigned char)(now_ms >> (8 * (TIME_BYTES - 1 - i)));
    }
    sodium_bin2hex(lease_id, PM_POOL_LEASE_ID_SIZE, chance->id, sizeof chance->id);
    return true;
}

/* Leases are most of what a busy pool says, so they are written without a tree in between. */

static void put_time(struct pm_text *text, const char *name, int64_t unix_ms)
{
    char time[PM_CLOCK_ISO_SIZE];
    pm_clock_format_iso(unix_ms, time);
    pm_json_put_string(text, name, time);
}

static void put_algorithms(struct pm_text *text, const char *name,
                           const struct pm_granted *algorithms, size_t count, bool with_score)
{
    pm_json_put(text, name);
    for (size_t i = 0; i < count; i++) {
        const struct pm_granted *algorithm = &algorithms[i];
        pm_json_put_integer(text, i > 0 ? ",{\"id\":" : "[{\"id\":", algorithm->id);
        pm_json_put_string(text, ",\"algorithm_dsl\":", algorithm->dsl);
        pm_json_put_integer(text, ",\"input_dim\":", algorithm->input_dim);
        if (with_score && algorithm->agreed) {
            pm_json_put_number(text, ",\"score\":", algorithm->score);
        }
        pm_json_put(text, "}");
    }
    pm_json_put(text, count > 0 ? "]" : "[]");
}

/* What a grant is called, and until when it holds. */
static void begin_answer(struct pm_text *text, const char *id_name, const char *task_type,
                         const struct pm_pool_lease *lease)
{
    pm_json_put_string(text, id_name, lease->id);
    pm_json_put_string(text, ",\"task_type\":", task_type);
    pm_json_put_integer(text, ",\"window_number\":", lease->window);
    put_time(text, ",\"timeout_at\":", lease->timeout_ms);
}

static void take_answer(struct pm_api_call *call, struct pm_text *text)
{
    call->text = text->data;
    call->incomplete = text->failed;
}

static void answer_lease(struct pm_api_call *call, const struct pm_grant *grant)
{
    struct pm_text text = {0};
    begin_answer(&text, "{\"lease_id\":", PM_TASK_TYPE, &grant->lease);
    pm_json_put_integer(&text, ",\"evolve_budget\":", grant->lease.evolve_budget);
    put_algorithms(&text, ",\"evaluate_algorithms\":", grant->evaluate, grant->evaluate_count,
                   false);
    put_algorithms(&text, ",\"seed_algorithms\":", grant->seeds, grant->seed_count, true);
    pm_json_put(&text, ",\"gossip\":null}");
    take_answer(call, &text);
}

static void answer_task(struct pm_api_call *call, const struct pm_grant *grant)
{
    bool evolve = grant->lease.kind == PM_POOL_LEASE_EVOLVE;
    struct pm_text text = {0};
    begin_answer(&text, "{\"batch_id\":", evolve ? "evolve" : "evaluate", &grant->lease);
    if (evolve) {
        put_algorithms(&text, ",\"algorithms\":", grant->seeds, grant->seed_count, true);
    } else {
        put_algorithms(&text, ",\"algorithms\":", grant->evaluate, grant->evaluate_count, false);
    }
    pm_json_put(&text, "}");
    take_answer(call, &text);
}

bool pm_api_lease(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_body_lease body;
    struct chance chance;
    struct pm_grant grant;
    struct pm_error reason = {0};
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    if (!pm_body_lease(call->body, &body, &reason)) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!draw(&chance, call->now_ms, lease_id, error)) {
        return false;
    }
    const struct pm_pool_lease_wish wish = {
        .hotkey = call->hotkey,
        .kind = PM_POOL_LEASE_BOTH,
        .evaluate_max = body.evaluate_max,
        .seed_max = body.seed_max,
        .random = chance.seeds,
        .lease_id = lease_id,
        .resume = body.resume,
    };
    if (!pm_pool_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant, &call->refusal,
                             error)) {
        return false;
    }
    if (!call->refusal.status) {
        answer_lease(call, &grant);
    }
    pm_grant_clear(&grant);
    return true;
}

bool pm_api_task(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_body_task body;
    struct chance chance;
    struct pm_grant grant;
    struct pm_error reason = {0};
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    if (!pm_body_task(call->body, &body, &reason)) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!draw(&chance, call->now_ms, lease_id, error)) {
        return false;
    }
    struct pm_pool_lease_wish wish = {
        .hotkey = call->hotkey,
        .kind = body.kind == PM_POOL_LEASE_BOTH ? PM_POOL_LEASE_EVALUATE : body.kind,
        .evaluate_max = PM_EVALUATE_DEFAULT,
        .seed_max = PM_SEED_DEFAULT,
        .random = chance.seeds,
        .lease_id = lease_id,
        .resume = body.resume,
    };
    if (!pm_pool_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant, &call->refusal,
                             error)) {
        return false;
    }
    /* A miner that leaves the choice to us judges first, and evolves when nothing waits. */
    if (body.kind == PM_POOL_LEASE_BOTH && call->refusal.status == 404) {
        wish.kind = PM_POOL_LEASE_EVOLVE;
        if (!pm_pool_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant,
                                 &call->refusal, error)) {
            return false;
        }
    }
    if (!call->refusal.status) {
        answer_task(call, &grant);
    }
    pm_grant_clear(&grant);
    return true;
}

bool pm_api_pending(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    int64_t count;
    if (!pm_pool_lease_pending(store, call->hotkey, &count, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_bool(call, json, "has_pending_evaluations", count > 0);
    pm_api_add_integer(call, json, "count", count);
    return true;
}

/* Only what looks like a lease's id is looked up: a path may hold any bytes, and PostgreSQL takes
 * none that are not UTF-8. */
static bool is_lease_id(const char *text)
{
    return strspn(text, "0123456789abcdef") == PM_POOL_LEASE_ID_SIZE - 1 &&
           text[PM_POOL_LEASE_ID_SIZE - 1] == '\0';
}

bool pm_api_submit_unreadable(struct pm_pool_store *store, struct pm_api_call *call,
                              struct pm_error *error)
{
    pm_api_refuse(call, 422, &call->unreadable);
    return !is_lease_id(call->parameter) ||
           pm_pool_submission_unreadable(store, call->now_ms, call->hotkey, call->parameter, error);
}

static bool submit(struct pm_pool_store *store, struct pm_api_call *call,
                   enum pm_pool_lease_kind kind, struct pm_error *error)
{
    struct pm_pool_submission *submission = malloc(sizeof *submission);
    if (submission == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "a submission: out of memory");
    }
    bool ok = true;
    if (!pm_body_submission(call->body, kind, submission, &call->unreadable)) {
        ok = pm_api_submit_unreadable(store, call, error);
    } else if (!is_lease_id(call->parameter)) {
        pm_refuse(&call->refusal, 404, PM_DETAIL_NO_LEASE);
    } else {
        ok = pm_pool_submission_take(store, &call->pool->rules, call->now_ms, call->hotkey,
                                     call->parameter, submission, &call->text, &call->refusal,
                                     error);
    }
    free(submission);
    return ok;
}

bool pm_api_submit_lease(struct pm_pool_store *store, struct pm_api_call *call,
                         struct pm_error *error)
{
    return submit(store, call, PM_POOL_LEASE_BOTH, error);
}

bool pm_api_submit_evolution(struct pm_pool_store *store, struct pm_api_call *call,
                             struct pm_error *error)
{
    return submit(store, call, PM_POOL_LEASE_EVOLVE, error);
}

bool pm_api_submit_evaluation(struct pm_pool_store *store, struct pm_api_call *call,
                              struct pm_error *error)
{
    return submit(store, call, PM_POOL_LEASE_EVALUATE, error);
}
