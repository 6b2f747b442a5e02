#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/ss58.h>
#include <poolminer/wallet.h>

enum { NAME_MAX_BYTES = 200, PREFIX = 42 };

static const char *const wallet_options[] = {"wallet.name", "wallet.hotkey", "wallet.path"};
enum { WALLET_OPTION_COUNT = sizeof wallet_options / sizeof *wallet_options };

/* ---- where things are ---- */

char *pm_wallet_root(const struct pm_options *options, struct pm_error *error)
{
    const char *given = pm_options_text(options, "wallet.path");
    const char *home = getenv("HOME");
    if (given != NULL) {
        char *copy = strdup(given);
        if (copy == NULL) {
            pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
        }
        return copy;
    }
    if (home == NULL || home[0] != '/') {
        pm_fail(error, PM_ERROR_NOT_FOUND,
                "no place for wallets: HOME is not set; --wallet.path "
                "names one");
        return NULL;
    }
    return pm_path_join(home, ".bittensor/wallets", "", error);
}

static bool read_name(const struct pm_options *options, const char *option, const char **out,
                      struct pm_error *error)
{
    const char *name = pm_options_text(options, option);
    *out = name == NULL ? "default" : name;
    size_t length = strnlen(*out, NAME_MAX_BYTES + 1);
    if (length == 0 || length > NAME_MAX_BYTES || strchr(*out, '/') != NULL || (*out)[0] == '.') {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: \"%.40s\" is no name: 1 to %d bytes, no slash, no dot in front", option,
                       *out, NAME_MAX_BYTES);
    }
    return true;
}

bool pm_wallet_locate(const struct pm_options *options, struct pm_wallet *out,
                      struct pm_error *error)
{
    const char *name = NULL, *hotkey = NULL;
    *out = (struct pm_wallet){0};
    if (!read_name(options, "wallet.name", &name, error) ||
        !read_name(options, "wallet.hotkey", &hotkey, error)) {
        return false;
    }
    char *root = pm_wallet_root(options, error);
    out->directory = root == NULL ? NULL : pm_path_join(root, name, "", error);
    free(root);
    char *hotkeys =
        out->directory == NULL ? NULL : pm_path_join(out->directory, "hotkeys", "", error);
    if (hotkeys != NULL) {
        out->coldkey_public_file = pm_path_join(out->directory, "coldkeypub.txt", "", error);
        out->hotkey_file = pm_path_join(hotkeys, hotkey, "", error);
        out->hotkey_public_file = pm_path_join(hotkeys, hotkey, "pub.txt", error);
    }
    free(hotkeys);
    if (out->coldkey_public_file == NULL || out->hotkey_file == NULL ||
        out->hotkey_public_file == NULL) {
        pm_wallet_clear(out);
        return false;
    }
    return true;
}

void pm_wallet_clear(struct pm_wallet *wallet)
{
    free(wallet->directory);
    free(wallet->coldkey_public_file);
    free(wallet->hotkey_file);
    free(wallet->hotkey_public_file);
    *wallet = (struct pm_wallet){0};
}

/* ---- which key ---- */

/* How much a source counts: unset, file, environment, command line. */
static int rank_of(const struct pm_options *options, const char *name)
{
    const char *source = pm_options_source(options, name);
    if (strcmp(source, "command line") == 0) {
        return 3;
    }
    if (strncmp(source, "environment", 11) == 0) {
        return 2;
    }
    return pm_options_text(options, name) != NULL ? 1 : 0;
}

static int wallet_rank(const struct pm_options *options)
{
    int highest = 0;
    for (size_t i = 0; i < WALLET_OPTION_COUNT; i++) {
        int rank = rank_of(options, wallet_options[i]);
        highest = rank > highest ? rank : highest;
    }
    return highest;
}

bool pm_wallet_chosen(const struct pm_options *options)
{
    return wallet_rank(options) > 0;
}

static bool take_copy(const char *text, char **path, struct pm_error *error)
{
    *path = strdup(text);
    return *path != NULL || pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
}

/* The wallet's hotkey, which has to be there. */
static bool take_wallets(const struct pm_options *options, char **path, struct pm_error *error)
{
    struct pm_wallet wallet;
    if (!pm_wallet_locate(options, &wallet, error)) {
        return false;
    }
    bool done =
        access(wallet.hotkey_file, F_OK) == 0
            ? take_copy(wallet.hotkey_file, path, error)
            : pm_fail(error, PM_ERROR_NOT_FOUND,
                      "%.300s: there is no such hotkey; `poolminer wallet list` shows those "
                      "there are, `poolminer wallet create` makes one",
                      wallet.hotkey_file);
    pm_wallet_clear(&wallet);
    return done;
}

static bool take_found(const struct pm_options *options, const char *own, char **path,
                       bool *may_make, struct pm_error *error)
{
    struct pm_wallet wallet;
    if (access(own, F_OK) == 0 || !pm_wallet_locate(options, &wallet, NULL)) {
        return take_copy(own, path, error);
    }
    *may_make = access(wallet.hotkey_file, F_OK) != 0;
    bool done = take_copy(*may_make ? own : wallet.hotkey_file, path, error);
    pm_wallet_clear(&wallet);
    return done;
}

bool pm_wallet_key_file(const struct pm_options *options, const char *own, char **path,
                        bool *may_make, struct pm_error *error)
{
    int file = rank_of(options, "hotkey-file"), wallet = wallet_rank(options);
    *may_make = true;
    if (file > 0 && file == wallet) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "hotkey-file and wallet.* name two keys; give one of them");
    }
    if (wallet > file) {
        *may_make = false;
        return take_wallets(options, path, error);
    }
    if (file > 0) {
        return take_copy(pm_options_text(options, "hotkey-file"), path, error);
    }
    return take_found(options, own, path, may_make, error);
}

/* ---- public halves ---- */

static bool read_address(const cJSON *json, char address[PM_ADDRESS_SIZE], struct pm_error *error)
{
    const char *stated = NULL, *hex = NULL;
    uint8_t key[PM_PUBLIC_KEY_SIZE], again[PM_PUBLIC_KEY_SIZE];
    if (!pm_json_string(json, "ss58Address", &stated, error) ||
        !pm_json_optional_string(json, "publicKey", &hex, error) ||
        !pm_ss58_decode_hotkey(stated, key, error)) {
        return false;
    }
    if (hex != NULL &&
        (strlen(hex) != 2 + 2 * sizeof again ||
         sodium_hex2bin(again, sizeof again, hex + 2, 2 * sizeof again, NULL, NULL, NULL) != 0 ||
         memcmp(key, again, sizeof key) != 0)) {
        return pm_fail(error, PM_ERROR_INVALID, "ss58Address is not publicKey's address");
    }
    return pm_ss58_encode(key, PREFIX, address, error);
}

bool pm_wallet_read_public(const char *path, char address[PM_ADDRESS_SIZE], struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    cJSON *json = NULL;
    if (!pm_file_read(path, PM_HOTKEY_FILE_MAX, &text, &length, error)) {
        return false;
    }
    bool done = pm_json_parse(text, length, PM_HOTKEY_FILE_MAX, &json, error) &&
                read_address(json, address, error);
    cJSON_Delete(json);
    free(text);
    return done || pm_fail_context(error, "%s", path);
}
