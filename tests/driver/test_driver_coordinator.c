/* The coordinator against a scripted pool and a queue in memory. Time is the pool's: a wait of the
 * driver moves the clock and takes no time, so every duration below is exact. */
#include "cmocka_include.h"
#include "driver/coordinator.h"
#include "driver/lease_record.h"
#include "tests/driver/driver_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/log.h>

/* ---- the way it should go ---- */

static void a_lease_is_computed_and_submitted(void **state)
{
    struct bench *bench = *state;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_string_equal(bench->pool.submissions[0].lease_id, "lease-1");
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
    assert_int_equal(bench->queue.job_count, 3); /* 2 + 1 evaluations, 1 evolution */
    assert_false(bench->queue.put_before_open);
    const struct pm_driver_counters *counters = &bench->driver.counters;
    assert_int_equal(counters->leases, 1);
    assert_int_equal(counters->evaluations_submitted, 3);
    assert_int_equal(counters->evolutions_submitted, 1);
    assert_int_equal(counters->submissions_accepted, 1);
    assert_true(counters->best_score == 0.8);
}

static void leases_follow_each_other(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 5;
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 5);
    assert_string_equal(record(bench, "lease-5")->state, "submitted");
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

/* The pool would only see it run out. */
static void no_lease_is_taken_while_no_worker_computes(void **state)
{
    struct bench *bench = *state;
    bench->queue.paused = "on battery";
    assert_true(live(bench));
    assert_int_equal(bench->pool.lease_calls, 0);
    assert_true(bench->driver.paused);
    bench->queue.paused = NULL;
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 1);
    assert_false(bench->driver.paused);
}

static void nothing_secret_reaches_the_queue(void **state)
{
    struct bench *bench = *state;
    char path[] = "/tmp/poolminer-coordinator-XXXXXX";
    char key_file[64];
    char *text = NULL;
    size_t length = 0;
    assert_non_null(mkdtemp(path));
    snprintf(key_file, sizeof key_file, "%s/key", path);
    assert_true(pm_hotkey_save(bench->hotkey, key_file, NULL));
    assert_true(pm_file_read(key_file, 4096, &text, &length, NULL));
    cJSON *file = cJSON_Parse(text);
    assert_true(live(bench));
    static const char *const secrets[] = {"privateKey", "secretSeed", "secretPhrase"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const char *secret = cJSON_GetObjectItem(file, secrets[i])->valuestring;
        secret += strncmp(secret, "0x", 2) == 0 ? 2 : 0;
        assert_true(strlen(secret) > 30);
        assert_false(fake_queue_contains(&bench->queue, secret));
    }
    assert_true(fake_queue_contains(&bench->queue, pm_hotkey_address(bench->hotkey)));
    assert_false(fake_queue_contains(&bench->queue, "signature"));
    cJSON_Delete(file);
    free(text);
    unlink(key_file);
    rmdir(path);
}

/* ---- dying ---- */

static void whenever_it_dies_the_lease_is_submitted_once(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 20 * SECOND;
    for (int after = 0; after <= 1; after++) {
        int die_at = 1;
        for (; die_and_live_again(bench, die_at, after == 1); die_at++) {
            const struct fake_record *closed = fake_queue_record(&bench->queue, "lease-1");
            if (closed == NULL) {
                /* died with the lease in hand, before the record was written: nothing to find */
                assert_int_equal(bench->pool.submit_calls, 0);
                continue;
            }
            assert_string_equal(closed->state, "submitted");
            assert_true(bench->pool.submit_calls >= 1);
            for (int i = 0; i < bench->pool.submit_calls; i++) {
                assert_full_submission(&bench->pool.submissions[i]); /* the same each time */
                assert_string_equal(bench->pool.submissions[i].content,
                                    bench->pool.submissions[0].content);
            }
            assert_int_equal(fake_queue_left(&bench->queue), 0);
        }
        assert_true(die_at > 10); /* there was something to die in */
    }
}

static void a_stop_while_the_lease_is_granted_loses_nothing(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench));
    assert_string_equal(record(bench, "lease-1")->state, "open");
    assert_int_equal(bench->pool.submit_calls, 0);
    atomic_store(&bench->pool.stop, false);
    assert_true(live(bench));
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
}

static void a_stop_while_the_submission_is_lost_sends_it_again(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.manner = SCRIPTED_CLOSE, .accept = true, .stop = true};
    bench->pool.submit_answers[1] = (struct fake_answer){
        .status = 404, .body = "{\"detail\":\"Active lease assignment not found\"}"};
    assert_true(live(bench));
    assert_string_equal(record(bench, "lease-1")->state, "open");
    atomic_store(&bench->pool.stop, false);
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_string_equal(bench->pool.submissions[0].content, bench->pool.submissions[1].content);
    assert_closed(bench, "expired", "probably got through");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "answer_lost");
}

static void a_submission_that_may_have_arrived_outlives_its_lease(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.manner = SCRIPTED_CLOSE, .accept = true, .stop = true};
    assert_true(live(bench));
    assert_string_equal(record(bench, "lease-1")->state, "open");
    atomic_store(&bench->pool.stop, false);
    atomic_fetch_add(&bench->pool.now_ms, 7200 * SECOND);
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_string_equal(bench->pool.submissions[0].content, bench->pool.submissions[1].content);
    assert_closed(bench, "submitted", "");
}

static void put_open_record(struct fake_queue *fake, const char *key, const char *body)
{
    const struct pm_driver_queue queue = fake_queue_bind(fake);
    const struct pm_record_put put = {
        .run_id = "run", .key = key, .state = "open", .body = body, .body_size = strlen(body)};
    assert_true(queue.record_put(queue.context, &put, NULL));
}

/* Killed, and the note that a submission was under way had not been kept. */
static void so_does_one_of_which_no_note_was_kept(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.manner = SCRIPTED_CLOSE, .accept = true, .stop = true};
    assert_true(live(bench));
    char key[PM_JOB_KEY_SIZE], *body = strdup(record(bench, "lease-1")->body);
    pm_lease_record_key(bench->driver.account, "lease-1", key);
    put_open_record(&bench->queue, key, body);
    free(body);
    atomic_store(&bench->pool.stop, false);
    atomic_fetch_add(&bench->pool.now_ms, 7200 * SECOND);
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_string_equal(bench->pool.submissions[0].content, bench->pool.submissions[1].content);
    assert_closed(bench, "submitted", "");
}

static void a_record_that_cannot_be_read_is_set_aside(void **state)
{
    struct bench *bench = *state;
    char account[PM_ACCOUNT_SIZE], key[PM_JOB_KEY_SIZE];
    pm_driver_account(pm_hotkey_address(bench->hotkey), POOL_NAME, account);
    pm_lease_record_key(account, "broken", key);
    put_open_record(&bench->queue, key, "{}");
    assert_true(live(bench));
    assert_string_equal(record(bench, "broken")->state, "expired");
    assert_string_equal(record(bench, "lease-1")->state, "submitted");
}

/* ---- answers to lease requests ---- */

static void waits_between_leases_are_as_the_table_says(void **state)
{
    struct bench *bench = *state;
    struct fake_answer *answers = bench->pool.lease_answers;
    bench->pool.leases_to_grant = 0;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.health_remaining_s = 200;
    bench->pool.stop_after_lease_calls = 8;
    answers[0] = (struct fake_answer){.status = 404, .body = "{\"detail\":\"No tasks\"}"};
    answers[1] = (struct fake_answer){.status = 400,
                                      .body = "{\"detail\":\"Miner already has active task\"}"};
    answers[2] = (struct fake_answer){
        .status = 400,
        .body = "{\"detail\":\"Lease already issued for this window. Wait for next window.\"}"};
    answers[3] = (struct fake_answer){
        .status = 400,
        .body = "{\"detail\":{\"msg\":\"Lease already issued\",\"time_remaining_s\":90}}"};
    answers[4] = (struct fake_answer){.status = 503, .headers = "Retry-After: 45\r\n"};
    answers[5] = (struct fake_answer){.status = 200, .body = "{\"lease_id\":"};
    answers[6] = (struct fake_answer){.status = 403, .body = "{\"detail\":\"banned\"}"};
    assert_true(live(bench));
    static const int64_t expected_s[] = {30, 5, 200, 90, 45, 1, 60};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(bench->pool.lease_call_ms[i + 1] - bench->pool.lease_call_ms[i],
                         expected_s[i] * SECOND);
    }
    assert_int_equal(bench->pool.health_calls, 1);
    assert_int_equal(bench->queue.record_count, 0);
    /* a lease may have been lost before the start, and with what came instead of an answer */
    static const bool resumed[] = {true, false, false, false, false, true, true, false};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(bench->pool.resumed[i], resumed[i]);
    }
}

static void another_lease_in_the_way_is_awaited_and_told(void **state)
{
    static const struct {
        const char *body, *says;
    } rows[] = {
        {"{\"detail\":\"Miner already has active task\",\"time_remaining_s\":5345}", "in 90 min"},
        {"{\"detail\":\"Miner already has active task\",\"time_remaining_s\":61}", "in 2 min"},
        {"{\"detail\":\"Miner already has active task\"}", "usually give three hours"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench->pool.lease_answers[i] = (struct fake_answer){.status = 400, .body = rows[i].body};
        bench->pool.stop_after_lease_calls = (int)i + 1;
        atomic_store(&bench->pool.stop, false);
        assert_true(live(bench));
        const char *message = bench->driver.lease_notice.last.message;
        assert_non_null(strstr(message, "Miner already has active task"));
        if (strstr(message, rows[i].says) == NULL) {
            fail_msg("%s", message);
        }
    }
}

/* No other machine is to blame for what this driver gave up itself. */
static void what_ended_here_and_not_at_the_pool_is_told(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *says;
    } rows[] = {
        {400, "{\"detail\":\"score out of range\"}",
         "it holds lease lease-1, whose results it refused (score out of range); asked again"},
        {404, "{\"detail\":\"no such lease\"}", "it holds lease lease-1, which ended here ("},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_queue_clear(&bench->queue);
        bench->pool.lease_calls = bench->pool.submit_calls = bench->pool.granted = 0;
        bench->pool.submit_answers[0] =
            (struct fake_answer){.status = rows[i].status, .body = rows[i].body};
        bench->pool.lease_answers[1] = (struct fake_answer){
            .status = 400, .body = "{\"detail\":\"Miner already has active task\"}"};
        bench->pool.stop_after_lease_calls = 2;
        atomic_store(&bench->pool.stop, false);
        assert_true(live(bench));
        const char *message = bench->driver.lease_notice.last.message;
        if (strstr(message, rows[i].says) == NULL || strstr(message, "another machine") != NULL) {
            fail_msg("%s", message);
        }
    }
    /* And one that was never begun. */
    bench->pool.lease_calls = 0;
    bench->pool.lease_answers[0] = (struct fake_answer){.status = 200, .body = "{\"lease_id\":7}"};
    atomic_store(&bench->pool.stop, false);
    assert_true(live(bench));
    const char *message = bench->driver.lease_notice.last.message;
    if (strstr(message, "it holds a lease which cannot be used here (") == NULL) {
        fail_msg("%s", message);
    }
}

/* The pool cannot hold it any more: what it speaks of is another's. */
static void what_ran_out_at_the_pool_too_is_not_to_blame(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench));
    bench->pool.lease_answers[1] = (struct fake_answer){
        .status = 400, .body = "{\"detail\":\"Miner already has active task\"}"};
    bench->pool.stop_after_lease_calls = 2;
    atomic_store(&bench->pool.stop, false);
    atomic_fetch_add(&bench->pool.now_ms, 7200 * SECOND);
    assert_true(live(bench));
    assert_closed(bench, "expired", "it ran out 3600 s ago");
    const char *message = bench->driver.lease_notice.last.message;
    if (strstr(message, "another machine") == NULL || strstr(message, "lease-1") != NULL) {
        fail_msg("%s", message);
    }
}

/* Lives, and reads what was logged meanwhile. */
static void live_and_read_log(struct bench *bench, char *out, size_t size)
{
    FILE *log = tmpfile();
    int terminal = dup(STDERR_FILENO);
    assert_non_null(log);
    assert_true(terminal >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
    bool done = live(bench);
    assert_true(dup2(terminal, STDERR_FILENO) >= 0);
    close(terminal);
    rewind(log);
    out[fread(out, 1, size - 1, log)] = '\0';
    fclose(log);
    assert_true(done);
}

static size_t times(const char *text, const char *id)
{
    size_t count = 0;
    for (const char *at = strstr(text, id); at != NULL; at = strstr(at + 1, id)) {
        count++;
    }
    return count;
}

static void a_pool_that_answers_is_not_away(void **state)
{
    struct bench *bench = *state;
    struct fake_answer *answers = bench->pool.lease_answers;
    char log[16384];
    bench->pool.leases_to_grant = 0;
    bench->pool.stop_after_lease_calls = 6;
    answers[0] = (struct fake_answer){.status = 403, .body = "{\"detail\":\"banned\"}"};
    answers[1] = (struct fake_answer){.status = 400,
                                      .body = "{\"detail\":\"Miner already has active task\"}"};
    answers[2] = (struct fake_answer){.status = 200, .body = "{\"lease_id\":1}"};
    answers[3] = (struct fake_answer){.status = 404, .body = "{\"detail\":\"No tasks\"}"};
    answers[4] = (struct fake_answer){.status = 404, .body = "{\"detail\":\"No tasks\"}"};
    live_and_read_log(bench, log, sizeof log);
    assert_int_equal(times(log, "DRIVER-LEASE-REFUSED"), 1);
    assert_int_equal(times(log, "DRIVER-ACTIVE-TASK"), 1);
    assert_int_equal(times(log, "DRIVER-LEASE-BAD"), 1);
    assert_int_equal(times(log, "DRIVER-POOL-"), 0);

    bench->pool.lease_calls = 0;
    atomic_store(&bench->pool.stop, false);
    bench->pool.stop_after_lease_calls = 3;
    answers[0] = (struct fake_answer){.status = 503};
    answers[1] = (struct fake_answer){.status = 403, .body = "{\"detail\":\"banned\"}"};
    live_and_read_log(bench, log, sizeof log);
    const char *away = strstr(log, "DRIVER-POOL-AWAY");
    assert_non_null(away);
    const char *back = strstr(away, "DRIVER-POOL-BACK");
    assert_non_null(back);
    assert_non_null(strstr(back, "DRIVER-LEASE-REFUSED"));
    assert_int_equal(times(log, "DRIVER-POOL-"), 2);
}

#define EMPTY_LEASE(ID, MEMBERS)                                                                   \
    "{\"lease_id\":\"" ID "\",\"timeout_at\":\"2099-01-01T00:00:00Z\"" MEMBERS "}"

static void a_lease_with_nothing_in_it_is_closed_and_no_work(void **state)
{
    static const char *const bodies[] = {
        EMPTY_LEASE("x", ""), EMPTY_LEASE("y", ",\"evolve_budget\":3,\"seed_algorithms\":[]"),
        EMPTY_LEASE("z", ",\"seed_algorithms\":[{\"id\":1,\"algorithm_dsl\":\"a\"}]")};
    struct bench *bench = *state;
    for (size_t i = 0; i < 3; i++) {
        bench->pool.lease_answers[i] = (struct fake_answer){.status = 200, .body = bodies[i]};
    }
    bench->pool.stop_after_lease_calls = 5;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 4); /* so that the pool has them off its hands */
    assert_string_equal(record(bench, "z")->state, "submitted");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench->pool.lease_call_ms[i + 1] - bench->pool.lease_call_ms[i],
                         30 * SECOND);
    }
}

static void a_lease_that_is_closed_is_not_taken_again(void **state)
{
    static const char body[] =
        EMPTY_LEASE("again", ",\"evaluate_algorithms\":[{\"id\":1,\"algorithm_dsl\":\"a\"}]");
    struct bench *bench = *state;
    for (size_t i = 0; i < 3; i++) {
        bench->pool.lease_answers[i] = (struct fake_answer){.status = 200, .body = body};
    }
    bench->pool.submit_answers[0] = (struct fake_answer){
        .status = 400, .body = "{\"detail\":\"iterations: at least 160\"}"}; /* worth another try */
    bench->pool.submit_answers[1] =
        (struct fake_answer){.status = 422, .body = "{\"detail\":\"no\"}"};
    bench->pool.stop_after_lease_calls = 5;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 3); /* twice that one, then lease-1 */
    assert_string_equal(record(bench, "again")->reason, "no");
    assert_string_equal(bench->pool.submissions[2].lease_id, "lease-1");
    assert_true(bench->pool.lease_call_ms[3] - bench->pool.lease_call_ms[2] >= 500);
}

/* Whatever was closed in between, and by whichever start of the driver. */
static void no_closed_lease_is_computed_again(void **state)
{
    static const char first[] =
        EMPTY_LEASE("l1", ",\"evaluate_algorithms\":[{\"id\":1,\"algorithm_dsl\":\"a\"}]");
    static const char second[] =
        EMPTY_LEASE("l2", ",\"evaluate_algorithms\":[{\"id\":2,\"algorithm_dsl\":\"b\"}]");
    struct bench *bench = *state;
    for (size_t i = 0; i < 8; i++) { /* 4 for each start, which ends with no work */
        bench->pool.lease_answers[i < 4 ? i : i + 1] =
            (struct fake_answer){.status = 200, .body = i % 2 == 0 ? first : second};
    }
    bench->pool.leases_to_grant = 0;
    bench->pool.stop_after_lease_calls = 5;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    atomic_store(&bench->pool.stop, false);
    bench->pool.stop_after_lease_calls = 10;
    assert_true(live(bench));
    assert_int_equal(bench->pool.lease_calls, 10);
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_string_equal(record(bench, "l1")->state, "submitted");
    assert_string_equal(record(bench, "l2")->state, "submitted");
}

static void leases_that_cannot_be_used_are_passed_over(void **state)
{
    static const char *const bodies[] = {
        "{}", "{\"lease_id\":7}", "{\"lease_id\":\"../x\",\"timeout_at\":\"2099-01-01T00:00:00Z\"}",
        "{\"lease_id\":\"x\",\"timeout_at\":\"2001-01-01T00:00:00Z\"}", /* over already */
        "{\"lease_id\":\"x\",\"timeout_at\":\"2099-01-01T00:00:00Z\",\"seed_algorithms\":3}"};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        bench->pool.lease_answers[i] = (struct fake_answer){.status = 200, .body = bodies[i]};
    }
    assert_true(live(bench));
    assert_int_equal(bench->queue.record_count, 1); /* that of the good one, which came after */
    assert_closed(bench, "submitted", "");
}

static void a_lease_too_large_for_the_sidecar_costs_that_lease_only(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 3;
    bench->queue.large_records = 1;
    bench->queue.large_jobs = 1;
    assert_true(live(bench));
    assert_null(fake_queue_record(&bench->queue, "lease-1")); /* never came into the store */
    assert_string_equal(record(bench, "lease-2")->state, "expired");
    assert_string_equal(record(bench, "lease-2")->reason, "larger than the sidecar takes");
    assert_string_equal(record(bench, "lease-3")->state, "submitted");
}

/* Nobody would ever collect the jobs that were put before the one that is too large. */
static void what_was_put_of_a_lease_that_is_too_large_is_taken_back(void **state)
{
    struct bench *bench = *state;
    bench->queue.jobs_before_large = 1;
    bench->queue.large_jobs = 1;
    assert_true(live(bench));
    assert_true(bench->queue.job_count > 0);
    assert_closed(bench, "expired", "larger than the sidecar takes");
}

/* It would run out before it could be recorded, and the next one too. */
static void a_sidecar_without_room_gets_no_lease(void **state)
{
    struct bench *bench = *state;
    int64_t began_ms = atomic_load(&bench->pool.now_ms);
    bench->queue.full_until_ms = began_ms + 100 * SECOND;
    bench->pool.lease_ms = 20 * SECOND;
    assert_true(live(bench));
    assert_true(bench->pool.lease_call_ms[0] >= bench->queue.full_until_ms);
    assert_closed(bench, "submitted", "");
    assert_int_equal(bench->driver.counters.leases_expired, 0);
}

static void a_pool_that_is_not_there_yet_is_awaited(void **state)
{
    struct bench *bench = *state;
    bench->pool.register_answer = (struct fake_answer){.manner = SCRIPTED_CLOSE};
    bench->settings.duration_ms = 60 * SECOND;
    assert_true(live(bench));
    assert_int_equal(bench->pool.lease_calls, 0);
    bench->pool.register_answer = (struct fake_answer){.status = 404, .body = "{}"};
    assert_true(live(bench)); /* a pool that knows no registering is a pool still */
    assert_closed(bench, "submitted", "");
}

/* ---- workers ---- */

static void what_is_there_45_s_before_the_end_is_submitted(void **state)
{
    struct bench *bench = *state;
    bench->queue.work = FAKE_WORK_EVALUATE;
    bench->settings.duration_ms = 7200 * SECOND;
    assert_true(live(bench));
    const struct fake_submission *submission = &bench->pool.submissions[0];
    assert_int_equal(submission->at_ms - bench->pool.lease_call_ms[0], (3600 - 45) * SECOND);
    cJSON *content = cJSON_Parse(submission->content);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(content, "evaluations")), 3);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(content, "evolutions")), 0);
    assert_int_equal(cJSON_GetObjectItem(content, "iterations")->valueint, 3);
    cJSON_Delete(content);
    /* No evaluation is begun 90 s before; evolving goes on to the last, less its result's way. */
    for (size_t i = 0; i < bench->queue.job_count; i++) {
        bool evolves = strstr(bench->queue.jobs[i].key, "/evolve/") != NULL;
        assert_int_equal(bench->queue.jobs[i].deadline_ms - bench->pool.lease_call_ms[0],
                         (3600 - (evolves ? 48 : 90)) * SECOND);
    }
    assert_closed(bench, "submitted", "");
}

static void failed_jobs_and_nonsense_leave_the_rest(void **state)
{
    struct bench *bench = *state;
    static const enum fake_work kinds[] = {FAKE_WORK_FAIL, FAKE_WORK_GARBAGE};
    bench->settings.duration_ms = 10 * SECOND;
    for (size_t i = 0; i < 2; i++) {
        bench->queue.work = kinds[i];
        bench->pool.leases_to_grant = (int)i + 1;
        assert_true(live(bench));
        assert_string_equal(bench->pool.submissions[i].content,
                            "{\"evaluations\":[],\"evolutions\":[],\"iterations\":0,"
                            "\"gossip\":null}");
    }
    assert_int_equal(bench->pool.accepted, 2);
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

/* ---- the data that scores come from ---- */

static void a_worker_with_other_data_ends_it_before_anything_is_submitted(void **state)
{
    static const char ours[] = "0123456789abcdef0123", theirs[] = "fedcba9876543210fedc";
    struct bench *bench = *state;
    bench->pool.dataset = theirs;
    bench->queue.dataset = ours;
    assert_false(live(bench));
    assert_int_equal(bench->error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(bench->error.message, "0123456789abcdef..."));
    assert_non_null(strstr(bench->error.message, "fedcba9876543210..."));
    assert_non_null(strstr(bench->error.message, "--dataset"));
    assert_int_equal(bench->pool.submit_calls, 0);
    assert_string_equal(record(bench, "lease-1")->state, "open");
    assert_int_equal(fake_queue_left(&bench->queue), 0);
    bench->queue.dataset = theirs; /* mended: computed anew, and submitted */
    assert_true(live(bench));
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
}

static void a_worker_with_another_suite_ends_it_too(void **state)
{
    struct bench *bench = *state;
    bench->pool.suite = "first2000";
    bench->queue.suite = "resampled";
    assert_false(live(bench));
    assert_non_null(strstr(bench->error.message, "--suite first2000"));
    assert_int_equal(bench->pool.submit_calls, 0);
}

static void data_that_one_side_does_not_tell_is_no_reason_to_end(void **state)
{
    struct bench *bench = *state;
    bench->pool.dataset = "0123";
    assert_true(live(bench));
    bench->pool.dataset = NULL;
    bench->queue.dataset = "4567";
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 2);
}

static void a_sidecar_that_is_away_is_awaited(void **state)
{
    struct bench *bench = *state;
    bench->queue.away_calls = 100;
    assert_true(live(bench));
    assert_true(bench->pool.lease_call_ms[0] - bench->driver.started_ms >= 100 * SECOND);
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
}

static void all_that_a_killed_driver_left_is_swept_up(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 10 * SECOND;
    bench->pool.leases_to_grant = 0;
    assert_true(live(bench)); /* to learn its account */
    for (size_t i = 0; i < FAKE_JOBS_MAX; i++) {
        char key[PM_JOB_KEY_SIZE];
        snprintf(key, sizeof key, "%s/lease-0/evaluate/%zu", bench->driver.account, i);
        bench->queue.jobs[i] = (struct fake_job){.run_id = strdup("run"),
                                                 .key = strdup(key),
                                                 .kind = strdup("evaluate"),
                                                 .body = strdup("{}"),
                                                 .state = PM_JOB_QUEUED};
    }
    bench->queue.job_count = FAKE_JOBS_MAX;
    assert_true(live(bench));
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

static void drivers_may_share_a_run(void **state)
{
    struct bench *bench = *state;
    struct pm_hotkey *other = NULL;
    assert_true(pm_hotkey_generate(&other, NULL, NULL));
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench)); /* leaves an open lease behind */
    size_t left = fake_queue_left(&bench->queue);
    atomic_store(&bench->pool.stop, false);
    bench->pool.granted = 0; /* the other one's lease has the very same name */
    bench->settings.duration_ms = 10 * SECOND;
    assert_true(live_as(bench, other));
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_int_equal(fake_queue_left(&bench->queue), left); /* the first one's are untouched */
    assert_string_equal(record(bench, "lease-1")->state, "open");
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_full_submission(&bench->pool.submissions[1]);
    assert_closed(bench, "submitted", "");
    pm_hotkey_destroy(other);
}

static void a_lease_is_not_taken_to_another_pool(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench)); /* leaves an open lease behind */
    size_t left = fake_queue_left(&bench->queue);
    atomic_store(&bench->pool.stop, false);
    bench->settings.duration_ms = 10 * SECOND;
    bench->pool.leases_to_grant = 0;
    bench->pool_name = "http://another.test";
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 0);
    assert_int_equal(fake_queue_left(&bench->queue), left);
    assert_string_equal(record(bench, "lease-1")->state, "open");
    bench->pool_name = NULL;
    assert_true(live(bench));
    assert_full_submission(&bench->pool.submissions[0]);
    assert_closed(bench, "submitted", "");
}

/* ---- duration and report ---- */

static void when_the_duration_is_over_no_lease_is_taken(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 1000;
    bench->pool.lease_ms = 60 * SECOND;
    bench->queue.work = FAKE_WORK_NONE;
    bench->settings.duration_ms = 100 * SECOND;
    assert_true(live(bench));
    int64_t took_ms = fake_pool_host(&bench->pool).now_ms(&bench->pool) - bench->driver.started_ms;
    assert_in_range(took_ms, 100 * SECOND, 120 * SECOND);
    assert_int_equal(bench->pool.submit_calls, bench->pool.granted);
    assert_int_equal(bench->pool.granted, 2); /* at 0 s and at 50 s */
    int64_t last_ms = bench->pool.lease_call_ms[bench->pool.lease_calls - 1];
    assert_true(last_ms < bench->driver.started_ms + 100 * SECOND);
}

static void a_submission_nobody_takes_stays_open_at_the_end(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 30 * SECOND;
    for (int i = 0; i < FAKE_SCRIPT_MAX; i++) {
        bench->pool.submit_answers[i] = (struct fake_answer){.status = 503};
    }
    assert_true(live(bench));
    int64_t took_ms = fake_pool_host(&bench->pool).now_ms(&bench->pool) - bench->driver.started_ms;
    assert_int_equal(took_ms, 50 * SECOND);
    assert_string_equal(record(bench, "lease-1")->state, "open");
    memset(bench->pool.submit_answers, 0, sizeof bench->pool.submit_answers);
    assert_true(live(bench));
    assert_closed(bench, "submitted", "");
}

static void the_summary_file_has_both_sides(void **state)
{
    struct bench *bench = *state;
    char path[] = "/tmp/poolminer-summary-XXXXXX";
    char file[64];
    char *text = NULL;
    size_t length = 0;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof file, "%s/summary.json", path);
    bench->settings.summary_path = file;
    bench->settings.duration_ms = 600 * SECOND;
    assert_true(live(bench));
    /* Once a minute and at the end, and soon after the submission. */
    assert_in_range(bench->pool.stats_calls, 11, 13);
    assert_true(pm_file_read(file, 65536, &text, &length, NULL));
    cJSON *summary = cJSON_Parse(text);
    const cJSON *driver = cJSON_GetObjectItem(summary, "driver");
    const cJSON *stats = cJSON_GetObjectItem(summary, "stats");
    assert_int_equal(cJSON_GetObjectItem(stats, "lifetime_rao")->valueint, 1234);
    assert_int_equal(cJSON_GetObjectItem(driver, "leases")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(driver, "evaluations_submitted")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItem(driver, "evolutions_submitted")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(driver, "submissions_accepted")->valueint, 1);
    assert_int_equal(cJSON_GetObjectItem(driver, "submissions_refused")->valueint, 0);
    assert_true(cJSON_GetObjectItem(driver, "best_score")->valuedouble == 0.8);
    assert_string_equal(cJSON_GetObjectItem(driver, "address")->valuestring,
                        pm_hotkey_address(bench->hotkey));
    cJSON_Delete(summary);
    free(text);
    unlink(file);
    rmdir(path);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lease_is_computed_and_submitted),
        TEST(leases_follow_each_other),
        TEST(no_lease_is_taken_while_no_worker_computes),
        TEST(nothing_secret_reaches_the_queue),
        TEST(whenever_it_dies_the_lease_is_submitted_once),
        TEST(a_stop_while_the_lease_is_granted_loses_nothing),
        TEST(a_stop_while_the_submission_is_lost_sends_it_again),
        TEST(a_submission_that_may_have_arrived_outlives_its_lease),
        TEST(so_does_one_of_which_no_note_was_kept),
        TEST(a_record_that_cannot_be_read_is_set_aside),
        TEST(waits_between_leases_are_as_the_table_says),
        TEST(another_lease_in_the_way_is_awaited_and_told),
        TEST(what_ended_here_and_not_at_the_pool_is_told),
        TEST(what_ran_out_at_the_pool_too_is_not_to_blame),
        TEST(a_pool_that_answers_is_not_away),
        TEST(a_lease_with_nothing_in_it_is_closed_and_no_work),
        TEST(a_lease_that_is_closed_is_not_taken_again),
        TEST(no_closed_lease_is_computed_again),
        TEST(leases_that_cannot_be_used_are_passed_over),
        TEST(a_lease_too_large_for_the_sidecar_costs_that_lease_only),
        TEST(what_was_put_of_a_lease_that_is_too_large_is_taken_back),
        TEST(a_sidecar_without_room_gets_no_lease),
        TEST(a_pool_that_is_not_there_yet_is_awaited),
        TEST(what_is_there_45_s_before_the_end_is_submitted),
        TEST(failed_jobs_and_nonsense_leave_the_rest),
        TEST(a_worker_with_other_data_ends_it_before_anything_is_submitted),
        TEST(a_worker_with_another_suite_ends_it_too),
        TEST(data_that_one_side_does_not_tell_is_no_reason_to_end),
        TEST(a_sidecar_that_is_away_is_awaited),
        TEST(all_that_a_killed_driver_left_is_swept_up),
        TEST(drivers_may_share_a_run),
        TEST(a_lease_is_not_taken_to_another_pool),
        TEST(when_the_duration_is_over_no_lease_is_taken),
        TEST(a_submission_nobody_takes_stays_open_at_the_end),
        TEST(the_summary_file_has_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
