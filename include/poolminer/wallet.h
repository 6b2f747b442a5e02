/* Where the network's tools keep keys: PATH/NAME/coldkeypub.txt and PATH/NAME/hotkeys/HOTKEY, with
 * the public half in HOTKEYpub.txt beside it. */
#ifndef POOLMINER_WALLET_H
#define POOLMINER_WALLET_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>
#include <poolminer/options.h>

/* Rows for a table of options, as every tool of the network spells them. FILE_KEY is the member of
 * the settings file, or NULL for a program that reads none. */
#define PM_WALLET_ROW_NAME(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "wallet.name", .file_key = (FILE_KEY), .environment = "BT_WALLET_NAME",            \
        .type = PM_OPTION_TEXT, .argument = "NAME",                                                \
        .help = "A Bittensor wallet whose hotkey is to be used."                                   \
    }
#define PM_WALLET_ROW_HOTKEY(FILE_KEY)                                                             \
    {                                                                                              \
        .name = "wallet.hotkey", .file_key = (FILE_KEY), .environment = "BT_WALLET_HOTKEY",        \
        .type = PM_OPTION_TEXT, .argument = "NAME",                                                \
        .help = "Which of the wallet's hotkeys; `default` where only the wallet is named."         \
    }
#define PM_WALLET_ROW_PATH(FILE_KEY)                                                               \
    {                                                                                              \
        .name = "wallet.path", .file_key = (FILE_KEY), .environment = "BT_WALLET_PATH",            \
        .type = PM_OPTION_TEXT, .is_path = true, .argument = "DIR",                                \
        .help = "Where wallets are; by default ~/.bittensor/wallets."                              \
    }

struct pm_wallet {
    char *directory;           /* PATH/NAME */
    char *coldkey_public_file; /* directory/coldkeypub.txt */
    char *hotkey_file;         /* directory/hotkeys/HOTKEY */
    char *hotkey_public_file;  /* directory/hotkeys/HOTKEYpub.txt */
};

/* The directory of all wallets: --wallet.path, or ~/.bittensor/wallets. The caller frees; NULL with
 * the error set. */
char *pm_wallet_root(const struct pm_options *options, struct pm_error *error);

/* The files that these options name, whether they exist or not. Names are file names: no slash,
 * not "." or "..". Clear after success. */
bool pm_wallet_locate(const struct pm_options *options, struct pm_wallet *out,
                      struct pm_error *error);
void pm_wallet_clear(struct pm_wallet *wallet);

/* True when a wallet was asked for: one of the three is set. */
bool pm_wallet_chosen(const struct pm_options *options);

/* The key file to use, as `options` say with "hotkey-file" or with the options of a wallet:
 * - If both are given, the command line wins over the environment, and that over the settings file;
 *   it is an error to give both in the same of these places.
 * - If a wallet is chosen, its hotkey must exist.
 * - If neither is given, it is the file `own` if that exists, else the hotkey `default` of the
 *   wallet `default` if that exists, else again `own`.
 * *may_make tells whether the caller may create the file when it does not exist, which is never so
 * for a wallet's. The caller frees *path. */
bool pm_wallet_key_file(const struct pm_options *options, const char *own, char **path,
                        bool *may_make, struct pm_error *error);

/* The address in a file with a public key (coldkeypub.txt, HOTKEYpub.txt), held against the key
 * beside it. PM_ERROR_NOT_FOUND when there is no such file. */
bool pm_wallet_read_public(const char *path, char address[PM_ADDRESS_SIZE], struct pm_error *error);

#endif
