#include "driver/lease_jobs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

enum { EVALUATE_PRIORITY = 1, EVOLVE_PRIORITY = 0 };

static const char task_type[] = "cifar10_binary";

void pm_lease_key_prefix(const char *account, const char *lease_id, char out[PM_JOB_KEY_SIZE])
{
    snprintf(out, PM_JOB_KEY_SIZE, "%s/%s/", account, lease_id);
}

/* Builder of one lease's list. */
struct builder {
    const struct pm_lease *lease;
    const char *account;
    const struct pm_lease_job_settings *settings;
    const struct pm_lease_plan *plan;
    struct pm_lease_jobs *jobs;
    size_t evaluate_count, evolve_count;
};

static bool out_of_memory(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_MEMORY, "no memory for the jobs of a lease");
}

/* Room for one more; NULL when memory is out. */
static struct pm_lease_job *append(struct pm_lease_jobs *jobs)
{
    struct pm_lease_job *longer = realloc(jobs->items, (jobs->count + 1) * sizeof *jobs->items);
    if (longer == NULL) {
        return NULL;
    }
    jobs->items = longer;
    longer[jobs->count] = (struct pm_lease_job){0};
    return &longer[jobs->count++];
}

/* Takes `body` over. */
static bool add_job(struct builder *builder, enum pm_lease_job_kind kind, cJSON *body,
                    struct pm_error *error)
{
    struct pm_lease_job *job = append(builder->jobs);
    if (job == NULL) {
        cJSON_Delete(body);
        return out_of_memory(error);
    }
    bool evaluate = kind == PM_LEASE_JOB_EVALUATE;
    size_t number = evaluate ? builder->evaluate_count++ : builder->evolve_count++;
    job->kind = kind;
    snprintf(job->key, sizeof job->key, "%s/%s/%s/%zu", builder->account, builder->lease->id,
             evaluate ? PM_JOB_KIND_EVALUATE : PM_JOB_KIND_EVOLVE, number);
    job->priority = evaluate ? EVALUATE_PRIORITY : EVOLVE_PRIORITY;
    /* A search is worth its time to the last: what it has by then can still be submitted. */
    job->deadline_ms = evaluate ? builder->plan->evaluate_until_ms : builder->plan->evolve_until_ms;
    job->body = pm_json_print(body, error);
    cJSON_Delete(body);
    return job->body != NULL;
}

/* {"kind", "task_type", MEMBER: []}; the array is *list. */
static cJSON *new_body(const char *kind, const char *member, cJSON **list)
{
    cJSON *body = cJSON_CreateObject();
    if (pm_json_add_string(body, "kind", kind) &&
        pm_json_add_string(body, "task_type", task_type)) {
        *list = cJSON_AddArrayToObject(body, member);
        if (*list != NULL) {
            return body;
        }
    }
    cJSON_Delete(body);
    return NULL;
}

static bool add_algorithm(cJSON *list, const struct pm_lease_algorithm *algorithm)
{
    return pm_json_append(list, pm_lease_algorithm_write(algorithm));
}

/* One evaluate job from algorithm *next on: as many as a job takes, by number and by size. */
static bool add_evaluate_job(struct builder *builder, size_t *next, struct pm_error *error)
{
    const struct pm_lease_algorithms *all = &builder->lease->evaluate;
    size_t room = PM_EVALUATE_JOB_TEXT_MAX_BYTES;
    size_t first = *next;
    cJSON *list = NULL;
    cJSON *body = new_body(PM_JOB_KIND_EVALUATE, "algorithms", &list);
    bool complete = body != NULL;
    while (complete && *next < all->count &&
           *next - first < (size_t)builder->settings->algorithms_per_job) {
        size_t cost = pm_lease_text_cost(all->items[*next].text);
        if (cost > room && *next > first) {
            break;
        }
        room -= cost > room ? room : cost;
        complete = add_algorithm(list, &all->items[(*next)++]);
    }
    if (!complete) {
        cJSON_Delete(body);
        return out_of_memory(error);
    }
    return add_job(builder, PM_LEASE_JOB_EVALUATE, body, error);
}

/* 53 bits that differ from job to job and from miner to miner, and are the same after a restart. */
static double evolve_seed(const struct builder *builder)
{
    char name[PM_JOB_KEY_SIZE];
    uint8_t hash[crypto_generichash_BYTES];
    uint64_t seed = 0;
    snprintf(name, sizeof name, "%s/%s/%zu", builder->account, builder->lease->id,
             builder->evolve_count);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)name, strlen(name), NULL, 0);
    for (size_t i = 0; i < 7; i++) {
        seed = seed << 8 | hash[i];
    }
    return (double)(seed >> 3);
}

static bool add_evolve_job(struct builder *builder, int64_t input_dim, struct pm_error *error)
{
    const struct pm_lease_algorithms *seeds = &builder->lease->seeds;
    cJSON *list = NULL;
    cJSON *body = new_body(PM_JOB_KIND_EVOLVE, "seeds", &list);
    bool complete = body != NULL;
    for (size_t i = 0; complete && i < seeds->count; i++) {
        if (seeds->items[i].input_dim == input_dim) {
            complete = add_algorithm(list, &seeds->items[i]);
        }
    }
    const struct pm_lease_job_settings *settings = builder->settings;
    complete = complete && pm_json_add_integer(body, "generations", settings->generations) &&
               pm_json_add_integer(body, "budget", builder->lease->evolve_budget) &&
               pm_json_add_number(body, "seed", evolve_seed(builder)) &&
               pm_json_add_string(body, "profile", settings->profile) &&
               pm_json_add_integer(body, "deadline_ms", builder->plan->evolve_until_ms) &&
               pm_json_add_integer(body, "max_seconds", settings->evolve_max_seconds);
    if (!complete) {
        cJSON_Delete(body);
        return out_of_memory(error);
    }
    return add_job(builder, PM_LEASE_JOB_EVOLVE, body, error);
}

static bool is_first_of_its_dimension(const struct pm_lease_algorithms *seeds, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (seeds->items[i].input_dim == seeds->items[index].input_dim) {
            return false;
        }
    }
    return true;
}

static bool build_evolve_jobs(struct builder *builder, struct pm_error *error)
{
    const struct pm_lease *lease = builder->lease;
    if (lease->evolve_budget == 0) {
        return true;
    }
    for (size_t i = 0; i < lease->seeds.count; i++) {
        if (!is_first_of_its_dimension(&lease->seeds, i)) {
            continue;
        }
        for (int64_t job = 0; job < builder->settings->evolve_jobs; job++) {
            if (!add_evolve_job(builder, lease->seeds.items[i].input_dim, error)) {
                return false;
            }
        }
    }
    return true;
}

static bool build(struct builder *builder, struct pm_error *error)
{
    for (size_t next = 0; next < builder->lease->evaluate.count;) {
        if (!add_evaluate_job(builder, &next, error)) {
            return false;
        }
    }
    return build_evolve_jobs(builder, error);
}

bool pm_lease_jobs_build(const struct pm_lease *lease, const char *account,
                         const struct pm_lease_job_settings *settings,
                         const struct pm_lease_plan *plan, struct pm_lease_jobs *out,
                         struct pm_error *error)
{
    *out = (struct pm_lease_jobs){0};
    struct builder builder = {
        .lease = lease, .account = account, .settings = settings, .plan = plan, .jobs = out};
    if (!build(&builder, error)) {
        pm_lease_jobs_clear(out);
        return false;
    }
    return true;
}

bool pm_lease_jobs_evolve_again(const struct pm_lease *lease, const char *account,
                                const struct pm_lease_job_settings *settings,
                                const struct pm_lease_plan *plan, struct pm_lease_jobs *jobs,
                                struct pm_error *error)
{
    struct builder builder = {
        .lease = lease, .account = account, .settings = settings, .plan = plan, .jobs = jobs};
    for (size_t i = 0; i < jobs->count; i++) {
        builder.evolve_count += jobs->items[i].kind == PM_LEASE_JOB_EVOLVE;
    }
    return build_evolve_jobs(&builder, error);
}

void pm_lease_jobs_clear(struct pm_lease_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        free(jobs->items[i].body);
    }
    free(jobs->items);
    *jobs = (struct pm_lease_jobs){0};
}
