#include "algorithm/checkpoint.h"
#include "algorithm/search.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>

static const struct pm_engine *const ENGINES[] = {&pm_engine_islands, &pm_engine_regularized,
                                                  &pm_engine_archive, NULL};

struct pm_evolution_config pm_evolution_config_default(void)
{
    return (struct pm_evolution_config){
        .engine = ENGINES[0]->name,
        .profile = "full",
        .generations = 50,
        .idiom_probability = -1.0,
        .budget = 1,
        .keep_interval_ms = 30000,
    };
}

static const struct pm_engine *find_engine(const char *name, struct pm_error *error)
{
    for (const struct pm_engine *const *engine = ENGINES; *engine != NULL; engine++) {
        if (strcmp((*engine)->name, name) == 0) {
            return *engine;
        }
    }
    pm_fail(error, PM_ERROR_INVALID,
            "evolution engine \"%.32s\" does not exist: use islands, regularized or archive", name);
    return NULL;
}

const char *pm_evolution_engine_name(size_t index)
{
    const struct pm_engine *const *engine = ENGINES;
    while (*engine != NULL && index > 0) {
        engine++;
        index--;
    }
    return *engine != NULL ? (*engine)->name : NULL;
}

static bool check_range(const char *name, int64_t value, int64_t low, int64_t high,
                        struct pm_error *error)
{
    if (value >= low && value <= high) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID, "evolution: %s is %lld, must be %lld to %lld", name,
                   (long long)value, (long long)low, (long long)high);
}

static struct pm_evolution_config complete_config(const struct pm_evolution_config *config,
                                                  const struct pm_engine *engine)
{
    struct pm_evolution_config complete = *config;
    if (complete.population == 0) {
        complete.population = engine->population;
    }
    if (complete.idiom_probability < 0.0) {
        complete.idiom_probability = engine->idiom_probability;
    }
    return complete;
}

static bool check_config(const struct pm_evolution_config *config,
                         const struct pm_algorithm *const *seeds, size_t seed_count,
                         const struct pm_suite *suite, struct pm_error *error)
{
    if (!check_range("generations", config->generations, 1, PM_EVOLUTION_GENERATIONS_MAX, error) ||
        !check_range("population", config->population, 2, PM_EVOLUTION_POPULATION_MAX, error) ||
        !check_range("budget", (int64_t)config->budget, 1, PM_EVOLUTION_BUDGET_MAX, error) ||
        !check_range("the number of seeds", (int64_t)seed_count, 1, PM_EVOLUTION_SEEDS_MAX,
                     error) ||
        !check_range("the number of search tasks", (int64_t)suite->count, 1, 1000000, error)) {
        return false;
    }
    if (!(config->idiom_probability >= 0.0 && config->idiom_probability <= 1.0)) {
        return pm_fail(error, PM_ERROR_INVALID, "evolution: the idiom probability must be 0 to 1");
    }
    for (size_t i = 0; i < seed_count; i++) {
        if (seeds[i]->input_dim != suite->input_dim) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "evolution: seed %zu has input_dim %d, the search suite has %d", i + 1,
                           seeds[i]->input_dim, suite->input_dim);
        }
    }
    return true;
}

/* A run: the course, whoever looks on, and when the last checkpoint was made. */
struct run {
    struct pm_course course;
    pm_evolution_observer *observer;
    void *context;
    int64_t start_ns, kept_ns;
    uint64_t earlier_ms; /* spent before the checkpoint that it goes on from */
};

static bool keep_checkpoint(struct run *run, struct pm_error *error)
{
    void *bytes;
    size_t size;
    const int64_t now_ns = pm_clock_monotonic_ns();
    run->course.spent_ms = run->earlier_ms + (uint64_t)(now_ns - run->start_ns) / 1000000;
    if (!pm_checkpoint_write(&run->course, &bytes, &size, error)) {
        return false;
    }
    run->course.search->config->keep(run->context, bytes, size);
    free(bytes);
    run->kept_ns = now_ns;
    return true;
}

static bool keep_when_due(struct run *run, struct pm_error *error)
{
    const struct pm_evolution_config *config = run->course.search->config;
    return config->keep == NULL ||
           pm_clock_monotonic_ns() - run->kept_ns < config->keep_interval_ms * 1000000 ||
           keep_checkpoint(run, error);
}

/* False without an error: the observer has seen enough. */
static bool end_generation(struct run *run, struct pm_error *error)
{
    struct pm_search *search = run->course.search;
    struct pm_evolution_progress progress = {
        .generation = search->generation,
        .generations = search->config->generations,
        .best = search->best,
        .candidates = search->candidates,
        .cache_hits = search->scorer.savings.known,
        .hopeless = search->scorer.savings.hopeless,
        .seconds = (double)run->earlier_ms * 1e-3 +
                   (double)(pm_clock_monotonic_ns() - run->start_ns) * 1e-9,
    };
    if (!run->course.engine->end_generation(run->course.state, &progress.mean, error)) {
        return false;
    }
    search->generation++;
    search->next = 0;
    return run->observer == NULL || run->observer(run->context, &progress);
}

static bool run_generation(struct run *run, struct pm_error *error)
{
    struct pm_search *search = run->course.search;
    const struct pm_engine *engine = run->course.engine;
    const size_t population = (size_t)search->config->population;
    while (search->next < population) {
        const size_t left = population - search->next;
        const size_t count = left < engine->batch ? left : engine->batch;
        if (!engine->run_batch(run->course.state, search->next, count, error)) {
            return false;
        }
        search->next += count;
        if (!keep_when_due(run, error)) {
            return false;
        }
    }
    return end_generation(run, error);
}

static bool begin(struct run *run, const struct pm_algorithm *const *seeds, size_t seed_count,
                  struct pm_error *error)
{
    const struct pm_search *search = run->course.search;
    const struct pm_evolution_config *config = search->config;
    run->start_ns = run->kept_ns = pm_clock_monotonic_ns();
    if (config->keep == NULL && config->resume == NULL) {
        return true;
    }
    if (!pm_checkpoint_identify(search, seeds, seed_count, run->course.identity, error)) {
        return false;
    }
    if (config->resume != NULL &&
        !pm_checkpoint_read(&run->course, config->resume, config->resume_size, error)) {
        return false;
    }
    run->earlier_ms = run->course.spent_ms;
    return true;
}

/* Until the last generation, or an error; interrupted, it leaves a checkpoint. */
static bool run_generations(struct run *run, struct pm_error *error)
{
    const struct pm_search *search = run->course.search;
    struct pm_error reason = {0};
    while (search->generation <= search->config->generations && run_generation(run, &reason)) {
    }
    const bool cut_short = reason.code == PM_ERROR_INTERRUPTED || reason.code == PM_ERROR_NONE;
    if (cut_short && search->generation <= search->config->generations &&
        search->config->keep != NULL) {
        return keep_checkpoint(run, error);
    }
    return cut_short || pm_fail(error, reason.code, "%s", reason.message);
}

static bool run_engine(struct run *run, const struct pm_algorithm *const *seeds, size_t seed_count,
                       struct pm_error *error)
{
    const struct pm_engine *engine = run->course.engine;
    run->course.state = engine->create(run->course.search);
    if (run->course.state == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolution: out of memory");
    }
    const bool done = begin(run, seeds, seed_count, error) && run_generations(run, error);
    engine->destroy(run->course.state);
    return done;
}

static void list_parents(uint64_t seeds, struct pm_evolved *item)
{
    const size_t most = sizeof item->parents / sizeof *item->parents;
    for (size_t i = 0; i < PM_EVOLUTION_SEEDS_MAX && item->parent_count < most; i++) {
        if ((seeds >> i & 1) != 0) {
            item->parents[item->parent_count++] = i;
        }
    }
}

static bool take_elite(struct pm_search *search, struct pm_evolution_result *out,
                       struct pm_error *error)
{
    struct pm_elite *elite = &search->elite;
    out->generations = search->generation - 1;
    out->candidates = search->candidates;
    out->savings = search->scorer.savings;
    if (elite->count == 0) {
        return true;
    }
    out->items = calloc(elite->count, sizeof *out->items);
    if (out->items == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolution: out of memory");
    }
    for (size_t i = 0; i < elite->count; i++) {
        struct pm_candidate *member = &elite->members[i];
        struct pm_evolved *item = &out->items[out->count++];
        *item = (struct pm_evolved){
            .algorithm = member->simple,
            .fitness = member->fitness.score,
            .behaviour = member->fitness.behaviour,
        };
        member->simple = NULL;
        list_parents(member->seeds, item);
        if (!pm_lineage_trace(member->lineage, &item->lineage, &item->lineage_count, error)) {
            return false;
        }
    }
    return true;
}

bool pm_evolution_run(const struct pm_evolution_config *config,
                      const struct pm_algorithm *const *seeds, size_t seed_count,
                      const struct pm_suite *search_suite, pm_evolution_observer *observer,
                      void *context, struct pm_evolution_result *out, struct pm_error *error)
{
    *out = (struct pm_evolution_result){0};
    const struct pm_engine *engine = find_engine(config->engine, error);
    if (engine == NULL) {
        return false;
    }
    const struct pm_evolution_config complete = complete_config(config, engine);
    if (!check_config(&complete, seeds, seed_count, search_suite, error)) {
        return false;
    }
    struct pm_search search;
    struct run run = {
        .course = {.search = &search, .engine = engine}, .observer = observer, .context = context};
    struct pm_error reason = {0};
    bool ok = pm_search_init(&search, &complete, seeds, seed_count, search_suite, &reason) &&
              run_engine(&run, seeds, seed_count, &reason);
    /* The time may be over before the seeds are scored. */
    if (ok || reason.code == PM_ERROR_INTERRUPTED) {
        ok = take_elite(&search, out, &reason);
    }
    pm_search_clear(&search);
    if (ok) {
        return true;
    }
    pm_evolution_result_clear(out);
    if (error != NULL) {
        *error = reason;
    }
    return false;
}

const char *pm_change_name(enum pm_change change)
{
    static const char *const NAMES[] = {"none", "mutation", "tuning", "crossing"};
    return NAMES[change];
}

static void clear_item(struct pm_evolved *item)
{
    pm_algorithm_destroy(item->algorithm);
    free(item->lineage);
}

static int compare_choices(const void *a, const void *b)
{
    const struct pm_evolved *x = a, *y = b;
    if (x->choice != y->choice) {
        return x->choice < y->choice ? 1 : -1;
    }
    return (x->fitness < y->fitness) - (x->fitness > y->fitness);
}

bool pm_evolution_choose(struct pm_evolution_result *result, const struct pm_suite *suite,
                         size_t budget, const struct pm_until *until, struct pm_error *error)
{
    const struct pm_algorithm *algorithms[PM_EVOLUTION_BUDGET_MAX];
    double scores[PM_EVOLUTION_BUDGET_MAX];
    if (result->count == 0) {
        return true; /* the search had no time for anything */
    }
    for (size_t i = 0; i < result->count; i++) {
        algorithms[i] = result->items[i].algorithm;
    }
    if (!pm_suite_score(suite, algorithms, result->count, scores, NULL, until, error)) {
        return false;
    }
    for (size_t i = 0; i < result->count; i++) {
        result->items[i].choice = scores[i];
    }
    qsort(result->items, result->count, sizeof *result->items, compare_choices);
    while (result->count > budget) {
        clear_item(&result->items[--result->count]);
    }
    return true;
}

void pm_evolution_result_clear(struct pm_evolution_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        clear_item(&result->items[i]);
    }
    free(result->items);
    *result = (struct pm_evolution_result){0};
}
