#include "cli/money.h"

#include "cli/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/payout.h>

void money_text(int64_t rao, char out[MONEY_TEXT_SIZE])
{
    char number[NUMBER_TEXT_SIZE];
    number_text(rao, number);
    snprintf(out, MONEY_TEXT_SIZE, "%s RAO", number);
}

void money_both(int64_t rao, char out[MONEY_TEXT_SIZE])
{
    enum { DIGITS = 4 };
    char number[NUMBER_TEXT_SIZE], tao[NUMBER_TEXT_SIZE];
    const double amount = (double)rao / PM_RAO_PER_TAO;
    if (fabs(amount) < 1) {
        money_text(rao, out);
        return;
    }
    number_text(rao, number);
    number_digits(amount, DIGITS, tao);
    snprintf(out, MONEY_TEXT_SIZE, "%s RAO (%s TAO)", number, tao);
}

bool money_confirm(bool agreed, const char *question, struct pm_error *error)
{
    char answer[16] = "";
    if (agreed) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "nothing was done: there is no terminal to ask on; --yes says yes to: %s",
                       question);
    }
    printf("%s [y/N] ", question);
    fflush(stdout);
    bool yes = fgets(answer, sizeof answer, stdin) != NULL &&
               (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
    return yes || pm_fail(error, PM_ERROR_INTERRUPTED, "nothing was done");
}

double money_rao_a_day(const cJSON *payouts)
{
    static const double DAY_MS = 24.0 * 3600.0 * 1000.0;
    const cJSON *payout = NULL;
    int64_t newest_ms = 0, oldest_ms = 0, amount = 0, oldest_amount = 0;
    double total = 0;
    int count = 0;
    cJSON_ArrayForEach(payout, payouts)
    {
        const char *settled = "";
        if (!pm_json_integer(payout, "amount_rao", &amount, NULL) ||
            !pm_json_string(payout, "settled_at", &settled, NULL) ||
            !pm_clock_parse_iso(settled, &oldest_ms)) {
            return -1;
        }
        newest_ms = count == 0 ? oldest_ms : newest_ms;
        oldest_amount = amount;
        total += (double)amount;
        count++;
    }
    if (count < 2 || newest_ms <= oldest_ms) {
        return -1;
    }
    /* The oldest was earned before the span begins. */
    double a_day = (total - (double)oldest_amount) / (double)(newest_ms - oldest_ms) * DAY_MS;
    return a_day <= PM_JSON_WHOLE_MAX ? a_day : -1; /* more is no pool's rate */
}

void money_duration(double days, char out[MONEY_DURATION_SIZE])
{
    if (days >= 2) {
        snprintf(out, MONEY_DURATION_SIZE, "about %.0f days", ceil(days));
    } else if (days * 24 >= 2) {
        snprintf(out, MONEY_DURATION_SIZE, "about %.0f hours", ceil(days * 24));
    } else {
        snprintf(out, MONEY_DURATION_SIZE, "about %.0f minutes", ceil(days * 24 * 60));
    }
}
