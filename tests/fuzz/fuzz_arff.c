/* ARFF. The first byte says whether the rest is a whole file, or the rows after the header of an
 * image dataset, which is too long to be found by chance. */
#include "algorithm/arff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_header(struct pm_text *text)
{
    pm_text_append(text, "@relation fuzz\n");
    for (int i = 0; i < PM_DATASET_MNIST_PIXELS; i++) {
        pm_text_append(text, "@attribute %d real\n", i);
    }
    pm_text_append(text, "@attribute class {0,1,2,3,4,5,6,7,8,9}\n@data\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_text text = {0};
    struct pm_byte_source *source = NULL;
    struct pm_dataset_builder builder = {0};
    struct pm_error error = {0};
    if (size == 0) {
        return 0;
    }
    if (data[0] & 1) {
        append_header(&text);
    }
    pm_text_append_bytes(&text, data + 1, size - 1);
    if (text.failed ||
        !pm_byte_source_open_memory("fuzz", text.data, text.length, &source, &error)) {
        abort();
    }
    if (pm_arff_read(source, &builder, &error)) {
        for (size_t i = 0; i < builder.count; i++) {
            if (pm_dataset_builder_record(&builder, i)[0] >= PM_DATASET_CLASSES) {
                abort();
            }
        }
    } else if (strstr(error.message, "fuzz: ") == NULL) {
        abort();
    }
    pm_dataset_builder_clear(&builder);
    pm_byte_source_close(source);
    pm_text_clear(&text);
    return 0;
}
