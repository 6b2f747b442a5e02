/* poolminer explain: an algorithm without what does nothing, and what each line of it computes. */
#include "cli/score_input.h"
#include "cli/shown.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/explain.h>
#include <poolminer/simplify.h>

static int count_instructions(const struct pm_algorithm *algorithm)
{
    int count = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        count += algorithm->length[phase];
    }
    return count;
}

static bool explain(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    struct pm_text text = {.length = 0};
    struct pm_algorithm *folded = pm_fold(algorithm, error);
    if (folded == NULL) {
        return false;
    }
    pm_explain(folded, &text);
    pm_text_append(&text, "# %d of %d instructions are left\n", count_instructions(folded),
                   count_instructions(algorithm));
    pm_algorithm_destroy(folded);
    const bool done = !text.failed;
    if (done) {
        fputs(text.data, stdout);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "explain: no memory to print");
    }
    pm_text_clear(&text);
    return done;
}

static bool explain_file(const char *file, int input_dim)
{
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = NULL;
    const bool done =
        read_algorithm(file, input_dim, &algorithm, &error) && explain(algorithm, &error);
    pm_algorithm_destroy(algorithm);
    if (!done) {
        verb_fail(&error);
    }
    return done;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    const size_t files = pm_options_positional_count(options);
    if (files == 0) {
        pm_fail(&error, PM_ERROR_INVALID,
                "explain: no file given; `poolminer explain FILE...`, - for standard input");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    int result = EXIT_DONE;
    for (size_t i = 0; i < files; i++) {
        const char *file = pm_options_positional(options, i);
        if (files > 1) {
            printf("%s# ", i > 0 ? "\n" : "");
            shown_print(file, stdout);
            puts("");
        }
        if (!explain_file(file, (int)pm_options_integer(options, "input-dim"))) {
            result = EXIT_FAILED;
        }
    }
    return result;
}

static const struct pm_option OPTIONS[] = {
    INPUT_DIM_OPTION,
};

const struct verb verb_explain = {
    .name = "explain",
    .summary = "Simplifies an algorithm and says what each line computes.",
    .usage = "poolminer explain FILE... [OPTION]...",
    .purpose = "Prints each algorithm (- is standard input) without instructions that change no "
               "prediction and\nwith what is always the same number worked out; a comment on every "
               "line says what it computes.\nThe output is an algorithm again. It scores the same, "
               "unless it draws random numbers: then it\nscores as another run of it would.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
