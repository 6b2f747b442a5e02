/* The options of poolminer-pool. */
#ifndef POOL_SETTINGS_H
#define POOL_SETTINGS_H

#include "pool/rules.h"

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

/* Known to the command line and, upper case with POOLMINER_POOL_ in front, to the environment. NULL
 * when memory is out. */
struct pm_options *pm_settings_create(void);

/* Whether the rules can be kept as they are said: what the bounds of single options do not show. */
bool pm_settings_check(const struct pm_options *options, struct pm_error *error);
/* The rules that the options say. */
struct pm_pool_rules pm_settings_rules(const struct pm_options *options);

/* The first line of --monitor-token-file, or *token NULL without one; malloc'd (the caller frees).
 */
bool pm_settings_monitor_token(const struct pm_options *options, char **token,
                               struct pm_error *error);

#endif
