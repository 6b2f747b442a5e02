#include "tests/algorithm/checkpoint_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/evolution.h>

enum { DIM = 4, TASKS = 2, SEEDS = 2 };

static const char *const TEXTS[SEEDS] = {
    "def Setup():\n  s2 = 0.05\n"
    "def Predict():\n  s0 = dot(v0, v1)\n"
    "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n  v2 = s3 * v0\n  v1 = v1 + v2\n",
    "def Predict():\n  s0 = 1\n",
};

static void insist(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "checkpoint: %s\n", what);
        abort();
    }
}

struct checkpoint_case *checkpoint_case_create(void)
{
    struct checkpoint_case *the_case = calloc(1, sizeof *the_case);
    insist(the_case != NULL && pm_dataset_synthetic(1, 300, &the_case->dataset, NULL) &&
               pm_suite_search(the_case->dataset, PM_EDITION_FIRST2000, DIM, 0, TASKS, NULL,
                               &the_case->suite, NULL),
           "no tasks");
    for (int i = 0; i < SEEDS; i++) {
        insist(pm_algorithm_parse(TEXTS[i], strlen(TEXTS[i]), DIM, PM_PARSE_STRICT, NULL, NULL,
                                  &the_case->seeds[i], NULL),
               "no seed");
    }
    return the_case;
}

void checkpoint_case_destroy(struct checkpoint_case *the_case)
{
    for (int i = 0; i < SEEDS; i++) {
        pm_algorithm_destroy(the_case->seeds[i]);
    }
    pm_suite_destroy(the_case->suite);
    pm_dataset_destroy(the_case->dataset);
    free(the_case);
}

struct pm_evolution_config checkpoint_case_config(const char *engine)
{
    return (struct pm_evolution_config){.engine = engine,
                                        .profile = "full",
                                        .generations = 6,
                                        .population = 12,
                                        .idiom_probability = 0.4,
                                        .seed = 5,
                                        .budget = 3};
}

/* The engine that the bytes name, or the first one. */
static const struct pm_engine *find_engine(const uint8_t *bytes, size_t size)
{
    static const struct pm_engine *const ALL[] = {&pm_engine_islands, &pm_engine_regularized,
                                                  &pm_engine_archive, NULL};
    enum { NAME_AT = 12 };
    for (size_t i = 0; ALL[i] != NULL; i++) {
        const size_t length = strlen(ALL[i]->name);
        if (size > NAME_AT + length && memcmp(bytes + NAME_AT, ALL[i]->name, length) == 0) {
            return ALL[i];
        }
    }
    return ALL[0];
}

/* The search as it is before its first generation. */
struct rig {
    struct pm_evolution_config config;
    struct pm_search search;
    struct pm_course course;
};

static void rig_set_up(struct rig *rig, const struct checkpoint_case *the_case,
                       const struct pm_engine *engine)
{
    const struct pm_algorithm *const *seeds = (const struct pm_algorithm *const *)the_case->seeds;
    rig->config = checkpoint_case_config(engine->name);
    rig->course = (struct pm_course){.search = &rig->search, .engine = engine};
    insist(pm_search_init(&rig->search, &rig->config, seeds, SEEDS, the_case->suite, NULL) &&
               pm_checkpoint_identify(&rig->search, seeds, SEEDS, rig->course.identity, NULL),
           "no search");
    rig->course.state = engine->create(&rig->search);
    insist(rig->course.state != NULL, "no engine");
}

static void rig_tear_down(struct rig *rig)
{
    rig->course.engine->destroy(rig->course.state);
    pm_search_clear(&rig->search);
}

static void run_on(struct rig *rig)
{
    const struct pm_engine *engine = rig->course.engine;
    const size_t left = (size_t)rig->config.population - rig->search.next;
    double mean;
    if (rig->search.generation > rig->config.generations) {
        return;
    }
    insist(left == 0 || engine->run_batch(rig->course.state, rig->search.next, left, NULL),
           "what was accepted cannot be run");
    insist(engine->end_generation(rig->course.state, &mean, NULL),
           "what was accepted cannot end its generation");
}

static void check_again(const struct checkpoint_case *the_case, const struct pm_engine *engine,
                        const void *bytes, size_t size)
{
    struct rig rig;
    void *again = NULL;
    size_t again_size = 0;
    rig_set_up(&rig, the_case, engine);
    insist(pm_checkpoint_read(&rig.course, bytes, size, NULL), "what was written cannot be read");
    insist(pm_checkpoint_write(&rig.course, &again, &again_size, NULL), "no second one");
    insist(size == again_size && memcmp(bytes, again, size) == 0, "reading has changed it");
    free(again);
    rig_tear_down(&rig);
}

bool checkpoint_case_try(const struct checkpoint_case *the_case, const void *bytes, size_t size,
                         bool own, struct pm_error *error)
{
    const struct pm_engine *engine = find_engine(bytes, size);
    struct rig rig;
    void *written = NULL;
    size_t written_size = 0;
    uint8_t *copy = malloc(size + 1);
    insist(copy != NULL, "no memory");
    memcpy(copy, bytes, size);
    rig_set_up(&rig, the_case, engine);
    if (own && size >= PM_CHECKPOINT_IDENTITY_AT + PM_CHECKPOINT_IDENTITY_SIZE) {
        memcpy(copy + PM_CHECKPOINT_IDENTITY_AT, rig.course.identity, sizeof rig.course.identity);
    }
    if (own) {
        pm_checkpoint_seal(copy, size);
    }
    const bool read = pm_checkpoint_read(&rig.course, copy, size, error);
    if (read) {
        insist(pm_checkpoint_write(&rig.course, &written, &written_size, NULL), "no writing");
        check_again(the_case, engine, written, written_size);
        run_on(&rig);
        free(written);
    }
    rig_tear_down(&rig);
    free(copy);
    return read;
}
