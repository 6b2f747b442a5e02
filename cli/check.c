/* poolminer check: explains an algorithm's text. */
#include "cli/score_input.h"
#include "cli/shown.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/check.h>
#include <poolminer/json.h>
#include <poolminer/json_line.h>

static bool describe_memory(const struct pm_check *check, cJSON *line)
{
    const struct pm_algorithm_meta *meta = &check->algorithm->meta;
    return pm_json_add_integer(line, "input_dim", check->algorithm->input_dim) &&
           pm_json_add_integer(line, "scalar_count", meta->scalar_count) &&
           pm_json_add_integer(line, "vector_count", meta->vector_count) &&
           pm_json_add_integer(line, "matrix_count", meta->matrix_count) &&
           pm_json_add_integer(line, "vector_dim", meta->vector_dim);
}

static bool describe_summary(const struct pm_check *check, cJSON *line)
{
    return pm_json_add_bool(line, "strict", check->strict) &&
           pm_json_add_bool(line, "writes_prediction", check->writes_prediction) &&
           pm_json_add_bool(line, "reads_input", check->reads_input) &&
           pm_json_add_bool(line, "learns", check->learns) &&
           pm_json_add_bool(line, "random", check->draws);
}

static bool describe_instructions(const struct pm_check *check, cJSON *line)
{
    cJSON *array = cJSON_CreateArray();
    bool done = pm_json_add(line, "instructions", array);
    for (size_t i = 0; done && i < check->instruction_count; i++) {
        const struct pm_check_instruction *at = &check->instructions[i];
        char statement[PM_STATEMENT_SIZE];
        pm_instruction_write(&at->instruction, statement);
        cJSON *entry = cJSON_CreateObject();
        done = pm_json_append(array, entry) &&
               pm_json_add_string(entry, "phase", pm_phase_name(at->phase)) &&
               pm_json_add_integer(entry, "line", at->line) &&
               pm_json_add_string(entry, "statement", statement) &&
               pm_json_add_string(entry, "use", pm_check_use_name(at->use));
    }
    return done;
}

static bool describe_unwritten(const struct pm_check *check, cJSON *line)
{
    cJSON *array = cJSON_CreateArray();
    bool done = pm_json_add(line, "read_before_written", array);
    for (size_t i = 0; done && i < check->unwritten_count; i++) {
        const struct pm_check_unwritten *at = &check->unwritten[i];
        char name[16];
        snprintf(name, sizeof name, "%c%u", pm_kind_letter((enum pm_kind)at->reg.kind),
                 (unsigned)at->reg.index);
        cJSON *entry = cJSON_CreateObject();
        done = pm_json_append(array, entry) && pm_json_add_string(entry, "register", name) &&
               pm_json_add_string(entry, "phase", pm_phase_name(at->phase)) &&
               pm_json_add_integer(entry, "line", at->line) &&
               pm_json_add_bool(entry, "always_zero", at->always);
    }
    return done;
}

static bool describe_findings(const struct pm_check *check, cJSON *line)
{
    cJSON *array = cJSON_CreateArray();
    bool done = pm_json_add(line, "findings", array);
    for (size_t i = 0; done && i < check->finding_count; i++) {
        const struct pm_check_finding *finding = &check->findings[i];
        cJSON *entry = cJSON_CreateObject();
        done = pm_json_append(array, entry) && pm_json_add_integer(entry, "line", finding->line) &&
               pm_json_add_bool(entry, "refused_by_strict", finding->refused) &&
               pm_json_add_string(entry, "reason", finding->reason);
    }
    return done;
}

static bool print_json(const char *file, const struct pm_check *check, struct pm_error *error)
{
    cJSON *line = cJSON_CreateObject();
    bool done = line != NULL && pm_json_add(line, "file", shown_json(file)) &&
                describe_summary(check, line) && describe_memory(check, line) &&
                describe_instructions(check, line) && describe_unwritten(check, line) &&
                describe_findings(check, line);
    return pm_json_line_print_built(line, done, error);
}

static bool print_text(const char *file, const struct pm_check *check, struct pm_error *error)
{
    struct pm_text text = {0};
    pm_check_explain(check, &text);
    bool done = !text.failed;
    if (done) {
        shown_print(file, stdout);
        printf("\n%s", text.data);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "check: no memory to print");
    }
    free(text.data);
    return done;
}

/* False where the file is no algorithm; `strict`: also where strict reading refuses it. */
static bool check_file(const char *file, const struct pm_options *options)
{
    struct pm_error error = {0};
    struct pm_check check = {0};
    char *text = NULL;
    size_t length = 0;
    if (!read_algorithm_text(file, &text, &length, &error)) {
        verb_fail(&error);
        return false;
    }
    bool done = pm_check_text(text, length, (int)pm_options_integer(options, "input-dim"), &check,
                              &error) ||
                pm_fail_context(&error, "%s", file);
    free(text);
    done = done && (pm_options_flag(options, "json") ? print_json(file, &check, &error)
                                                     : print_text(file, &check, &error));
    if (!done) {
        verb_fail(&error);
    }
    done = done && (check.strict || !pm_options_flag(options, "strict"));
    pm_check_clear(&check);
    return done;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    size_t files = pm_options_positional_count(options);
    if (files == 0) {
        pm_fail(&error, PM_ERROR_INVALID,
                "check: no file given; `poolminer check FILE...`, - for standard input");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    int result = EXIT_DONE;
    for (size_t i = 0; i < files; i++) {
        if (i > 0 && !pm_options_flag(options, "json")) {
            puts("");
        }
        if (!check_file(pm_options_positional(options, i), options)) {
            result = EXIT_FAILED;
        }
    }
    return result;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON a file."},
    {.name = "strict",
     .type = PM_OPTION_FLAG,
     .help = "Exit status 1 also where strict reading would refuse a file."},
    INPUT_DIM_OPTION,
};

const struct verb verb_check = {
    .name = "check",
    .summary = "Explains algorithm files: phases, dead instructions, what is odd.",
    .usage = "poolminer check FILE... [--strict] [--json] [OPTION]...",
    .purpose = "Shows what reading makes of each algorithm file (- is standard input): its "
               "memory and phases,\nwhich instructions can reach a prediction and which are dead "
               "or can do nothing, registers read\nbefore they are written, what is strange, and "
               "what strict reading, and so a local pool, refuses.\nExit status 1 where a file is "
               "no algorithm.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
