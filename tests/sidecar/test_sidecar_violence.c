/* A driver and four workers, and a hand that kills the sidecar and the workers with SIGKILL at
 * random moments. At the end every job that was acknowledged has had exactly one outcome, and no
 * result is missing, wrong or seen twice. Workers write down which results were acknowledged: none
 * of these jobs is handed out again, or has another outcome. PM_VIOLENCE_KILLS in the environment
 * asks for more than the default. */
#include "asked_number.h"
#include "sidecar/sidecar_program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum { WORKERS = 4, DEFAULT_KILLS = 60, ABREAST = 40, JOBS_MAX = 1000000 };
enum { FINISHED = 1, TAKEN_BACK = 2 };

/* By job, shared with the workers: whether its result was acknowledged, and it was handed out once
 * more. */
static atomic_uchar *finished;

static uint64_t random_state = 88172645463325252ULL;

static uint64_t random_number(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* ---- children: no cmocka here, they say with their exit status how it went ---- */

static void die(const char *what, const struct pm_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->message);
    _exit(1);
}

static struct pm_queue_client *connect_child(const char *role, const char *name)
{
    const struct pm_queue_client_config config = {
        .url = sidecar_url, .role = role, .name = name, .timeout_ms = 60000};
    struct pm_queue_client *client;
    struct pm_error error;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!pm_queue_client_create(&config, &client, &error)) {
        die("connecting", &error);
    }
    return client;
}

static int number_of(const char *key)
{
    const long number = strtol(key + strlen("job-"), NULL, 10);
    if (number < 0 || number >= JOBS_MAX) {
        fprintf(stderr, "%s came from nowhere\n", key);
        _exit(1);
    }
    return (int)number;
}

/* Ends the job, every other time with the next lease in the same message. True: it is in *job. */
static bool finish(struct pm_queue_client *client, struct pm_job *job, const char *result,
                   int length)
{
    struct pm_error error;
    struct pm_job next = {0};
    bool found = false;
    const struct pm_job_finish finished_job = {
        .job_id = job->job_id, .token = job->token, .body = result, .body_size = (size_t)length};
    const bool done =
        random_number(2) == 0
            ? pm_queue_client_finish(client, &finished_job, &error)
            : pm_queue_client_finish_and_lease(client, &finished_job, "", &next, &found, &error);
    if (done) {
        atomic_fetch_or(&finished[number_of(job->key)], FINISHED);
    } else if (error.code != PM_ERROR_REFUSED) {
        die("finishing", &error);
    }
    pm_job_clear(job);
    *job = next;
    return found;
}

static void work(const char *name)
{
    struct pm_queue_client *client = connect_child("worker", name);
    struct pm_error error;
    struct pm_job job = {0};
    bool found = false;
    for (;;) {
        char result[64];
        if (!found && !pm_queue_client_lease(client, "", 1000, &job, &found, &error)) {
            die("leasing", &error);
        }
        if (!found) {
            continue;
        }
        if (atomic_load(&finished[number_of(job.key)]) != 0) {
            fprintf(stderr, "%s is finished, and was handed out again\n", job.key);
            atomic_fetch_or(&finished[number_of(job.key)], TAKEN_BACK);
        }
        int length = snprintf(result, sizeof result, "result of %.*s", (int)job.body_size,
                              (const char *)job.body);
        pm_clock_sleep_ms((int64_t)(random_number(4)));
        if (!pm_queue_client_progress(client, job.job_id, job.token, NULL, &error) &&
            error.code != PM_ERROR_REFUSED) {
            die("progress", &error);
        }
        found = finish(client, &job, result, length);
    }
}

struct tally {
    int put, collected, set_aside;
    unsigned char *seen; /* by job */
};

static void put_next(struct pm_queue_client *client, struct tally *tally)
{
    char key[32];
    struct pm_error error;
    int length = snprintf(key, sizeof key, "job-%d", tally->put);
    const struct pm_job_put put = {
        .run_id = "run", .key = key, .kind = "evaluate", .body = key, .body_size = (size_t)length};
    if (!pm_queue_client_put(client, &put, NULL, NULL, &error)) {
        die("putting", &error);
    }
    tally->put++;
}

static void check(struct tally *tally, const struct pm_job_result *result)
{
    char expected[64];
    const int number = number_of(result->key);
    int length = snprintf(expected, sizeof expected, "result of %s", result->key);
    if (number >= tally->put || tally->seen[number] != 0) {
        fprintf(stderr, "%s came twice, or from nowhere\n", result->key);
        _exit(1);
    }
    tally->seen[number] = 1;
    if (result->state == PM_JOB_SET_ASIDE) {
        tally->set_aside++;
        if (atomic_load(&finished[number]) != 0) {
            fprintf(stderr, "%s is finished, and was set aside\n", result->key);
            _exit(1);
        }
    } else if (result->state != PM_JOB_DONE || result->body_size != (size_t)length ||
               memcmp(result->body, expected, result->body_size) != 0) {
        fprintf(stderr, "%s: %s, wrong result\n", result->key, pm_job_state_name(result->state));
        _exit(1);
    }
}

static void collect(struct pm_queue_client *client, struct tally *tally)
{
    struct pm_job_results results;
    struct pm_error error;
    int64_t ids[ABREAST];
    if (!pm_queue_client_results(client, "run", "", ABREAST, &results, &error)) {
        die("results", &error);
    }
    for (size_t i = 0; i < results.count; i++) {
        ids[i] = results.items[i].job_id;
        check(tally, &results.items[i]);
    }
    if (!pm_queue_client_collect(client, ids, results.count, &error)) {
        die("collecting", &error);
    }
    tally->collected += (int)results.count;
    pm_job_results_clear(&results);
}

/* Keeps ABREAST jobs on their way until a byte comes by `told`, then waits for the last ones. */
static void drive(int told, int answer)
{
    struct pm_queue_client *client = connect_child("driver", "driver");
    struct tally tally = {.seen = calloc(JOBS_MAX, 1)};
    char byte;
    bool ending = false;
    while (tally.seen != NULL && tally.put < JOBS_MAX && (!ending || tally.collected < tally.put)) {
        while (!ending && tally.put - tally.collected < ABREAST) {
            put_next(client, &tally);
        }
        collect(client, &tally);
        ending = ending || read(told, &byte, 1) == 1;
        pm_clock_sleep_ms(1);
    }
    bool written = write(answer, &tally, sizeof tally) == (ssize_t)sizeof tally;
    pm_queue_client_destroy(client);
    _exit(written ? 0 : 1);
}

/* ---- the hand ---- */

static pid_t start_worker(int number)
{
    static int generation;
    char name[32];
    snprintf(name, sizeof name, "worker-%d-%d", number, ++generation);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        random_state += (uint64_t)generation * 2;
        work(name);
    }
    return pid;
}

static void nothing_is_lost_whoever_is_killed(void **state)
{
    (void)state;
    int told[2], answer[2], status;
    int kills = (int)pm_test_asked_number("PM_VIOLENCE_KILLS", 1, DEFAULT_KILLS);
    pid_t workers[WORKERS];
    struct tally tally = {0};
    finished = mmap(NULL, JOBS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(finished != MAP_FAILED);
    assert_int_equal(pipe2(told, O_NONBLOCK), 0);
    assert_int_equal(pipe(answer), 0);
    pid_t driver = fork();
    assert_true(driver >= 0);
    if (driver == 0) {
        drive(told[0], answer[1]);
    }
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = start_worker(i);
    }
    for (int i = 0; i < kills; i++) {
        pm_clock_sleep_ms((int64_t)random_number(120));
        if (random_number(2) == 0) {
            sidecar_kill();
            sidecar_start();
        } else {
            int victim = (int)random_number(WORKERS);
            child_end(workers[victim]);
            workers[victim] = start_worker(victim);
        }
        assert_int_equal(waitpid(driver, &status, WNOHANG), 0);
    }
    assert_int_equal(write(told[1], "x", 1), 1);
    assert_int_equal(waitpid(driver, &status, 0), driver);
    assert_int_equal(status, 0);
    assert_int_equal(read(answer[0], &tally, sizeof tally), sizeof tally);
    for (int i = 0; i < WORKERS; i++) {
        child_end(workers[i]);
    }
    close(told[0]);
    close(told[1]);
    close(answer[0]);
    close(answer[1]);

    struct pm_queue_client *admin = client_open("admin", "admin");
    int acknowledged = 0;
    for (int i = 0; i < JOBS_MAX; i++) {
        assert_true(atomic_load(&finished[i]) <= FINISHED);
        acknowledged += atomic_load(&finished[i]);
    }
    print_message("%d kills, %d jobs, %d results acknowledged, %d set aside\n", kills, tally.put,
                  acknowledged, tally.set_aside);
    assert_in_range(acknowledged, tally.put / 2, tally.put);
    assert_true(tally.put > ABREAST);
    assert_int_equal(tally.collected, tally.put);
    assert_int_equal(status_number(admin, "jobs.put"), tally.put);
    assert_int_equal(status_number(admin, "jobs.collected"), tally.put);
    assert_int_equal(status_number(admin, "jobs.completed"), tally.put - tally.set_aside);
    assert_int_equal(status_number(admin, "jobs.queued"), 0);
    assert_int_equal(status_number(admin, "jobs.leased"), 0);
    assert_int_equal(status_number(admin, "jobs.done"), 0);
    assert_int_equal(status_number(admin, "jobs.set_aside"), tally.set_aside);
    pm_queue_client_destroy(admin);
    assert_int_equal(sidecar_stop(), 0);
}

static int remove_directory(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIDECAR(nothing_is_lost_whoever_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, remove_directory);
}
