/* Any bytes as a CURVE key file and as a list of keys; what is accepted must be whole. */
#include <stdlib.h>
#include <string.h>

#include <poolminer/curve_keys.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_curve_keys keys;
    struct pm_curve_list list;
    struct pm_error error = {0};
    const char *text = (const char *)data;
    if (!pm_curve_keys_parse(text, size, &keys, &error) && error.message[0] == '\0') {
        abort(); /* every refusal has a reason */
    }
    pm_curve_keys_wipe(&keys);
    error = (struct pm_error){0};
    if (!pm_curve_list_parse(text, size, &list, &error)) {
        if (error.message[0] == '\0' || list.count != 0) {
            abort();
        }
        return 0;
    }
    for (size_t i = 0; i < list.count; i++) {
        const char *name = pm_curve_list_find(&list, list.entries[i].key);
        if (name == NULL || strcmp(name, list.entries[i].name) != 0) {
            abort();
        }
    }
    pm_curve_list_clear(&list);
    return 0;
}
