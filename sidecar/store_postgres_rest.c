/* What the workers of each sidecar say of themselves together: one row a sidecar, which counts
 * while that lives. */
#include "sidecar/store_postgres.h"

#include <stdio.h>
#include <string.h>

static bool is_known(const struct pm_postgres_store *store, const char *paused)
{
    return paused == NULL
               ? store->rest == PM_PG_REST_NONE
               : store->rest == PM_PG_REST_TOLD && strcmp(paused, store->rest_paused) == 0;
}

bool pm_postgres_rest_tell(struct pm_store *base, const char *paused, struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    if (is_known(store, paused)) {
        return true;
    }
    store->rest_open = true;
    if (paused != NULL) {
        pm_postgres_text(&call, paused);
    }
    pm_postgres_number(&call, store->owner);
    if (!pm_postgres_do(store, paused != NULL ? PM_PG_REST_TELL : PM_PG_REST_FORGET, &call,
                        error)) {
        return false;
    }
    store->rest = paused != NULL ? PM_PG_REST_TOLD : PM_PG_REST_NONE;
    snprintf(store->rest_paused, sizeof store->rest_paused, "%s", paused != NULL ? paused : "");
    return true;
}

bool pm_postgres_rest_ask(struct pm_store *base, bool *told, char paused[PM_QUEUE_PAUSED_SIZE],
                          struct pm_error *error)
{
    struct pm_postgres_store *store = (struct pm_postgres_store *)base;
    struct pm_postgres_call call = {0};
    pm_postgres_number(&call, store->owner);
    PGresult *result = pm_postgres_run(store, PM_PG_REST_ASK, &call, error);
    if (result == NULL) {
        return false;
    }
    *told = PQntuples(result) > 0;
    paused[0] = '\0';
    if (*told) {
        pm_postgres_get_text(result, 0, 0, paused, PM_QUEUE_PAUSED_SIZE);
    }
    PQclear(result);
    return true;
}
