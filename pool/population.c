#include "pool/population.h"

#include "pool/seeds.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/cost.h>

enum { DIGEST_BYTES = 32 };

static void digest_of(const char *dsl, char out[PM_DIGEST_SIZE])
{
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)dsl, strlen(dsl), NULL, 0);
    sodium_bin2hex(out, PM_DIGEST_SIZE, digest, sizeof digest);
}

bool pm_pool_program_read(const char *text, size_t length, struct pm_pool_program *out,
                          struct pm_error *error)
{
    struct pm_algorithm *algorithm;
    if (!pm_algorithm_parse(text, length, PM_POOL_INPUT_DIM, PM_PARSE_STRICT, NULL, NULL,
                            &algorithm, error)) {
        return false;
    }
    const struct pm_cost cost = pm_algorithm_cost(algorithm);
    out->cost = pm_cost_total(&cost);
    out->dsl = pm_algorithm_write(algorithm, error);
    pm_algorithm_destroy(algorithm);
    if (out->dsl == NULL) {
        return false;
    }
    digest_of(out->dsl, out->digest);
    return true;
}

void pm_pool_program_clear(struct pm_pool_program *program)
{
    free(program->dsl);
    program->dsl = NULL;
}

bool pm_population_add(struct pm_pool_store *store, const struct pm_pool_program *program,
                       const struct pm_pool_descent *descent, int64_t now_ms, int64_t *id,
                       bool *known, struct pm_error *error)
{
    if (!pm_store_algorithm_find(store, program->digest, id, known, error)) {
        return false;
    }
    if (*known) {
        return true;
    }
    const struct pm_pool_algorithm algorithm = {
        .input_dim = PM_POOL_INPUT_DIM,
        .dsl = program->dsl,
        .digest = program->digest,
        .author = descent->author,
        .in_population = descent->author == NULL,
        .created_ms = now_ms,
    };
    return pm_store_algorithm_add(store, &algorithm, descent->parents, descent->parent_count, id,
                                  error);
}

bool pm_population_add_seeds(struct pm_pool_store *store, int64_t now_ms, struct pm_error *error)
{
    const struct pm_pool_descent descent = {.author = NULL};
    for (size_t i = 0; i < pm_seed_count; i++) {
        struct pm_pool_program program = {0};
        int64_t id;
        bool known;
        bool ok = pm_pool_program_read(pm_seeds[i].dsl, strlen(pm_seeds[i].dsl), &program, error) &&
                  pm_population_add(store, &program, &descent, now_ms, &id, &known, error);
        pm_pool_program_clear(&program);
        if (!ok) {
            return pm_fail_context(error, "seed %s", pm_seeds[i].name);
        }
    }
    return true;
}
