/* Algorithms come from strangers. Whatever the text: reading ends in a program or a sentence; what
 * strict reading takes, lenient reading takes the same way; the written form reads back to an equal
 * program; check explains it; and it runs. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/check.h>
#include <poolminer/executor.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "violated: %s\n", what);
        abort();
    }
}

static void warn(void *context, int line, const char *reason)
{
    int *count = context;
    require(line > 0 && reason[0] != '\0', "a warning has a line and a reason");
    ++*count;
}

static struct pm_algorithm *parse(const char *text, size_t length, int input_dim,
                                  enum pm_parse_mode mode)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    int warnings = 0;
    bool read =
        pm_algorithm_parse(text, length, input_dim, mode, warn, &warnings, &algorithm, &error);
    require(read == (algorithm != NULL), "a program exactly when reading succeeds");
    require(read || error.message[0] != '\0', "a failure has a message");
    return algorithm;
}

static void check_written_form(const struct pm_algorithm *algorithm, enum pm_parse_mode mode)
{
    struct pm_error error = {0};
    char *written = pm_algorithm_write(algorithm, &error);
    if (written == NULL) {
        require(error.code == PM_ERROR_LIMIT, "only its length keeps a program from being written");
        return;
    }
    struct pm_algorithm *again = parse(written, strlen(written), algorithm->input_dim, mode);
    require(again != NULL && pm_algorithm_equal(algorithm, again), "the written form reads back");
    pm_algorithm_destroy(again);
    free(written);
}

static void check_explanation(const char *text, size_t length, int input_dim, bool strict)
{
    struct pm_check check;
    struct pm_text explanation = {0};
    require(pm_check_text(text, length, input_dim, &check, NULL), "what can be read is explained");
    require(check.strict == strict, "check knows what strict reading says");
    pm_check_explain(&check, &explanation);
    require(explanation.length > 0, "there is something to say");
    free(explanation.data);
    pm_check_clear(&check);
}

/* Running is a small part of what there is to find: long programs on big matrices would take all
 * the time there is for reading texts. */
static bool is_quick(const struct pm_algorithm *algorithm)
{
    enum { ELEMENTS_MAX = 20000 };
    int dim = algorithm->meta.vector_dim, instructions = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        instructions += algorithm->length[phase];
    }
    return instructions * dim * dim <= ELEMENTS_MAX;
}

/* A few examples with all sorts of numbers. */
static void run(const struct pm_algorithm *algorithm)
{
    enum { EXAMPLES = 4, DIM_MAX = 20 };
    static const float values[] = {0.0F, -1.0F, INFINITY, 0x1p-140F, NAN, 3e38F, 1.5F};
    float features[EXAMPLES * DIM_MAX], labels[EXAMPLES] = {0, 1, 1, 0}, predictions[EXAMPLES / 2];
    if (algorithm->meta.vector_dim > DIM_MAX || !is_quick(algorithm)) {
        return;
    }
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        features[i] = values[(i * 3) % (sizeof values / sizeof *values)];
    }
    const struct pm_task task = {.input_dim = algorithm->input_dim,
                                 .train_count = EXAMPLES / 2,
                                 .validation_count = EXAMPLES / 2,
                                 .features = features,
                                 .labels = labels};
    struct pm_executor *executor = pm_executor_create();
    require(executor != NULL && pm_executor_run(executor, algorithm, &task, predictions, NULL),
            "a program runs");
    double accuracy = pm_task_accuracy(&task, predictions);
    require(accuracy >= 0 && accuracy <= 1, "an accuracy is a share");
    pm_executor_destroy(executor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In memory of its own, so that reading past its end is seen. */
    char *text = malloc(size > 0 ? size : 1);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    int input_dim = 1 + (int)(size % 18);
    struct pm_algorithm *lenient = parse(text, size, input_dim, PM_PARSE_LENIENT);
    struct pm_algorithm *strict = parse(text, size, input_dim, PM_PARSE_STRICT);
    if (strict != NULL) {
        require(lenient != NULL && pm_algorithm_equal(strict, lenient), "both modes read the same");
    }
    if (lenient != NULL) {
        check_written_form(lenient, strict != NULL ? PM_PARSE_STRICT : PM_PARSE_LENIENT);
        check_explanation(text, size, input_dim, strict != NULL);
        run(lenient);
    }
    pm_algorithm_destroy(strict);
    pm_algorithm_destroy(lenient);
    free(text);
    return 0;
}
