#include <cjson/cJSON.h>
#include <malloc.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>

#include <poolminer/json_wipe.h>

static void wipe_and_free(void *memory)
{
    if (memory != NULL) {
        sodium_memzero(memory, malloc_usable_size(memory));
        free(memory);
    }
}

/* Memory from before the call is freed this way, too: all of it is malloc's. */
void pm_json_wipe_freed(void)
{
    static bool is_set;
    cJSON_Hooks hooks = {.malloc_fn = malloc, .free_fn = wipe_and_free};
    if (!is_set) {
        is_set = true;
        cJSON_InitHooks(&hooks);
    }
}
