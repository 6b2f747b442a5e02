/* poolminer queue: what the sidecar has, and what becomes of the jobs it has set aside. */
#include "cli/shown.h"
#include "cli/sidecar_url.h"
#include "cli/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>

enum { STATUS_MAX = 4 << 20 };

/* ---- queue list ---- */

static int64_t count_of(const cJSON *root, const char *name)
{
    int64_t count = 0;
    pm_json_optional_integer(cJSON_GetObjectItemCaseSensitive(root, "jobs"), name, &count, NULL);
    return count;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = "";
    pm_json_optional_string(object, name, &text, NULL);
    return text;
}

static void print_set_aside(const cJSON *job)
{
    int64_t id = 0;
    pm_json_optional_integer(job, "job", &id, NULL);
    printf("%8" PRId64 "  ", id);
    shown_print(text_of(job, "kind"), stdout);
    printf(" of run ");
    shown_print(text_of(job, "run"), stdout);
    printf(", last with ");
    shown_print(text_of(job, "worker"), stdout);
    printf(": ");
    shown_print(text_of(job, "reason"), stdout);
    puts("");
}

static void print_list(const cJSON *root)
{
    const cJSON *jobs = cJSON_GetObjectItemCaseSensitive(root, "set_aside"), *job = NULL;
    int64_t aside = count_of(root, "set_aside");
    int64_t listed = cJSON_GetArraySize(jobs);
    printf("%" PRId64 " queued, %" PRId64 " leased, %" PRId64 " done, %" PRId64 " failed, %" PRId64
           " set aside\n",
           count_of(root, "queued"), count_of(root, "leased"), count_of(root, "done"),
           count_of(root, "failed"), aside);
    if (listed == 0) {
        return;
    }
    printf("\nSet aside, for each was lost by three workers in a row:\n");
    cJSON_ArrayForEach(job, jobs)
    {
        print_set_aside(job);
    }
    if (aside > listed) {
        printf("          and %" PRId64 " more\n", aside - listed);
    }
    printf(
        "\n`poolminer queue retry JOB` queues one again as if new, `poolminer queue discard JOB` "
        "deletes it.\n");
}

static bool list(const struct pm_options *options, struct pm_queue_client *client,
                 struct pm_error *error)
{
    char *text = NULL;
    cJSON *root = NULL;
    bool done = pm_queue_client_status(client, &text, error) &&
                pm_json_parse(text, strlen(text), STATUS_MAX, &root, error);
    if (done && pm_options_flag(options, "json")) {
        puts(text);
    } else if (done) {
        print_list(root);
    }
    cJSON_Delete(root);
    free(text);
    return done;
}

/* ---- queue retry JOB..., queue discard JOB... ---- */

struct decision {
    const char *name, *done;
    bool (*decide)(struct pm_queue_client *client, int64_t job_id, struct pm_error *error);
};

static const struct decision DECISIONS[] = {
    {"retry", "queued again", pm_queue_client_retry},
    {"discard", "deleted", pm_queue_client_discard},
};

static const struct decision *find_decision(const char *name)
{
    for (size_t i = 0; i < sizeof DECISIONS / sizeof *DECISIONS; i++) {
        if (strcmp(DECISIONS[i].name, name) == 0) {
            return &DECISIONS[i];
        }
    }
    return NULL;
}

static bool parse_job(const char *text, int64_t *out, struct pm_error *error)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    *out = number;
    return (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number > 0) ||
           pm_fail(error, PM_ERROR_INVALID, "\"%.40s\" is no job's number", text);
}

static bool decide_one(const struct decision *decision, struct pm_queue_client *client,
                       const char *text, struct pm_error *error)
{
    int64_t job = 0;
    if (!parse_job(text, &job, error) || !decision->decide(client, job, error)) {
        return pm_fail_context(error, "queue %s %.40s", decision->name, text);
    }
    printf("job %" PRId64 " is %s\n", job, decision->done);
    return true;
}

/* One that cannot be decided on does not keep the others waiting. */
static int decide(const struct decision *decision, const struct pm_options *options,
                  struct pm_queue_client *client)
{
    int result = EXIT_DONE;
    for (size_t i = 1; i < pm_options_positional_count(options); i++) {
        struct pm_error error = {0};
        if (!decide_one(decision, client, pm_options_positional(options, i), &error)) {
            result = verb_fail(&error);
        }
        if (error.code == PM_ERROR_UNAVAILABLE || error.code == PM_ERROR_INTERRUPTED) {
            break;
        }
    }
    return result;
}

/* ---- the verb ---- */

static bool check_words(const struct pm_options *options, const struct decision *decision,
                        struct pm_error *error)
{
    size_t count = pm_options_positional_count(options);
    if (decision != NULL) {
        return count > 1 || pm_fail(error, PM_ERROR_INVALID,
                                    "queue %s: which job? `poolminer queue` lists those set aside",
                                    decision->name);
    }
    if (count == 0 || (count == 1 && strcmp(pm_options_positional(options, 0), "list") == 0)) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "queue: expected list, retry JOB... or discard JOB..., not \"%.64s\"",
                   pm_options_positional(options, count > 1 ? 1 : 0));
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    struct pm_queue_client *client = NULL;
    const char *word = pm_options_positional(options, 0);
    const struct decision *decision = word != NULL ? find_decision(word) : NULL;
    if (!check_words(options, decision, &error)) {
        verb_fail(&error);
        return EXIT_USAGE;
    }
    pm_stop_install();
    if (!sidecar_connect(options, &client, &error)) {
        return verb_fail(&error);
    }
    int result = EXIT_DONE;
    if (decision != NULL) {
        result = decide(decision, options, client);
    } else if (!list(options, client, &error)) {
        pm_fail_context(&error, "the sidecar, which runs while `poolminer mine` does");
        result = verb_fail(&error);
    }
    pm_queue_client_destroy(client);
    return result;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "list: the sidecar's whole status as JSON."},
    SIDECAR_URL_OPTIONS,
};

const struct verb verb_queue = {
    .name = "queue",
    .summary = "Shows the sidecar's jobs; retries or discards those set aside.",
    .usage = "poolminer queue [list] [--json] | retry JOB... | discard JOB... [OPTION]...",
    .purpose = "list shows how many jobs the sidecar has, and those it has set aside: jobs that "
               "three workers in a\nrow were lost with. retry queues such jobs again as if new, "
               "discard deletes them. With\n--sidecar-port 0 the port is the one that a running "
               "`poolminer mine` has taken.",
    .uses = USE_QUEUE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
