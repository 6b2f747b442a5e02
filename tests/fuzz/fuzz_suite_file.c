/* A file of prepared tasks: bytes as they are, then with the checksum that makes them pass for
 * whole. What is accepted can be run. */
#include "algorithm/suite_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ALIGNMENT = 64 };

static const char PROGRAM[] = "def Predict():\n"
                              "  s0 = dot(v0, v1)\n"
                              "def Learn():\n"
                              "  s2 = s1 - s0\n"
                              "  v2 = s2 * v0\n"
                              "  v1 = v1 + v2\n";

static void run(const struct pm_suite *suite)
{
    struct pm_algorithm *algorithm = NULL;
    double score;
    if (!pm_algorithm_parse(PROGRAM, sizeof PROGRAM - 1, suite->input_dim, PM_PARSE_STRICT, NULL,
                            NULL, &algorithm, NULL)) {
        abort();
    }
    const struct pm_algorithm *const algorithms[] = {algorithm};
    if (!pm_suite_score(suite, algorithms, 1, &score, NULL, NULL, NULL)) {
        abort();
    }
    pm_algorithm_destroy(algorithm);
}

static void read_bytes(const void *bytes, size_t size)
{
    static const uint8_t identity[PM_SUITE_IDENTITY_SIZE] = {0};
    const struct pm_suite_plan plan = {
        .edition = PM_EDITION_FIRST2000, .input_dim = 2, .count = 2, .ids = {0, 1}};
    struct pm_suite *suite = NULL;
    if (pm_suite_file_read(bytes, size, &plan, identity, &suite, NULL)) {
        run(suite);
        pm_suite_destroy(suite);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *bytes = aligned_alloc(ALIGNMENT, (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
    if (bytes == NULL) {
        abort();
    }
    memcpy(bytes, data, size);
    read_bytes(bytes, size);
    if (size >= PM_SUITE_FILE_HEADER_SIZE) {
        pm_suite_file_seal(bytes, size);
        read_bytes(bytes, size);
    }
    free(bytes);
    return 0;
}
