/* poolminer balance, poolminer history: what the pool owes this miner, and what it paid. */
#include "cli/account.h"
#include "cli/key.h"
#include "cli/money.h"
#include "cli/verb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/text.h>

/* ---- balance ---- */

static void print_amount(const cJSON *answer, const char *member, const char *label)
{
    int64_t rao = 0;
    char text[MONEY_TEXT_SIZE];
    if (pm_json_integer(answer, member, &rao, NULL)) {
        money_text(rao, text);
        printf("%-22s %24s\n", label, text);
    }
}

static bool print_balance(const struct account *account, const cJSON *answer,
                          struct pm_error *error)
{
    int64_t balance = 0;
    if (!pm_json_integer(answer, "balance_rao", &balance, error)) {
        return pm_fail_context(error, "the pool's answer");
    }
    printf("%s at %s\n", account_address(account), account_pool(account));
    print_amount(answer, "balance_rao", "balance");
    print_amount(answer, "estimated_pending_rao", "this epoch, so far");
    print_amount(answer, "pending_withdrawal_rao", "asked for, not sent");
    print_amount(answer, "withdrawn_rao", "withdrawn");
    print_amount(answer, "lifetime_rao", "paid in all");
    print_amount(answer, "minimum_withdrawal_rao", "least withdrawal");
    return true;
}

static bool balance(const struct pm_options *options, struct account *account,
                    struct pm_error *error)
{
    cJSON *answer = NULL;
    bool done = account_get(account, "/api/v1/rewards/balance/%s", &answer, error) &&
                (pm_options_flag(options, "json") ? pm_json_line_print(answer, error)
                                                  : print_balance(account, answer, error));
    cJSON_Delete(answer);
    return done;
}

/* ---- history ---- */

static const double POINTS_MAX = 1e6; /* beyond, digits in front of the point tell nothing */

static bool print_payout(const cJSON *payout, struct pm_error *error)
{
    int64_t epoch = 0, rao = 0;
    double reputation = 0;
    const char *settled = "";
    char text[MONEY_TEXT_SIZE], when[25], points[32];
    if (!pm_json_integer(payout, "epoch", &epoch, error) ||
        !pm_json_integer(payout, "amount_rao", &rao, error) ||
        !pm_json_optional_number(payout, "reputation", &reputation, error) ||
        !pm_json_optional_string(payout, "settled_at", &settled, error)) {
        return pm_fail_context(error, "the pool's answer");
    }
    money_text(rao, text);
    snprintf(when, sizeof when, "%s", settled);
    pm_text_make_printable(when);
    snprintf(points, sizeof points, fabs(reputation) < POINTS_MAX ? "%.2f" : "%.3g", reputation);
    printf("%8lld  %-24s %10s %24s\n", (long long)epoch, when, points, text);
    return true;
}

static bool print_history(const cJSON *answer, struct pm_error *error)
{
    const cJSON *payouts = NULL;
    const cJSON *payout = NULL;
    char text[MONEY_TEXT_SIZE];
    if (!pm_json_array(answer, "payouts", &payouts, error)) {
        return pm_fail_context(error, "the pool's answer");
    }
    if (cJSON_GetArraySize(payouts) == 0) {
        puts("nothing has been paid yet: an epoch pays when it is over");
        return true;
    }
    printf("%8s  %-24s %10s %24s\n", "epoch", "settled", "reputation", "paid");
    cJSON_ArrayForEach(payout, payouts)
    {
        if (!print_payout(payout, error)) {
            return false;
        }
    }
    double a_day = money_rao_a_day(payouts);
    if (a_day >= 0) {
        money_text((int64_t)a_day, text);
        printf("at that rate %s a day\n", text);
    }
    return true;
}

static bool history(const struct pm_options *options, struct account *account,
                    struct pm_error *error)
{
    char path[64];
    cJSON *answer = NULL;
    snprintf(path, sizeof path, "/api/v1/rewards/history/%%s?limit=%lld",
             (long long)pm_options_integer(options, "limit"));
    bool done = account_get(account, path, &answer, error) &&
                (pm_options_flag(options, "json") ? pm_json_line_print(answer, error)
                                                  : print_history(answer, error));
    cJSON_Delete(answer);
    return done;
}

/* ---- the verbs ---- */

static int run_balance(const struct pm_options *options)
{
    struct pm_error error = {0};
    return account_use(options, balance, &error) ? EXIT_DONE : verb_fail(&error);
}

static int run_history(const struct pm_options *options)
{
    struct pm_error error = {0};
    return account_use(options, history, &error) ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option BALANCE_OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "The pool's answer as one line of JSON."},
    KEY_PASSWORD_OPTION,
};

static const struct pm_option HISTORY_OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "The pool's answer as one line of JSON."},
    {.name = "limit",
     .type = PM_OPTION_INTEGER,
     .default_value = "20",
     .minimum = 1,
     .maximum = 1000,
     .argument = "N",
     .help = "At most so many payouts, the newest."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_balance = {
    .name = "balance",
    .summary = "Shows what the pool owes this miner.",
    .usage = "poolminer balance [--json] [OPTION]...",
    .purpose = "Asks the pool what it owes this miner's key: settled, waiting and withdrawn.",
    .uses = USE_POOL | USE_KEY,
    .options = BALANCE_OPTIONS,
    .option_count = sizeof BALANCE_OPTIONS / sizeof *BALANCE_OPTIONS,
    .run = run_balance,
};

const struct verb verb_history = {
    .name = "history",
    .summary = "Shows what the pool paid this miner, epoch by epoch.",
    .usage = "poolminer history [--limit N] [--json] [OPTION]...",
    .purpose = "Asks the pool for the payouts to this miner's key, newest first, and tells their "
               "rate.",
    .uses = USE_POOL | USE_KEY,
    .options = HISTORY_OPTIONS,
    .option_count = sizeof HISTORY_OPTIONS / sizeof *HISTORY_OPTIONS,
    .run = run_history,
};
