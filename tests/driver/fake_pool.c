#include "tests/driver/fake_pool.h"

#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

static void apply(const struct fake_answer *answer, struct scripted_reply *reply)
{
    reply->manner = answer->manner;
    reply->status = answer->status;
    if (answer->headers != NULL) {
        snprintf(reply->headers, sizeof reply->headers, "%s", answer->headers);
    }
    if (answer->body != NULL) {
        snprintf(reply->body, sizeof reply->body, "%s", answer->body);
    }
}

static bool is_scripted(const struct fake_answer *answer)
{
    return answer->manner != SCRIPTED_PROPER || answer->status != 0;
}

/* What the script says to call number `call`; nothing after its end. */
static const struct fake_answer *scripted(struct fake_pool *pool, const struct fake_answer *script,
                                          int call)
{
    static const struct fake_answer none = {0};
    const struct fake_answer *answer = call < FAKE_SCRIPT_MAX ? &script[call] : &none;
    if (answer->stop) {
        atomic_store(&pool->stop, true);
    }
    return answer;
}

static void grant(struct fake_pool *pool, struct scripted_reply *reply)
{
    char timeout[PM_CLOCK_ISO_SIZE];
    int number = ++pool->granted;
    atomic_store(&pool->down, pool->down_after_grant && number == 1);
    pm_clock_format_iso(atomic_load(&pool->now_ms) + pool->lease_ms, timeout);
    snprintf(reply->body, sizeof reply->body,
             "{\"lease_id\":\"lease-%d\",\"window_number\":%d,\"timeout_at\":\"%s\","
             "\"evolve_budget\":1,\"evaluate_algorithms\":["
             "{\"id\":11,\"algorithm_dsl\":\"a\",\"input_dim\":16},"
             "{\"id\":12,\"algorithm_dsl\":\"b\"},{\"id\":13,\"algorithm_dsl\":\"c\"}],"
             "\"seed_algorithms\":[{\"id\":21,\"algorithm_dsl\":\"d\"}],\"gossip\":null}",
             number, number, timeout);
}

static void grant_task(struct fake_pool *pool, bool evaluate, struct scripted_reply *reply)
{
    char timeout[PM_CLOCK_ISO_SIZE], end[64] = "";
    int number = ++pool->granted;
    pm_clock_format_iso(atomic_load(&pool->now_ms) + pool->lease_ms, timeout);
    if (!pool->tasks_without_end) {
        snprintf(end, sizeof end, ",\"timeout_at\":\"%s\"", timeout);
    }
    snprintf(reply->body, sizeof reply->body,
             "{\"batch_id\":\"batch-%d\",\"task_type\":\"%s\",\"algorithms\":[%s]%s}", number,
             evaluate ? "evaluate" : "evolve",
             evaluate ? "{\"id\":11,\"algorithm_dsl\":\"a\",\"input_dim\":16},"
                        "{\"id\":12,\"algorithm_dsl\":\"b\"}"
                      : "{\"id\":21,\"algorithm_dsl\":\"d\"},{\"id\":22,\"algorithm_dsl\":\"e\"}",
             end);
}

/* True: the answer says that there is no such path. */
static bool is_missing(const struct fake_pool *pool, bool missing, struct scripted_reply *reply)
{
    if (missing) {
        reply->status = pool->missing_status != 0 ? pool->missing_status : 404;
        snprintf(reply->body, sizeof reply->body, "%s",
                 reply->status == 404 ? "{\"detail\":\"Not Found\"}"
                                      : "{\"detail\":\"Method Not Allowed\"}");
    }
    return missing;
}

/* The pool's own answer to a request for work. */
static void give_work(struct fake_pool *pool, char asked, struct scripted_reply *reply)
{
    bool none = asked == 'v' ? pool->no_evaluations : asked == 'e' && pool->no_evolutions;
    if (is_missing(pool, asked == 'l' ? pool->no_leases : pool->no_tasks, reply)) {
        return;
    }
    if (none || pool->granted >= pool->leases_to_grant) {
        reply->status = 404;
        strcpy(reply->body, "{\"detail\":\"No tasks available\"}");
    } else if (asked == 'l') {
        grant(pool, reply);
    } else {
        grant_task(pool, asked == 'v', reply);
    }
}

static void on_lease(struct fake_pool *pool, const struct scripted_request *request,
                     struct scripted_reply *reply)
{
    int call = pool->lease_calls++;
    assert_true(call < FAKE_CALLS_MAX);
    bool is_lease = strstr(request->path, "/lease") != NULL;
    bool evaluate = strstr(request->body, "evaluate") != NULL;
    pool->asked[call] = "evl"[is_lease ? 2 : evaluate];
    pool->lease_call_ms[call] = atomic_load(&pool->now_ms);
    pool->resumed[call] = strstr(request->body, "\"resume\":true") != NULL;
    if (pool->stop_after_lease_calls > 0 && pool->lease_calls >= pool->stop_after_lease_calls) {
        atomic_store(&pool->stop, true);
    }
    const struct fake_answer *answer = scripted(pool, pool->lease_answers, call);
    if (is_scripted(answer)) {
        apply(answer, reply);
    } else {
        give_work(pool, pool->asked[call], reply);
    }
}

static void keep_submission(struct fake_pool *pool, const struct scripted_request *request)
{
    struct fake_submission *submission = &pool->submissions[pool->submit_calls];
    sscanf(request->path, "/api/v1/tasks/%63[^/]/%23s", submission->lease_id, submission->call);
    submission->at_ms = atomic_load(&pool->now_ms);
    cJSON *content = cJSON_Parse(request->body);
    cJSON_DeleteItemFromObject(content, "public_address");
    cJSON_DeleteItemFromObject(content, "signature");
    cJSON_DeleteItemFromObject(content, "message");
    char *text = cJSON_PrintUnformatted(content);
    snprintf(submission->content, sizeof submission->content, "%s", text);
    free(text);
    cJSON_Delete(content);
}

static void on_submit(struct fake_pool *pool, const struct scripted_request *request,
                      struct scripted_reply *reply)
{
    int call = pool->submit_calls;
    assert_true(call < FAKE_CALLS_MAX);
    keep_submission(pool, request);
    pool->submit_calls++;
    const struct fake_answer *answer = scripted(pool, pool->submit_answers, call);
    if (is_scripted(answer)) {
        apply(answer, reply);
        pool->accepted += answer->accept;
    } else {
        bool evaluation = strstr(request->path, "submit_evaluation") != NULL;
        bool evolution = strstr(request->path, "submit_evolution") != NULL;
        snprintf(reply->body, sizeof reply->body, "%s",
                 pool->everything_is_known ? "{\"status\":\"accepted\",\"evolutions\":"
                                             "[{\"status\":\"duplicate\",\"algorithm_id\":7}]}"
                                           : "{\"status\":\"accepted\"}");
        pool->accepted++;
        atomic_fetch_add(&pool->now_ms, evaluation ? pool->evaluate_ms : 0);
        atomic_fetch_add(&pool->now_ms, evolution ? pool->evolve_ms : 0);
    }
}

static void on_health(struct fake_pool *pool, struct scripted_reply *reply)
{
    cJSON *body = cJSON_CreateObject();
    pool->health_calls++;
    if (pool->health_remaining_s >= 0) {
        cJSON_AddNumberToObject(body, "time_remaining_s", (double)pool->health_remaining_s);
    }
    if (pool->dataset != NULL) {
        cJSON_AddStringToObject(body, "dataset_fingerprint", pool->dataset);
    }
    if (pool->suite != NULL) {
        cJSON_AddStringToObject(body, "suite", pool->suite);
    }
    char *text = cJSON_PrintUnformatted(body);
    snprintf(reply->body, sizeof reply->body, "%s", text);
    free(text);
    cJSON_Delete(body);
}

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    struct fake_pool *pool = context;
    if (atomic_load(&pool->down)) {
        const struct fake_answer page = {.status = pool->page_when_down,
                                         .body = "<html>no pool</html>"};
        const struct fake_answer hang_up = {.manner = SCRIPTED_CLOSE};
        apply(pool->page_when_down != 0 ? &page : &hang_up, reply);
        return;
    }
    if (strcmp(request->path, "/api/v1/tasks/lease") == 0 ||
        strcmp(request->path, "/api/v1/tasks/request") == 0) {
        on_lease(pool, request, reply);
    } else if (strstr(request->path, "/submit_") != NULL) {
        on_submit(pool, request, reply);
    } else if (strcmp(request->path, "/api/v1/miners/register") == 0) {
        strcpy(reply->body, "{}");
        apply(&pool->register_answer, reply);
    } else if (strstr(request->path, "/miners/unpaid?") != NULL) {
        pool->unpaid_calls++;
        snprintf(pool->unpaid_asked, sizeof pool->unpaid_asked, "%s",
                 strchr(request->path, '?') + 1);
        if (!is_missing(pool, pool->unpaid == NULL, reply)) {
            const bool more = strstr(request->path, "&after=") != NULL;
            pool->unpaid_from_start += !more;
            snprintf(reply->body, sizeof reply->body, "%s",
                     more ? pool->unpaid_after : pool->unpaid);
        }
    } else if (strcmp(request->path, "/health") == 0) {
        on_health(pool, reply);
    } else if (strstr(request->path, "/rewards/balance/") != NULL) {
        pool->balance_calls++;
        snprintf(reply->body, sizeof reply->body, "%s",
                 "{\"balance_rao\":1000,\"estimated_pending_rao\":200}");
        reply->status = pool->has_no_balance ? 404 : reply->status;
    } else {
        pool->stats_calls++;
        const char *usual = "{\"evaluations_submitted\":96,\"accuracy_rate\":0.9375,"
                            "\"evolutions_submitted\":4,\"best_score\":0.78125,"
                            "\"reputation\":12.5,\"lifetime_rao\":1234}";
        snprintf(reply->body, sizeof reply->body, "%s", pool->stats != NULL ? pool->stats : usual);
    }
}

void fake_pool_start(struct fake_pool *pool)
{
    *pool = (struct fake_pool){.lease_ms = 3600000, .health_remaining_s = -1};
    atomic_store(&pool->now_ms, pm_clock_unix_ms());
    pool->server = scripted_server_start(handle, pool);
}

void fake_pool_stop(struct fake_pool *pool)
{
    scripted_server_stop(pool->server);
}

static int64_t now_ms(void *context)
{
    struct fake_pool *pool = context;
    return atomic_load(&pool->now_ms);
}

static void wait_ms(void *context, int64_t duration_ms)
{
    struct fake_pool *pool = context;
    atomic_fetch_add(&pool->now_ms, duration_ms);
    pool->waited_ms += duration_ms;
    if (pool->jump_ms != 0 && pool->waited_ms >= pool->jump_after_ms) {
        atomic_fetch_add(&pool->now_ms, pool->jump_ms);
        pool->jump_ms = 0;
    }
}

static uint32_t chance(void *context)
{
    (void)context;
    return 0;
}

struct pm_driver_host fake_pool_host(struct fake_pool *pool)
{
    return (struct pm_driver_host){
        .context = pool, .now_ms = now_ms, .wait_ms = wait_ms, .random = chance};
}
