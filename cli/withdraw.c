/* poolminer recipient, poolminer withdraw: where the pool pays to, and asking it to. */
#include "cli/account.h"
#include "cli/key.h"
#include "cli/money.h"
#include "cli/verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/ss58.h>
#include <poolminer/text.h>
#include <poolminer/wallet.h>

enum { QUESTION_SIZE = 400 };

/* What pools ask for that do not say it in their balance. */
static const int64_t USUAL_MINIMUM_RAO = 5000000;

/* ---- addresses ---- */

/* The pool's payout address for this miner, "" when none is set, or the miner is new to it. */
static bool get_recipient(struct account *account, char out[PM_ADDRESS_SIZE],
                          struct pm_error *error)
{
    cJSON *answer = NULL;
    const char *address = "";
    bool done = account_get(account, "/api/v1/miners/recipient-coldkey", &answer, error) &&
                (pm_json_optional_string(answer, "recipient_coldkey", &address, error) ||
                 pm_fail_context(error, "the pool's answer"));
    snprintf(out, PM_ADDRESS_SIZE, "%s", done ? address : "");
    pm_text_make_printable(out); /* it is the pool's, and is shown */
    cJSON_Delete(answer);
    return done || error->code == PM_ERROR_NOT_FOUND;
}

/* Who has not mined yet is known to the pool after this. */
static bool make_known(struct account *account, struct pm_error *error)
{
    cJSON *answer = NULL;
    bool done =
        account_post(account, "/api/v1/miners/register", cJSON_CreateObject(), &answer, error);
    cJSON_Delete(answer);
    return done;
}

/* The wallet's coldkey, "" where there is none to be read. */
static void wallet_coldkey(const struct pm_options *options, char out[PM_ADDRESS_SIZE])
{
    struct pm_wallet wallet;
    bool known = false;
    if (pm_wallet_locate(options, &wallet, NULL)) {
        known = pm_wallet_read_public(wallet.coldkey_public_file, out, NULL);
        pm_wallet_clear(&wallet);
    }
    if (!known) {
        out[0] = '\0';
    }
}

static const char *whose(const char *address, const char *coldkey)
{
    if (coldkey[0] == '\0') {
        return "";
    }
    return strcmp(address, coldkey) == 0 ? " (your wallet's coldkey)"
                                         : " (NOT your wallet's coldkey)";
}

/* ---- recipient ---- */

static bool show_recipient(const char *now, const char *coldkey)
{
    printf("%s%s\n",
           now[0] != '\0' ? now
                          : "no payout address is set; `poolminer recipient ADDRESS` sets one",
           now[0] != '\0' ? whose(now, coldkey) : "");
    if (now[0] == '\0' && coldkey[0] != '\0') {
        printf("`poolminer recipient wallet` sets %s, your wallet's coldkey\n", coldkey);
    }
    return true;
}

/* "wallet" stands for the wallet's own coldkey. */
static bool read_wanted(const char *word, const char *coldkey, char out[PM_ADDRESS_SIZE],
                        struct pm_error *error)
{
    uint8_t key[PM_PUBLIC_KEY_SIZE];
    if (strcmp(word, "wallet") == 0) {
        snprintf(out, PM_ADDRESS_SIZE, "%s", coldkey);
        return coldkey[0] != '\0' ||
               pm_fail(error, PM_ERROR_NOT_FOUND,
                       "recipient: the wallet has no coldkeypub.txt that can be read");
    }
    if (!pm_ss58_decode_hotkey(word, key, error)) {
        return pm_fail_context(error, "recipient");
    }
    snprintf(out, PM_ADDRESS_SIZE, "%s", word);
    return true;
}

static bool set_recipient(const struct pm_options *options, struct account *account,
                          const char *now, const char *wanted, struct pm_error *error)
{
    char question[QUESTION_SIZE], after[PM_ADDRESS_SIZE];
    cJSON *answer = NULL;
    snprintf(question, sizeof question, "Pay what %s earns at %.120s to %s (until now: %s)?",
             account_address(account), account_pool(account), wanted,
             now[0] != '\0' ? now : "nobody");
    bool done = money_confirm(pm_options_flag(options, "yes"), question, error) &&
                make_known(account, error) &&
                account_set_recipient(account, wanted, &answer, error) &&
                get_recipient(account, after, error);
    cJSON_Delete(answer);
    if (done && strcmp(after, wanted) != 0) {
        return pm_fail(error, PM_ERROR_PROTOCOL,
                       "the pool took the address, but says that it is %s", after);
    }
    if (done) {
        printf("The pool pays to %s.\n", after);
    }
    return done;
}

static bool recipient(const struct pm_options *options, struct account *account,
                      struct pm_error *error)
{
    char now[PM_ADDRESS_SIZE], coldkey[PM_ADDRESS_SIZE], wanted[PM_ADDRESS_SIZE];
    wallet_coldkey(options, coldkey);
    if (pm_options_positional_count(options) > 1) {
        return pm_fail(error, PM_ERROR_INVALID, "recipient: give one address, or `wallet`");
    }
    if (!get_recipient(account, now, error)) {
        return false;
    }
    if (pm_options_positional_count(options) == 0) {
        return show_recipient(now, coldkey);
    }
    return read_wanted(pm_options_positional(options, 0), coldkey, wanted, error) &&
           set_recipient(options, account, now, wanted, error);
}

/* ---- withdraw ---- */

struct funds {
    int64_t balance, minimum; /* minimum 0: the pool does not say */
};

static bool get_funds(struct account *account, struct funds *out, struct pm_error *error)
{
    cJSON *answer = NULL;
    *out = (struct funds){0};
    bool done =
        account_get(account, "/api/v1/rewards/balance/%s", &answer, error) &&
        ((pm_json_integer(answer, "balance_rao", &out->balance, error) &&
          pm_json_optional_integer(answer, "minimum_withdrawal_rao", &out->minimum, error)) ||
         pm_fail_context(error, "the pool's answer"));
    cJSON_Delete(answer);
    return done;
}

/* How much is missing, and how long that takes if payouts go on as they were. */
static bool fail_below(struct account *account, const struct funds *funds, struct pm_error *error)
{
    int64_t minimum = funds->minimum > 0 ? funds->minimum : USUAL_MINIMUM_RAO;
    char missing[MONEY_TEXT_SIZE], least[MONEY_TEXT_SIZE], duration[MONEY_DURATION_SIZE];
    char when[64 + MONEY_DURATION_SIZE];
    cJSON *answer = NULL;
    double a_day = -1;
    if (account_get(account, "/api/v1/rewards/history/%s?limit=50", &answer, NULL)) {
        a_day = money_rao_a_day(cJSON_GetObjectItemCaseSensitive(answer, "payouts"));
    }
    cJSON_Delete(answer);
    money_text(minimum - funds->balance, missing);
    money_text(minimum, least);
    if (a_day > 0) {
        money_duration((double)(minimum - funds->balance) / a_day, duration);
        snprintf(when, sizeof when, "at the present rate that takes %s", duration);
    } else {
        snprintf(when, sizeof when, "how long that takes can be told after two payouts");
    }
    return pm_fail(error, PM_ERROR_REFUSED, "below minimum: %s %s or more, %s are missing; %s",
                   funds->minimum > 0 ? "the pool pays" : "pools usually pay", least, missing,
                   when);
}

/* The amount asked for in `word` (NULL: all there is). */
static bool read_amount(const char *word, const struct funds *funds, int64_t *out,
                        struct pm_error *error)
{
    char text[MONEY_TEXT_SIZE], *end = NULL;
    *out = funds->balance;
    if (word == NULL) {
        return true;
    }
    errno = 0;
    *out = strtoll(word, &end, 10);
    if (word[0] < '0' || word[0] > '9' || *end != '\0' || errno != 0 || *out == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "withdraw: \"%.40s\" is no amount in whole RAO",
                       word);
    }
    money_text(funds->balance, text);
    return *out <= funds->balance ||
           pm_fail(error, PM_ERROR_REFUSED, "withdraw: the balance is only %s", text);
}

/* What a request for money that failed leaves open. */
static bool fail_asked(struct account *account, const struct funds *funds, struct pm_error *error)
{
    const struct pm_error reason = *error;
    if (strcasestr(reason.message, "below minimum") != NULL && funds->minimum <= 0 &&
        funds->balance < USUAL_MINIMUM_RAO) {
        return fail_below(account, funds, error);
    }
    return reason.code == PM_ERROR_UNAVAILABLE &&
           pm_fail(error, reason.code,
                   "%s; the pool may have heard of it all the same: `poolminer balance` shows what "
                   "is asked for",
                   reason.message);
}

static bool ask_for(const struct pm_options *options, struct account *account,
                    const struct funds *funds, int64_t amount, const char *to,
                    struct pm_error *error)
{
    char text[MONEY_TEXT_SIZE], question[QUESTION_SIZE], coldkey[PM_ADDRESS_SIZE];
    cJSON *answer = NULL;
    wallet_coldkey(options, coldkey);
    money_text(amount, text);
    snprintf(question, sizeof question, "Withdraw %s from %.120s to %s%s?", text,
             account_pool(account), to, whose(to, coldkey));
    if (!money_confirm(pm_options_flag(options, "yes"), question, error)) {
        return false;
    }
    cJSON *body = cJSON_CreateObject();
    if (!pm_json_add_integer(body, "amount_rao", amount)) {
        cJSON_Delete(body);
        body = NULL;
    }
    bool done = account_post(account, "/api/v1/rewards/withdraw/%s", body, &answer, error);
    cJSON_Delete(answer);
    if (done) {
        printf("Asked for: %s to %s. The pool's operator looks at it; `poolminer balance` shows it "
               "until it is sent.\n",
               text, to);
    }
    return done || fail_asked(account, funds, error);
}

static bool is_address(const char *to, struct pm_error *error)
{
    uint8_t key[PM_PUBLIC_KEY_SIZE];
    if (to[0] == '\0') {
        return pm_fail(
            error, PM_ERROR_REFUSED,
            "withdraw: no payout address is set; `poolminer recipient ADDRESS` sets one");
    }
    return pm_ss58_decode_hotkey(to, key, NULL) ||
           pm_fail(error, PM_ERROR_PROTOCOL,
                   "withdraw: the pool would pay to \"%s\", which is no address; `poolminer "
                   "recipient ADDRESS` sets one",
                   to);
}

static bool withdraw(const struct pm_options *options, struct account *account,
                     struct pm_error *error)
{
    struct funds funds;
    int64_t amount = 0;
    char to[PM_ADDRESS_SIZE];
    if (pm_options_positional_count(options) > 1) {
        return pm_fail(error, PM_ERROR_INVALID, "withdraw: give one amount, or none for all");
    }
    const char *word =
        pm_options_positional_count(options) == 1 ? pm_options_positional(options, 0) : NULL;
    if (!get_recipient(account, to, error) || !get_funds(account, &funds, error) ||
        !read_amount(word, &funds, &amount, error)) {
        return false;
    }
    if (!is_address(to, error)) {
        return false;
    }
    if (funds.balance < funds.minimum) {
        return fail_below(account, &funds, error);
    }
    if (amount <= 0) {
        return pm_fail(error, PM_ERROR_REFUSED, "withdraw: there is nothing to withdraw");
    }
    if (amount < funds.minimum) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "withdraw: below minimum: the pool pays %lld RAO "
                       "or more at once",
                       (long long)funds.minimum);
    }
    return ask_for(options, account, &funds, amount, to, error);
}

/* ---- the verbs ---- */

/* An argument that is no address or no amount is a mistake in the usage. */
static int run_with(const struct pm_options *options, account_action *action)
{
    struct pm_error error = {0};
    if (account_use(options, action, &error)) {
        return EXIT_DONE;
    }
    int status = verb_fail(&error);
    return error.code == PM_ERROR_INVALID ? EXIT_USAGE : status;
}

static int run_recipient(const struct pm_options *options)
{
    return run_with(options, recipient);
}

static int run_withdraw(const struct pm_options *options)
{
    return run_with(options, withdraw);
}

static const struct pm_option OPTIONS[] = {
    {.name = "yes", .type = PM_OPTION_FLAG, .help = "Do it without asking."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_recipient = {
    .name = "recipient",
    .summary = "Shows or sets the address that the pool pays to.",
    .usage = "poolminer recipient [ADDRESS | wallet] [--yes] [OPTION]...",
    .purpose =
        "Without an address: shows where the pool pays to. With one, or with the word wallet "
        "for the\nwallet's coldkey: asks, sets it, and looks whether the pool has it.",
    .uses = USE_POOL | USE_KEY,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run_recipient,
};

const struct verb verb_withdraw = {
    .name = "withdraw",
    .summary = "Asks the pool to pay out what it owes this miner.",
    .usage = "poolminer withdraw [RAO] [--yes] [OPTION]...",
    .purpose =
        "Asks the pool to send so many RAO, or all there are, to the payout address; says how "
        "much and\nwhere to, and asks, before it does.",
    .uses = USE_POOL | USE_KEY,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run_withdraw,
};
