/* poolminer estimate: what mining here or elsewhere would pay, from a few figures. */
#include "cli/estimate.h"

#include "cli/sidecar_url.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/stop.h>

#define FIGURE(NAME, HELP)                                                                         \
    {                                                                                              \
        .name = (NAME), .type = PM_OPTION_NUMBER, .argument = "X", .help = (HELP)                  \
    }

static const struct pm_option OPTIONS[] = {
    {.name = "file",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "A JSON object with the figures, named as the options with _ for -; the command line "
             "beats it."},
    FIGURE("evaluations-per-hour", "pool: evaluations sent an hour."),
    FIGURE("accuracy", "pool: share of the evaluations that the consensus confirms; moderntensor: "
                       "quality of the answers."),
    FIGURE("evolutions-per-hour", "pool: evolutions an hour that reach the threshold."),
    FIGURE("evolution-score", "pool: their mean consensus score; under 0.7 they earn nothing."),
    FIGURE("total-reputation", "pool: what all miners earn in an epoch, you included."),
    FIGURE("fee", "pool: its share of the budget; 0.05 when not given."),
    FIGURE("cap", "pool: the most that one miner gets of the budget; 0.05 when not given."),
    FIGURE("budget-rao", "pool: RAO an epoch; 1e9 when not given."),
    FIGURE("epoch-s", "pool: seconds of an epoch; 3600 when not given."),
    FIGURE("least-withdrawal-rao", "pool: RAO; 5e6 when not given."),
    FIGURE("sota-probability", "direct: chance of beating the best score, a day."),
    FIGURE("reward", "direct: what that pays, in any unit."),
    FIGURE("pool-income-per-day", "direct: what the pool pays, in the same unit."),
    FIGURE("sales", "bitads: orders in 30 days."),
    FIGURE("revenue", "bitads: what they brought."),
    FIGURE("refunds", "bitads: orders refunded; 0 when not given."),
    FIGURE("p95-sales", "bitads: 95th percentile of all miners' sales."),
    FIGURE("p95-revenue", "bitads: and of their revenue."),
    FIGURE("burn-share", "bitads: share of the weights that is burnt; 0 when not given."),
    FIGURE("latency", "moderntensor: 0 to 1, 1 is the quickest."),
    FIGURE("availability", "moderntensor: 0 to 1."),
    FIGURE("consistency", "moderntensor: 0 to 1."),
    FIGURE("score", "moderntensor: 0 to 1, in place of the four."),
    FIGURE("total-scores", "moderntensor, bitads: of all miners, you included."),
    FIGURE("epoch-emission", "moderntensor: what an epoch pays out."),
    FIGURE("subnet-weight", "moderntensor: the subnet's share of it."),
    FIGURE("quality", "vidaio, upscaling: 0 to 1."),
    FIGURE("length", "vidaio, upscaling: seconds of video, at most 320."),
    FIGURE("rate", "vidaio, compression: compressed size / original size."),
    FIGURE("vmaf", "vidaio, compression: quality of the result, 0 to 100."),
    FIGURE("threshold", "vidaio, compression: the least VMAF that counts."),
    FIGURE("excellent-rounds", "vidaio: of the last 10; 0 when not given, so the next two."),
    FIGURE("poor-rounds", "vidaio: of the last 10."),
    FIGURE("low-quality-rounds", "vidaio: of the last 10."),
    FIGURE("emission", "vidaio: what all miners get; with the next two your income is told."),
    FIGURE("accumulated", "vidaio: your accumulated score in the task."),
    FIGURE("total-accumulated", "vidaio: of all miners in the task, you included."),
    FIGURE("subnet-emission", "vidaio: what the subnet gets, to be split."),
    FIGURE("tao-per-month", "profit: TAO that mining brings."),
    FIGURE("tao-price", "profit, pool: of one TAO, in the currency of the other prices."),
    FIGURE("watts", "profit, pool: what mining adds to the machine's draw."),
    FIGURE("hours-per-day", "profit, pool: 24 when not given."),
    FIGURE("price-per-kwh", "profit, pool: of electricity."),
    FIGURE("hardware-per-month", "profit, pool: 0 when not given."),
    FIGURE("registration-tao", "profit: cost of registration; 0 when not given."),
    FIGURE("gini", "profit: how unevenly emissions are spread, 0 to below 1."),
    FIGURE("miners", "profit: how many there are."),
    {.name = "soft-cap",
     .type = PM_OPTION_FLAG,
     .help = "bitads: under 3 sales a score counts 30 %."},
    {.name = "task",
     .type = PM_OPTION_TEXT,
     .choices = "upscaling|compression",
     .argument = "NAME",
     .help = "vidaio: upscaling or compression."},
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One JSON object instead of rows."},
    SIDECAR_URL_OPTIONS,
};
enum { OPTION_COUNT = sizeof OPTIONS / sizeof *OPTIONS, MODEL_COUNT = 6 };

static const struct estimate_model *find_model(const char *name)
{
    static const struct estimate_model *const models[MODEL_COUNT] = {
        &estimate_pool,         &estimate_direct, &estimate_bitads,
        &estimate_moderntensor, &estimate_vidaio, &estimate_profit};
    for (size_t i = 0; i < MODEL_COUNT; i++) {
        if (strcmp(models[i]->name, name) == 0) {
            return models[i];
        }
    }
    return NULL;
}

static bool takes(const struct estimate_model *model, const char *name)
{
    for (const char *const *known = model->names; *known != NULL; known++) {
        if (strcmp(*known, name) == 0) {
            return true;
        }
    }
    const bool is_where = strcmp(name, "sidecar-url") == 0 || strcmp(name, "key-file") == 0;
    return (model->asks && is_where) || strcmp(name, "file") == 0 || strcmp(name, "json") == 0;
}

/* An option of another model is a mistake that would otherwise go unseen. */
static bool check_options(const struct pm_options *options, const struct estimate_model *model,
                          struct pm_error *error)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *name = OPTIONS[i].name;
        if (strcmp(pm_options_source(options, name), "command line") == 0 && !takes(model, name)) {
            return pm_fail(error, PM_ERROR_INVALID, "takes no --%s", name);
        }
    }
    return true;
}

static bool print_answer(struct estimate_answer *answer, bool json, struct pm_error *error)
{
    if (answer->failed || answer->rows.failed) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the answer");
    }
    if (!json) {
        fputs(answer->rows.data, stdout);
        return true;
    }
    return pm_json_line_print(answer->json, error);
}

static bool estimate(const struct pm_options *options, const struct estimate_model *model,
                     struct pm_error *error)
{
    struct estimate_input input = {.options = options};
    struct estimate_answer answer = {.json = cJSON_CreateObject()};
    answer.failed = !pm_json_add_string(answer.json, "model", model->name);
    const bool done = check_options(options, model, error) &&
                      estimate_input_open(options, model->name, model->names, &input, error) &&
                      model->run(&input, &answer, error) &&
                      print_answer(&answer, pm_options_flag(options, "json"), error);
    estimate_input_clear(&input);
    cJSON_Delete(answer.json);
    pm_text_clear(&answer.rows);
    return done || pm_fail_context(error, "estimate %s", model->name);
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    const bool named = pm_options_positional_count(options) == 1;
    const struct estimate_model *model =
        named ? find_model(pm_options_positional(options, 0)) : NULL;
    pm_stop_install();
    if (model != NULL && estimate(options, model, &error)) {
        return EXIT_DONE;
    }
    if (model == NULL) {
        pm_fail(&error, PM_ERROR_INVALID,
                "estimate: say which model: pool, direct, bitads, moderntensor, vidaio or profit");
    }
    verb_fail(&error);
    return EXIT_USAGE;
}

const struct verb verb_estimate = {
    .name = "estimate",
    .summary = "Reckons what mining pays, here and elsewhere.",
    .usage = "poolminer estimate pool | direct | bitads | moderntensor | vidaio | profit "
             "[OPTION]...",
    .purpose = "Reckons by the published rules of the pool (pool), of mining without one (direct) "
               "and of three other\nnetworks what a miner with these figures gets; profit weighs "
               "it against what it costs.\nWhat each model needs, with examples: "
               "docs/estimate.md.",
    .uses = USE_QUEUE,
    .options = OPTIONS,
    .option_count = OPTION_COUNT,
    .takes_files = true,
    .run = run,
};
