/* poolminer wallet list: the wallets in a directory and their hotkeys. */
#ifndef CLI_WALLET_LIST_H
#define CLI_WALLET_LIST_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

bool wallet_list(const struct pm_options *options, struct pm_error *error);

#endif
