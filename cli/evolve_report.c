#include "cli/evolve.h"
#include "cli/shown.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

/* null: not scored in time. */
static cJSON *score_json(double score)
{
    return isnan(score) ? cJSON_CreateNull() : cJSON_CreateNumber(score);
}

static bool add_score(cJSON *object, const char *name, double score)
{
    return pm_json_add(object, name, score_json(score));
}

/* [{"file": ..., "score": ..., "search_score": ...}, ...]; NULL when memory is out. */
static cJSON *describe_seeds(const struct evolve_comparison *comparison)
{
    cJSON *seeds = cJSON_CreateArray();
    for (size_t i = 0; seeds != NULL && i < comparison->seed_count; i++) {
        const struct evolve_candidate *seed = &comparison->items[i];
        cJSON *object = pm_json_append_object(seeds);
        if (!pm_json_add(object, "file", shown_json(seed->name)) ||
            !add_score(object, "score", seed->score) ||
            !add_score(object, "search_score", seed->search_score)) {
            cJSON_Delete(seeds);
            return NULL;
        }
    }
    return seeds;
}

/* [{"generation": ..., "change": ..., "search_score": ...}, ...], empty when the best is a seed;
 * NULL when memory is out. */
static cJSON *describe_lineage(const struct pm_evolution_result *result,
                               const struct evolve_comparison *comparison)
{
    cJSON *lineage = cJSON_CreateArray();
    const size_t steps = evolve_is_better(comparison) ? result->items[0].lineage_count : 0;
    for (size_t i = 0; lineage != NULL && i < steps; i++) {
        const struct pm_lineage_step *step = &result->items[0].lineage[i];
        cJSON *object = pm_json_append_object(lineage);
        if (!pm_json_add_number(object, "generation", step->generation) ||
            !pm_json_add_string(object, "change", pm_change_name(step->change)) ||
            !pm_json_add_number(object, "search_score", step->fitness)) {
            cJSON_Delete(lineage);
            return NULL;
        }
    }
    return lineage;
}

static cJSON *describe(const struct evolution *evolution,
                       const struct evolve_comparison *comparison)
{
    const struct evolve_candidate *best = &comparison->items[comparison->best];
    const struct pm_suite *suite = evolution->evaluation_suite;
    const struct {
        const char *name;
        cJSON *value;
    } members[] = {
        {"algorithm_dsl", cJSON_CreateString(comparison->text)},
        {"score", score_json(best->score)},
        {"search_score", score_json(best->search_score)},
        {"evolved", cJSON_CreateBool(evolve_is_better(comparison))},
        {"seeds", describe_seeds(comparison)},
        {"lineage", describe_lineage(&evolution->result, comparison)},
        {"seed", cJSON_CreateNumber((double)evolution->config.seed)},
        {"generations", cJSON_CreateNumber(evolution->result.generations)},
        {"candidates", cJSON_CreateNumber((double)evolution->result.candidates)},
        {"seconds", cJSON_CreateNumber(evolution->seconds)},
        {"profile", cJSON_CreateString(evolution->config.profile)},
        {"engine", cJSON_CreateString(evolution->config.engine)},
        {"input_dim", cJSON_CreateNumber(suite->input_dim)},
        {"dataset", cJSON_CreateString(suite->fingerprint)},
        {"suite", cJSON_CreateString(pm_suite_edition_name(suite->edition))},
    };
    cJSON *object = cJSON_CreateObject();
    bool done = object != NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        done = pm_json_add(object, members[i].name, members[i].value) && done;
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

/* "-": not scored in time. */
static void print_score(int width, double score)
{
    if (isnan(score)) {
        printf("%*s  ", width, "-");
    } else {
        printf("%*.6f  ", width, score);
    }
}

static void print_lineage(const struct pm_evolution_result *result)
{
    for (size_t i = 0; result->count > 0 && i < result->items[0].lineage_count; i++) {
        const struct pm_lineage_step *step = &result->items[0].lineage[i];
        printf("# generation %5d  %12.6f  by %s\n", step->generation, step->fitness,
               pm_change_name(step->change));
    }
}

static void print_text(const struct evolution *evolution,
                       const struct evolve_comparison *comparison)
{
    fputs(comparison->text, stdout);
    printf("# evaluation suite  search suite\n");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct evolve_candidate *item = &comparison->items[i];
        printf("# ");
        print_score(16, item->score);
        print_score(12, item->search_score);
        shown_print(item->name, stdout);
        puts(i == comparison->best ? " (this)" : "");
    }
    if (evolve_is_better(comparison)) {
        print_lineage(&evolution->result);
    }
    printf("# random seed %" PRIu64 "\n", evolution->config.seed);
    if (!evolve_is_better(comparison)) {
        printf("# nothing better than the seeds was found; this is the best of them. More "
               "--generations find more.\n");
    }
}

bool evolve_print(const struct evolution *evolution, const struct evolve_comparison *comparison,
                  bool json, struct pm_error *error)
{
    if (!json) {
        print_text(evolution, comparison);
        return true;
    }
    return pm_json_line_print_built(describe(evolution, comparison), true, error);
}
