/* What the operator is shown, held against books that the test keeps itself: every figure of the
 * monitor's summary and of the metrics, after a run of which all is known. */
#include "cmocka_include.h"
#include "pool/house.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/text.h>

enum {
    PATH_SIZE = 256,
    SCRIPT_SIZE = 512,
    NAME_SIZE = 64,
    BODY_OVER_LIMIT = 1024 * 1024 + 1,
    STATUS_MAX = 600,
    CALLS_A_MINUTE = 60, /* more than any key makes here but the one that is meant to pass it */
    EPOCH_S = 3600,
    SEEDS = 5 /* that a pool starts from */
};

/* What the pool should say. */
struct books {
    struct house house; /* first, so that house_close takes it for all */
    int64_t epoch, miners, leases_live, algorithms, waiting, population, evaluations;
    double best_score, reputation;
    int64_t epochs_settled, paid_rao, pool_rao, withdrawals, withdrawals_rao;
    int64_t answers[STATUS_MAX]; /* since the pool was started, by status */
    int64_t failures;
};

static void start(struct books *books)
{
    char token[PATH_SIZE], per_minute[16];
    snprintf(token, sizeof token, "%s/token", books->house.pool.directory);
    snprintf(per_minute, sizeof per_minute, "%d", CALLS_A_MINUTE);
    assert_true(pm_file_write_atomic(token, "secret\n", 7, 0600, true, NULL));
    pool_process_start(&books->house.pool,
                       (const char *[]){"--quorum", "2", "--cap", "1", "--monitor-token-file",
                                        token, "--requests-per-minute", per_minute, NULL});
    unlink(token);
    memset(books->answers, 0, sizeof books->answers);
    books->failures = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        client_destroy(&books->house.clients[i]);
        client_create(&books->house.clients[i], books->house.pool.url, (uint8_t)i);
    }
}

static int open_books(void **state)
{
    struct books *books = calloc(1, sizeof *books);
    pool_process_create(&books->house.pool);
    start(books);
    books->epoch = 1;
    books->algorithms = books->waiting = SEEDS;
    books->population = SEEDS;
    *state = books;
    return 0;
}

/* ---- calls, each of them counted ---- */

static struct answer count(struct books *books, struct answer answer, int status)
{
    if (answer.status != status) {
        fail_msg("%d instead of %d: %s", answer.status, status, answer.text);
    }
    books->answers[status]++;
    return answer;
}

static struct answer call(struct books *books, size_t client, const char *method, const char *path,
                          const char *body, int status)
{
    return count(books, client_call(&books->house.clients[client], method, path, body), status);
}

static void expect(struct books *books, size_t client, const char *method, const char *path,
                   const char *body, int status)
{
    struct answer answer = call(books, client, method, path, body, status);
    answer_clear(&answer);
}

/* Without a proof. */
static struct answer send(struct books *books, const char *method, const char *path,
                          const char *authorization, bool plain, int status)
{
    const struct request request = {.method = method,
                                    .url = books->house.pool.url,
                                    .path = path,
                                    .authorization = authorization,
                                    .plain = plain};
    return count(books, http_send(&request), status);
}

static void submit_path(const struct answer *lease, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "/api/v1/tasks/%s/submit_lease", answer_string(lease, "lease_id"));
}

/* All that waits gets its score: SCORE of the seeds, else what its program's text says. */
static void judge(struct books *books, size_t client, int64_t expected)
{
    struct pm_text body = {0};
    char path[PATH_SIZE];
    const char *comma = "";
    const cJSON *item;
    int64_t judged = 0;
    struct answer lease =
        call(books, client, "POST", "/api/v1/tasks/lease", "{\"eval_batch_size\":64}", 200);
    pm_text_append(&body, "{\"evaluations\":[");
    cJSON_ArrayForEach(item, answer_member(&lease, "evaluate_algorithms"))
    {
        const char *dsl = cJSON_GetObjectItem(item, "algorithm_dsl")->valuestring;
        const char *score = strstr(dsl, "s0 = 0.");
        pm_text_append(&body, "%s{\"algorithm_id\":%d,\"score\":%.4g}", comma,
                       cJSON_GetObjectItem(item, "id")->valueint,
                       cJSON_GetObjectItem(item, "id")->valueint <= SEEDS || score == NULL
                           ? 0.5
                           : strtod(score + strlen("s0 = "), NULL));
        comma = ",";
        judged++;
    }
    pm_text_append(&body, "],\"iterations\":1}");
    assert_int_equal(judged, expected);
    submit_path(&lease, path);
    expect(books, client, "POST", path, body.data, 200);
    books->evaluations += judged;
    pm_text_clear(&body);
    answer_clear(&lease);
}

/* A program that its judges will give this score. */
static void evolve(struct books *books, size_t client, const char *score, bool duplicate)
{
    char path[PATH_SIZE], body[SCRIPT_SIZE];
    struct answer lease =
        call(books, client, "POST", "/api/v1/tasks/lease", "{\"eval_batch_size\":0}", 200);
    submit_path(&lease, path);
    snprintf(body, sizeof body,
             "{\"evolutions\":[{\"algorithm_dsl\":\"def Predict():\\n  s0 = %s\"}]}", score);
    struct answer answer = call(books, client, "POST", path, body, 200);
    assert_non_null(strstr(answer.text, duplicate ? "\"duplicate\"" : "\"accepted\",\"algorithm"));
    answer_clear(&answer);
    answer_clear(&lease);
    books->algorithms += !duplicate;
    books->waiting += !duplicate;
}

/* So many were agreed on by two, who are right; their authors earn `authors`. */
static void note_agreed(struct books *books, int64_t seeds, int64_t evolved, double authors)
{
    books->waiting -= seeds + evolved;
    books->population += evolved;
    books->reputation += 2 * (double)(seeds + evolved) + authors;
}

/* ---- the two pages ---- */

static void assert_figure(const char *name, double said, double known)
{
    if (said != known) {
        fail_msg("%s: %.17g, should be %.17g", name, said, known);
    }
}

struct figure {
    const char *name;
    double value;
};
enum { FIGURES = 15 };

static void list_figures(const struct books *books, struct figure out[FIGURES])
{
    const struct figure figures[FIGURES] = {
        {"epoch", (double)books->epoch},
        {"miners_registered", (double)books->miners},
        {"miners_active", (double)books->miners},
        {"leases_live", (double)books->leases_live},
        {"algorithms", (double)books->algorithms},
        {"algorithms_waiting", (double)books->waiting},
        {"population", (double)books->population},
        {"evaluations", (double)books->evaluations},
        {"best_score", books->best_score},
        {"total_reputation", books->reputation},
        {"epochs_settled", (double)books->epochs_settled},
        {"paid_rao", (double)books->paid_rao},
        {"pool_rao", (double)books->pool_rao},
        {"withdrawals_pending", (double)books->withdrawals},
        {"withdrawals_pending_rao", (double)books->withdrawals_rao},
    };
    memcpy(out, figures, sizeof figures);
}

static void assert_summary(struct books *books)
{
    struct figure figures[FIGURES];
    struct answer summary =
        send(books, "GET", "/api/v1/monitor/summary", "Bearer secret", false, 200);
    list_figures(books, figures);
    for (size_t i = 0; i < FIGURES; i++) {
        assert_figure(figures[i].name, answer_number(&summary, figures[i].name), figures[i].value);
    }
    assert_in_range(answer_integer(&summary, "epoch_seconds_left"), 1, EPOCH_S);
    assert_int_equal(cJSON_GetArraySize(summary.json), FIGURES + 1); /* and that is all */
    answer_clear(&summary);
}

/* The value in a line of its own; the two lines before it say what it is. */
static double metric(const char *text, const char *name, const char *type)
{
    char head[PATH_SIZE];
    snprintf(head, sizeof head, "# TYPE poolminer_pool_%s %s\n", name, type);
    const char *line = strstr(text, head);
    if (line == NULL) {
        fail_msg("no %s in %s", head, text);
        return 0;
    }
    line += strlen(head);
    snprintf(head, sizeof head, "# HELP poolminer_pool_%s ", name);
    assert_non_null(strstr(text, head));
    snprintf(head, sizeof head, "poolminer_pool_%s ", name);
    assert_int_equal(strncmp(line, head, strlen(head)), 0);
    return strtod(line + strlen(head), NULL);
}

static size_t count_lines(const char *text, const char *beginning)
{
    size_t lines = 0;
    while (text != NULL && *text != '\0') {
        lines += strncmp(text, beginning, strlen(beginning)) == 0;
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return lines;
}

static void assert_requests(const struct books *books, const char *text)
{
    size_t statuses = 0;
    for (int status = 0; status < STATUS_MAX; status++) {
        char line[PATH_SIZE];
        if (books->answers[status] == 0) {
            continue;
        }
        snprintf(line, sizeof line, "\npoolminer_pool_requests_total{status=\"%d\"} %" PRId64 "\n",
                 status, books->answers[status]);
        if (strstr(text, line) == NULL) {
            fail_msg("no%sin %s", line, text);
        }
        statuses++;
    }
    assert_int_equal(count_lines(text, "poolminer_pool_requests_total{"), statuses);
}

static void assert_metrics(struct books *books)
{
    enum { OTHERS = 4 }; /* epoch_seconds_left and those below that are one line each */
    struct figure figures[FIGURES];
    struct answer page = send(books, "GET", "/metrics", "Bearer secret", true, 200);
    books->answers[200]--; /* it was written before it was counted */
    list_figures(books, figures);
    for (size_t i = 0; i < FIGURES; i++) {
        assert_figure(figures[i].name, metric(page.text, figures[i].name, "gauge"),
                      figures[i].value);
    }
    double left_s = metric(page.text, "epoch_seconds_left", "gauge");
    assert_true(left_s >= 1 && left_s <= EPOCH_S);
    assert_figure("failures", metric(page.text, "store_failures_total", "counter"),
                  (double)books->failures);
    assert_figure("in hand", metric(page.text, "requests_in_hand", "gauge"), 1);
    assert_true(metric(page.text, "request_seconds_total", "counter") > 0);
    assert_requests(books, page.text);
    assert_int_equal(count_lines(page.text, "# TYPE "), FIGURES + OTHERS + 1);
    assert_int_equal(count_lines(page.text, "poolminer_pool_"),
                     FIGURES + OTHERS + count_lines(page.text, "poolminer_pool_requests_total{"));
    answer_clear(&page);
    books->answers[200]++;
}

static void assert_pages(struct books *books)
{
    assert_summary(books);
    assert_metrics(books);
}

/* ---- the run ---- */

/* Every kind of refusal, of which nothing is booked but the status. */
static void be_refused(struct books *books, const char *open_lease)
{
    struct client *late = &books->house.clients[2];
    static char large[BODY_OVER_LIMIT + 1];
    struct answer answer;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", open_lease);
    expect(books, 4, "POST", "/api/v1/tasks/lease", NULL, 400);
    expect(books, 0, "POST", path, "{\"evaluations\":[]}", 403);
    expect(books, 0, "GET", "/api/v1/nothing", NULL, 404);
    expect(books, 0, "DELETE", "/api/v1/tasks/lease", NULL, 405);
    expect(books, 0, "POST", "/api/v1/tasks/lease", "{", 422);
    late->clock_offset_s = -1000;
    expect(books, 2, "POST", "/api/v1/tasks/lease", NULL, 401);
    late->clock_offset_s = 0;
    answer = send(books, "GET", "/metrics", "Bearer wrong", false, 401);
    answer_clear(&answer);
    memset(large, ' ', BODY_OVER_LIMIT); /* refused by the HTTP server itself */
    expect(books, 0, "POST", "/api/v1/tasks/lease", large, 413);
}

/* Of one key that has done nothing else. */
static void pass_the_limit(struct books *books)
{
    struct client greedy;
    int status;
    client_create(&greedy, books->house.pool.url, 77);
    do {
        struct answer answer = client_call(&greedy, "POST", "/api/v1/miners/register", NULL);
        status = answer.status;
        assert_true(status == 200 || status == 429);
        books->answers[status]++;
        answer_clear(&answer);
    } while (status == 200);
    client_destroy(&greedy);
    books->miners++;
}

static void test_work(void **state)
{
    struct books *books = *state;
    assert_pages(books);
    judge(books, 0, SEEDS);
    judge(books, 1, SEEDS);
    note_agreed(books, SEEDS, 0, 0);
    books->miners = 2;
    books->best_score = 0.5;
    assert_pages(books);
    evolve(books, 2, "0.9", false);
    evolve(books, 3, "0.9", true);
    evolve(books, 3, "0.6", false);
    books->miners = 4;
    assert_pages(books);
    judge(books, 0, 2);
    judge(books, 1, 2);
    note_agreed(books, 0, 2, 1.8); /* 0.6 is below the threshold */
    books->best_score = 0.9;
    evolve(books, 3, "0.95", false); /* waits */
    struct answer open =
        call(books, 4, "POST", "/api/v1/tasks/lease", "{\"eval_batch_size\":0}", 200);
    books->miners = 5;
    books->leases_live = 1;
    assert_pages(books);
    be_refused(books, answer_string(&open, "lease_id"));
    pass_the_limit(books);
    assert_pages(books);
    answer_clear(&open);
}

/* The epoch is over a second ago, while the pool is away. */
static void end_the_epoch(struct books *books)
{
    char script[SCRIPT_SIZE];
    const int64_t end_ms = pm_clock_unix_ms() - 1000;
    snprintf(script, sizeof script, "UPDATE epochs SET start_ms = %" PRId64 ", end_ms = %" PRId64,
             end_ms - 1000 * (int64_t)EPOCH_S, end_ms);
    assert_int_equal(pool_process_stop(&books->house.pool), 0);
    house_run_script(&books->house, script);
    start(books);
}

static void withdraw(struct books *books, size_t client, int64_t rao)
{
    const struct client *miner = &books->house.clients[client];
    char path[PATH_SIZE], body[NAME_SIZE];
    house_set_recipient(&books->house, miner);
    books->answers[200]++;
    snprintf(path, sizeof path, "/api/v1/rewards/withdraw/%s", client_address(miner));
    snprintf(body, sizeof body, "{\"amount_rao\":%" PRId64 "}", rao);
    expect(books, client, "POST", path, body, 200);
    books->withdrawals++;
    books->withdrawals_rao += rao;
}

static void decide(struct books *books, const char *how, const char *id, int64_t rao)
{
    struct output output =
        pool_process_admin(&books->house.pool, (const char *[]){"payouts", how, id, NULL});
    assert_int_equal(output.status, 0);
    output_clear(&output);
    books->withdrawals--;
    books->withdrawals_rao -= rao;
}

/* Of the 15.8 points that were earned 7 and 7 are the judges', 1.8 the author's. */
static void test_money(void **state)
{
    struct books *books = *state;
    const int64_t divided = 950000000, judge_rao = divided * 70 / 158,
                  author_rao = divided * 18 / 158;
    end_the_epoch(books);
    books->epoch = 2;
    books->epochs_settled = 1;
    books->reputation = 0;
    books->paid_rao = 2 * judge_rao + author_rao;
    books->pool_rao = 1000000000 - books->paid_rao;
    assert_pages(books);
    withdraw(books, 0, 5000000);
    withdraw(books, 1, judge_rao);
    withdraw(books, 2, author_rao);
    assert_pages(books);
    decide(books, "approve", "1", 5000000);
    decide(books, "reject", "2", judge_rao);
    assert_pages(books);
    judge(books, 0, 1); /* what waited, in the new epoch */
    judge(books, 1, 1);
    note_agreed(books, 0, 1, 1.9);
    books->best_score = 0.95;
    assert_pages(books);
}

static void test_failures(void **state)
{
    struct books *books = *state;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/api/v1/rewards/history/%s",
             client_address(&books->house.clients[0]));
    house_run_script(&books->house, "ALTER TABLE payouts RENAME TO elsewhere");
    expect(books, 0, "GET", path, NULL, 503);
    books->failures++;
    house_run_script(&books->house, "ALTER TABLE elsewhere RENAME TO payouts");
    assert_pages(books);
    expect(books, 0, "GET", path, NULL, 200);
    assert_pages(books);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_money),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, open_books, house_close);
}
