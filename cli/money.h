/* What the verbs about money share: amounts for people, and the question before something is done.
 */
#ifndef CLI_MONEY_H
#define CLI_MONEY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* "12,345,678 RAO". */
enum { MONEY_TEXT_SIZE = 80 };
void money_text(int64_t rao, char out[MONEY_TEXT_SIZE]);
/* The same, and what it is in TAO from one on: "72,000,000,000 RAO (72 TAO)". */
void money_both(int64_t rao, char out[MONEY_TEXT_SIZE]);

/* Asks on the terminal, "[y/N]"; PM_ERROR_INTERRUPTED when the answer is not yes, PM_ERROR_REFUSED
 * where nobody can be asked. `agreed` (from --yes): not asked. */
bool money_confirm(bool agreed, const char *question, struct pm_error *error);

/* What the payouts (newest first, each with "amount_rao" and "settled_at") come to in a day; -1:
 * fewer than two of them, so there is no rate to tell. */
double money_rao_a_day(const cJSON *payouts);

/* "about 3 days", "about 5 hours". */
enum { MONEY_DURATION_SIZE = 40 };
void money_duration(double days, char out[MONEY_DURATION_SIZE]);

#endif
