#include "cli/demo.h"
#include "cli/number.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

struct demo_verdict demo_judge(const struct figures figures[DEMO_MINERS])
{
    struct demo_verdict verdict = {0};
    bool evaluations_agreed = false, evolutions_agreed = false;
    for (int i = 0; i < DEMO_MINERS; i++) {
        verdict.evaluated |= figures[i].evaluations > 0;
        verdict.evolved |= figures[i].evolutions > 0;
        verdict.paid |= figures[i].paid_rao > 0;
        evaluations_agreed |= figures[i].evaluations_accurate > 0;
        evolutions_agreed |= figures[i].evolutions_finalised > 0;
    }
    verdict.agreed = evaluations_agreed && evolutions_agreed;
    return verdict;
}

bool demo_succeeded(const struct demo_verdict *verdict)
{
    return verdict->evaluated && verdict->evolved && verdict->agreed && verdict->paid;
}

void demo_print_failures(const struct demo_verdict *verdict)
{
    const struct {
        bool done;
        const char *message;
    } parts[] = {
        {verdict->evaluated, "no evaluation was submitted"},
        {verdict->evolved, "no evolution was submitted"},
        {verdict->agreed, "no consensus on both an evaluation and an evolution was reached"},
        {verdict->paid, "no RAO was paid"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].done) {
            fprintf(stderr, "poolminer: demo: %s; a longer --duration-s gives it more time\n",
                    parts[i].message);
        }
    }
}

static void print_table(const struct demo_report *report)
{
    printf("\n%-13s %11s %6s %8s %10s %9s %14s %6s %10s %11s\n", "miner", "evaluations", "judged",
           "accurate", "evolutions", "finalised", "over threshold", "best", "reputation",
           "RAO paid");
    char paid[NUMBER_TEXT_SIZE];
    for (int i = 0; i < DEMO_MINERS; i++) {
        const struct figures *row = &report->figures[i];
        number_text(row->paid_rao, paid);
        printf("%.10s... %11" PRId64 " %6" PRId64 " %8" PRId64 " %10" PRId64 " %9" PRId64
               " %14" PRId64 " %6.4f %10.2f %11s\n",
               row->hotkey, row->evaluations, row->evaluations_finalised, row->evaluations_accurate,
               row->evolutions, row->evolutions_finalised, row->evolutions_over_threshold,
               row->best_score, row->reputation, paid);
    }
    printf(
        "\nJudged is what enough miners have scored to agree on. Reputation is earned with "
        "accurate evaluations\nand good evolutions; each epoch's budget is shared by it, but "
        "nobody gets more than 5 %% of one, so\nthat so few miners are mostly paid alike. RAO is "
        "the pool's unit of pay, a billionth of a token; here\nit is play money. Rules: "
        "docs/pool.md. To mine yourself: README.md, \"Mine\".\n");
}

static cJSON *describe_miner(const struct figures *row)
{
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"evaluations", (double)row->evaluations},
        {"evaluations_finalised", (double)row->evaluations_finalised},
        {"evaluations_accurate", (double)row->evaluations_accurate},
        {"evolutions", (double)row->evolutions},
        {"evolutions_finalised", (double)row->evolutions_finalised},
        {"evolutions_over_threshold", (double)row->evolutions_over_threshold},
        {"best_score", row->best_score},
        {"reputation", row->reputation},
        {"paid_rao", (double)row->paid_rao},
    };
    cJSON *object = cJSON_CreateObject();
    bool done = pm_json_add_string(object, "hotkey", row->hotkey);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        done = done && pm_json_add_number(object, numbers[i].name, numbers[i].value);
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static bool fill(cJSON *root, const struct demo_report *report)
{
    const struct demo_verdict *verdict = &report->verdict;
    bool done = pm_json_add_bool(root, "ok", demo_succeeded(verdict)) &&
                pm_json_add_bool(root, "evaluated", verdict->evaluated) &&
                pm_json_add_bool(root, "evolved", verdict->evolved) &&
                pm_json_add_bool(root, "agreed", verdict->agreed) &&
                pm_json_add_bool(root, "paid", verdict->paid) &&
                pm_json_add_number(root, "duration_s", report->duration_s) &&
                pm_json_add_number(root, "quorum", DEMO_QUORUM) &&
                pm_json_add_string(root, "dataset", report->dataset) &&
                pm_json_add_string(root, "fingerprint", report->fingerprint) &&
                pm_json_add_string(root, "suite", report->suite);
    cJSON *miners = done ? cJSON_AddArrayToObject(root, "miners") : NULL;
    for (int i = 0; miners != NULL && i < DEMO_MINERS; i++) {
        if (!pm_json_append(miners, describe_miner(&report->figures[i]))) {
            return false;
        }
    }
    return miners != NULL;
}

static bool print_json(const struct demo_report *report, struct pm_error *error)
{
    cJSON *root = cJSON_CreateObject();
    return pm_json_line_print_built(root, fill(root, report), error);
}

bool demo_print(const struct demo_report *report, bool json, struct pm_error *error)
{
    if (json) {
        return print_json(report, error);
    }
    print_table(report);
    return true;
}
