/* poolminer estimate: the worked examples by options and by file, and sentences for what cannot
 * be. */
#include "cmocka_include.h"
#include "run_program.h"
#include "tests/driver/scripted_server.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/process.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 60000 };

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, "estimate", __VA_ARGS__, NULL},        \
                TIMEOUT_MS)

#define POOL_RATES                                                                                 \
    "--evaluations-per-hour", "20", "--accuracy", "0.9", "--evolutions-per-hour", "2",             \
        "--evolution-score", "0.75"
#define RICH_RATES                                                                                 \
    "--evaluations-per-hour", "60", "--accuracy", "1", "--evolutions-per-hour", "0",               \
        "--evolution-score", "0", "--total-reputation", "10", "--epoch-s", "60", "--tao-price",    \
        "300", "--watts", "0", "--price-per-kwh", "0"

static struct output run_file(const char *model, const char *text)
{
    const char *path = write_text(test_home, "figures.json", text);
    return RUN(model, "--file", path, "--json");
}

static void the_pool_by_options_and_by_file(void **state)
{
    (void)state;
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--fee", "0.05"), 0,
                  "95760000 RAO", "");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--json"), 0,
                  "\"reputation_per_hour\":21,\"rao_per_epoch\":3990000,\"rao_per_hour\":3990000,"
                  "\"rao_per_day\":95760000",
                  "");
    static const char file[] =
        "{\"evaluations_per_hour\": 20, \"accuracy\": 0.9, \"evolutions_per_hour\": 2,"
        " \"evolution_score\": 0.75, \"total_reputation\": 5000, \"fee\": 0.05}";
    expect_output(run_file("pool", file), 0, "\"rao_per_epoch\":3990000,", "");
    const char *path = write_text(test_home, "figures.json", file);
    expect_output(RUN("pool", "--file", path, "--fee", "0"), 0, "4200000 RAO", "");
}

static void the_pool_says_whether_to_stay(void **state)
{
    (void)state;
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000"), 0,
                  "\nStay as long as a day of mining costs you less than 0.09576 TAO.\n", "");
    /* 2.8728 TAO a month are 861.84; 45 W x 720 h x 0.4 = 12.96; 12.96 / 2.8728 = 4.511 */
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--tao-price", "300",
                      "--watts", "45", "--price-per-kwh", "0.4"),
                  0, "\nStay: 848.9 a month is left; it turns at a TAO price of 4.511 (now 300).\n",
                  "");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--tao-price", "4",
                      "--watts", "45", "--price-per-kwh", "0.4"),
                  0, "\nLeave: 1.469 a month is lost; it turns at a TAO price of 4.511 (now 4).\n",
                  "");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "21"), 0,
                  "less than 1.2 TAO (all that one miner gets).\n", "");
    expect_output(RUN("pool", "--evaluations-per-hour", "20", "--accuracy", "0",
                      "--evolutions-per-hour", "0", "--evolution-score", "0", "--total-reputation",
                      "5000"),
                  0,
                  "Leave, or mend what keeps you from it: nothing is earned; each reputation an "
                  "epoch would bring 4560000 RAO a day.\n",
                  "");
    /* numbers are written out, however large */
    expect_output(RUN("pool", RICH_RATES), 0, "rao_per_month          2160000000000 RAO", "");
    expect_output(RUN("pool", RICH_RATES), 0, "\nStay: 648000 a month is left; ", "");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--watts", "45"), 2, "",
                  "--tao-price is missing");
    expect_output(RUN("direct", "--sidecar-url", "tcp://127.0.0.1:1"), 2, "",
                  "takes no --sidecar-url");
}

/* ---- from the miner here ---- */

struct pool {
    struct scripted_server *server;
    const char *leaderboard;
};

static void answer(void *context, const struct scripted_request *request,
                   struct scripted_reply *out)
{
    const struct pool *pool = context;
    out->status = strcmp(request->path, "/api/v1/miners/leaderboard?limit=1000") == 0 ? 200 : 404;
    snprintf(out->body, sizeof out->body, "%s", out->status == 200 ? pool->leaderboard : "{}");
}

/* What `mine` left behind: two hours, in which 40 evaluations were sent, 36 of 40 judged were
 * accurate and 4 evolutions reached the threshold with 0.75 in the mean; a quarter of the epoch is
 * over, in which all earned 1250. */
static void leave_state(const char *url, const char *first, const char *now)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"miner\": {\"version\": 1, \"pool\": \"%s\", \"started_ms\": 1790000000000,\n"
             " \"stats_ms\": 1790007200000, \"first_stats\": %s, \"stats\": %s}}",
             url, first, now);
    write_text(test_home, "last-state.json", text);
}

static struct output estimate_here(const char *option, const char *value)
{
    char port[16];
    snprintf(port, sizeof port, "%d", pm_process_free_port());
    return RUN("pool", "--data-dir", test_home, "--sidecar-port", port, "--json", option, value);
}

static const char FIRST[] = "{\"evaluations_submitted\": 100, \"evaluations_finalised\": 90,"
                            " \"evaluations_accurate\": 30, \"evolutions_over_threshold\": 1,"
                            " \"reputation_total\": 31.5}";
static const char NOW[] =
    "{\"evaluations_submitted\": 140, \"evaluations_finalised\": 130,"
    " \"evaluations_accurate\": 66, \"evolutions_over_threshold\": 5, \"reputation_total\": 73.5,"
    " \"pool\": {\"epoch_s\": 3600, \"epoch_seconds_left\": 2700, \"total_reputation\": 1250,"
    " \"budget_rao\": 1000000000, \"fee\": 0.05, \"cap\": 0.05}}";

static void a_miners_own_rates_are_measured(void **state)
{
    (void)state;
    struct pool pool = {.leaderboard = "{\"epoch\": 7, \"miners\": [{\"reputation\": 30},"
                                       " {\"reputation\": 10}, {\"reputation\": 0}]}"};
    pool.server = scripted_server_start(answer, &pool);
    leave_state(scripted_server_url(pool.server), FIRST, NOW);
    expect_output(estimate_here("--fee", "0.05"), 0,
                  "\"source\":\"last run\",\"measured_hours\":2,\"evaluations_per_hour\":20,"
                  "\"accuracy\":0.9,\"evolutions_per_hour\":2,\"evolution_score\":0.75,"
                  "\"total_reputation\":5000,\"reputation_per_hour\":21,\"rao_per_epoch\":3990000,",
                  "");
    expect_output(
        estimate_here("--fee", "0.05"), 0,
        "\"gini\":0.25,\"gini_sign\":\"good\",\"miners\":2,\"miners_sign\":\"bad\","
        "\"verdict\":\"Stay as long as a day of mining costs you less than 0.09576 TAO; 2 "
        "miners share it (bad), Gini 0.25 (good).\"",
        "");
    expect_output(estimate_here("--total-reputation", "10000"), 0, "\"rao_per_epoch\":1995000,",
                  "");
    pool.leaderboard = "[]"; /* one that has none */
    expect_output(estimate_here("--fee", "0.05"), 0, "less than 0.09576 TAO.\"", "");
    scripted_server_stop(pool.server);
    expect_output(estimate_here("--fee", "0.05"), 0, "less than 0.09576 TAO.\"", "");
}

static void what_cannot_be_measured_is_said(void **state)
{
    (void)state;
    expect_output(estimate_here("--fee", "0.05"), 2, "", "no miner runs with the files in ");
    expect_output(estimate_here("--fee", "0.05"), 2, "", "--evaluations-per-hour is missing");
    leave_state("http://127.0.0.1:1", "null", "null");
    expect_output(estimate_here("--fee", "0.05"), 2, "", "the pool has told no figures");
    leave_state("http://127.0.0.1:1", "{}", "{\"evaluations_submitted\": 9}");
    expect_output(estimate_here("--fee", "0.05"), 2, "", "has been judged yet");
    expect_output(estimate_here("--accuracy", "0.5"), 0, "\"evaluations_per_hour\":4.5,", "");
}

static void direct_and_profit(void **state)
{
    (void)state;
    expect_output(
        RUN("direct", "--sota-probability", "0.01", "--reward", "50", "--pool-income-per-day", "1"),
        0, "Stay in the pool: alone pays more from a chance of 0.02 a day on", "");
    expect_output(RUN("profit", "--tao-per-month", "0.1", "--tao-price", "300", "--watts", "45",
                      "--price-per-kwh", "0.4"),
                  0, "Worth it: ", "");
    expect_output(run_file("profit", "{\"tao_per_month\": 0.001, \"tao_price\": 300, \"watts\": 45,"
                                     " \"price_per_kwh\": 0.4, \"emissions\": [0, 0, 0, 8]}"),
                  0, "\"gini\":0.75,\"gini_sign\":\"bad\",\"miners\":4,\"miners_sign\":\"bad\"",
                  "");
}

static void other_networks(void **state)
{
    (void)state;
    expect_output(RUN("moderntensor", "--score", "0.85", "--total-scores", "10", "--epoch-emission",
                      "1000", "--subnet-weight", "0.15"),
                  0, "12.75 an epoch", "");
    expect_output(RUN("moderntensor", "--accuracy", "0.9", "--latency", "0.8", "--availability",
                      "0.8", "--consistency", "0.85", "--total-scores", "10", "--epoch-emission",
                      "1000", "--subnet-weight", "0.15"),
                  0, "12.75 an epoch", "");
    expect_output(RUN("bitads", "--sales", "100", "--revenue", "5000", "--refunds", "20",
                      "--p95-sales", "100", "--p95-revenue", "5000", "--json"),
                  0, "\"score\":0.8", "");
    expect_output(run_file("bitads", "{\"sales\": 2, \"revenue\": 9, \"all_sales\": [2],"
                                     " \"all_revenue\": [9], \"soft_cap\": true}"),
                  0, "\"base\":1,\"score\":0.3", "");
    expect_output(
        RUN("vidaio", "--task", "upscaling", "--quality", "0.8", "--length", "320", "--json"), 0,
        "\"score_before\":0.9,\"score\":1.63", "");
    expect_output(RUN("vidaio", "--task", "compression", "--rate", "0.3", "--vmaf", "85",
                      "--threshold", "70", "--excellent-rounds", "10", "--emission", "100",
                      "--accumulated", "847.5", "--total-accumulated", "1884.9"),
                  0, "0.7685", "");
    expect_output(RUN("vidaio", "--task", "compression", "--rate", "0.4", "--vmaf", "65",
                      "--threshold", "70", "--subnet-emission", "1277500"),
                  0, "523775", "");
}

/* Every model takes its figures from a file as it does from options. */
static void other_networks_by_file(void **state)
{
    (void)state;
    static const char *const moderntensor[] = {
        "{\"score\": 0.85, \"total_scores\": 10, \"epoch_emission\": 1000, \"subnet_weight\": "
        "0.15}",
        "{\"accuracy\": 0.9, \"latency\": 0.8, \"availability\": 0.8, \"consistency\": 0.85,"
        " \"total_scores\": 10, \"epoch_emission\": 1000, \"subnet_weight\": 0.15}"};
    for (size_t i = 0; i < sizeof moderntensor / sizeof *moderntensor; i++) {
        const char *path = write_text(test_home, "figures.json", moderntensor[i]);
        expect_output(RUN("moderntensor", "--file", path), 0, "12.75 an epoch", "");
    }
    expect_output(run_file("vidaio", "{\"task\": \"compression\", \"rate\": 0.5, \"vmaf\": 80,"
                                     " \"threshold\": 70}"),
                  0, "\"score\":0.583", "");
    expect_output(run_file("vidaio", "{\"task\": \"compression\", \"rate\": 0.3, \"vmaf\": 85,"
                                     " \"threshold\": 70, \"excellent_rounds\": 7}"),
                  0, "\"multiplier\":1.105", "");
    expect_output(run_file("direct", "{\"sota_probability\": 0.01, \"reward\": 50,"
                                     " \"pool_income_per_day\": 1}"),
                  0, "chance of 0.02 a day", "");
    expect_output(run_file("vidaio", "{\"task\": \"upscaling\", \"quality\": \"good\","
                                     " \"length\": 9}"),
                  2, "", "quality: expected a number");
    expect_output(run_file("vidaio", "{\"quality\": 0.8, \"length\": 9}"), 2, "",
                  "--task is missing");
    expect_output(run_file("moderntensor", "{\"score\": 1.5, \"total_scores\": 10,"
                                           " \"epoch_emission\": 1, \"subnet_weight\": 1}"),
                  2, "", "score is 1.5");
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    expect_output(RUN("pool", POOL_RATES), 2, "", "estimate pool: --total-reputation is missing");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "5000", "--fee", "5"), 2, "",
                  "fee is 5: a share is from 0 to 1");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "-1"), 2, "",
                  "total_reputation is -1: it cannot be negative");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "nan"), 2, "", "expected a number");
    expect_output(RUN("pool", POOL_RATES, "--total-reputation", "9", "--sales", "3"), 2, "",
                  "takes no --sales");
    expect_output(RUN("moderntensor", "--score", "1", "--accuracy", "1"), 2, "",
                  "give score or accuracy, not both");
    expect_output(RUN("vidaio", "--task", "upscaling", "--rate", "1"), 2, "",
                  "task upscaling takes no rate");
    expect_output(RUN("lottery"), 2, "", "say which model");
}

static void a_bad_file_is_named(void **state)
{
    (void)state;
    expect_output(run_file("pool", "{\"acuracy\": 1}"), 2, "", "did you mean accuracy?");
    expect_output(run_file("pool", "{\"accuracy\": 1, \"accuracy\": 1}"), 2, "", "figures.json");
    expect_output(run_file("pool", "[]"), 2, "", "a JSON object of figures is expected");
    expect_output(run_file("pool", "{"), 2, "", "figures.json");
    expect_output(run_file("pool", "{\"evaluations_per_hour\": \"many\"}"), 2, "",
                  "evaluations_per_hour: expected a number");
    expect_output(run_file("bitads", "{\"sales\": 1, \"revenue\": 1, \"all_sales\": [1, \"x\"]}"),
                  2, "", "all-sales: item 2 is no number");
    expect_output(RUN("pool", "--file", "absent.json"), 2, "", "absent.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_pool_by_options_and_by_file, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(the_pool_says_whether_to_stay, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(a_miners_own_rates_are_measured, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_measured_is_said, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(direct_and_profit, test_home_set_up, test_home_tear_down),
        cmocka_unit_test_setup_teardown(other_networks, test_home_set_up, test_home_tear_down),
        cmocka_unit_test_setup_teardown(other_networks_by_file, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_said, test_home_set_up,
                                        test_home_tear_down),
        cmocka_unit_test_setup_teardown(a_bad_file_is_named, test_home_set_up, test_home_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
