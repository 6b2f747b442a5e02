/* The pool's account calls, for the verbs about money: signed with the hotkey, one at a time. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>
#include <poolminer/options.h>

struct account;

/* Loads the key that `mine` would use (asking for its password if need be) and chooses the pool:
 * the first of pool-url whose /health answers. */
bool account_open(const struct pm_options *options, struct account **out, struct pm_error *error);
void account_close(struct account *account);

/* Opens an account, does `action` with it, and closes it. False when one of the two fails. */
typedef bool account_action(const struct pm_options *options, struct account *account,
                            struct pm_error *error);
bool account_use(const struct pm_options *options, account_action *action, struct pm_error *error);

const char *account_address(const struct account *account);
const char *account_pool(const struct account *account);

/* `path` may hold one %s, for the hotkey's address. *out is the JSON object of a good answer (the
 * caller deletes it); any other answer is an error in the pool's words: PM_ERROR_REFUSED,
 * PM_ERROR_NOT_FOUND (404), or PM_ERROR_UNAVAILABLE when it may be better later. A clock that is
 * wrong is corrected once. */
bool account_get(struct account *account, const char *path, cJSON **out, struct pm_error *error);
/* `body` (taken, also on failure; NULL counts as no memory). */
bool account_post(struct account *account, const char *path, cJSON *body, cJSON **out,
                  struct pm_error *error);
/* Sets the payout address, with the signature that this wants. */
bool account_set_recipient(struct account *account, const char *coldkey, cJSON **out,
                           struct pm_error *error);

#endif
