/* The driver's options, and what follows from them. */
#ifndef DRIVER_SETTINGS_H
#define DRIVER_SETTINGS_H

#include "driver/driver.h"

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

/* NULL when memory is out. */
struct pm_options *pm_driver_options_create(void);

/* Texts in `out` belong to `options`. */
bool pm_driver_settings_read(const struct pm_options *options, struct pm_driver_settings *out,
                             struct pm_error *error);

/* The key file by the rules of pm_wallet_key_file; a miner's own is poolminer/hotkey in the user's
 * data directory (XDG). The caller frees; NULL with the error set. */
char *pm_driver_hotkey_path(const struct pm_options *options, bool *may_make,
                            struct pm_error *error);

#endif
