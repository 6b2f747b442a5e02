/* The JSON text beside an imported dataset. What is accepted can be written and read again. */
#include "algorithm/dataset_info.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct pm_dataset_info *info, const char *file)
{
    struct pm_dataset_info again = {0};
    char *file_again = NULL;
    info->name = strdup("fuzz");
    char *text = info->name != NULL ? pm_dataset_description_write(info, file, NULL) : NULL;
    /* Escapes may make the text longer than what is read. */
    if (text != NULL && strlen(text) <= PM_DATASET_DESCRIPTION_MAX &&
        (!pm_dataset_description_read(text, strlen(text), &again, &file_again, NULL) ||
         strcmp(file, file_again) != 0 || strcmp(info->source, again.source) != 0 ||
         info->records != again.records)) {
        abort();
    }
    free(text);
    free(file_again);
    pm_dataset_info_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_dataset_info info = {0};
    struct pm_error error = {0};
    char *file = NULL;
    if (pm_dataset_description_read((const char *)data, size, &info, &file, &error)) {
        check_again(&info, file);
    } else if (error.message[0] == '\0') {
        abort();
    }
    free(file);
    pm_dataset_info_clear(&info);
    return 0;
}
