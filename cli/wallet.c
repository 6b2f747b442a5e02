/* poolminer wallet: the hotkey, made, read in, shown, and used by hand. */
#include "cli/key.h"
#include "cli/paths.h"
#include "cli/verb.h"
#include "cli/wallet_list.h"

#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/password.h>
#include <poolminer/program.h>
#include <poolminer/sr25519.h>
#include <poolminer/stop.h>
#include <poolminer/wallet.h>

static const char *argument(const struct pm_options *options, size_t index)
{
    return index < pm_options_positional_count(options) ? pm_options_positional(options, index)
                                                        : NULL;
}

static enum pm_key_scheme scheme_of(const struct pm_options *options)
{
    return strcmp(pm_options_text(options, "scheme"), "ed25519") == 0 ? PM_KEY_ED25519
                                                                      : PM_KEY_SR25519;
}

static bool fail_usage(struct pm_error *error, const char *action, const char *usage)
{
    return pm_fail(error, PM_ERROR_INVALID, "wallet %s: write `poolminer wallet %s %s`", action,
                   action, usage);
}

/* ---- secrets from outside ---- */

/* Protected memory for one; NULL with the error set. */
static char *secret_room(struct pm_error *error)
{
    char *room = sodium_malloc(PM_PASSWORD_SIZE);
    if (room == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no protected memory left");
    }
    return room;
}

static bool ask_twice(char *password, struct pm_error *error)
{
    char *again = secret_room(error);
    bool done = again != NULL && pm_password_ask("New password: ", password, error) &&
                pm_password_ask("The same again: ", again, error);
    if (done && strcmp(password, again) != 0) {
        done = pm_fail(error, PM_ERROR_INVALID, "the two passwords differ; nothing was written");
    }
    sodium_free(again);
    return done;
}

/* *password stays NULL when the key is to be kept as it is. */
static bool new_password(const struct pm_options *options, char **password, struct pm_error *error)
{
    int fd = (int)pm_options_integer(options, "password-fd");
    *password = NULL;
    if (!pm_options_flag(options, "encrypt")) {
        return fd < 0 || pm_fail(error, PM_ERROR_INVALID,
                                 "password-fd: a new key has a password only with --encrypt");
    }
    *password = secret_room(error);
    return *password != NULL &&
           ((fd >= 0 ? pm_password_read(fd, *password, error) : ask_twice(*password, error)) ||
            pm_fail_context(error, "new password"));
}

/* ---- wallet create, wallet import ---- */

static bool make_directory_of(const char *file, struct pm_error *error)
{
    char *copy = strdup(file); /* dirname writes into its argument */
    bool done = copy != NULL ? pm_file_make_directories(dirname(copy), 0700, error)
                             : pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    free(copy);
    return done;
}

/* Before anybody is asked for a password. */
static bool is_free(const struct pm_wallet *wallet, struct pm_error *error)
{
    const char *const files[] = {wallet->hotkey_file, wallet->hotkey_public_file};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (access(files[i], F_OK) == 0) {
            return pm_fail(error, PM_ERROR_REFUSED,
                           "%s: exists already, and keys are never overwritten; --wallet.hotkey "
                           "gives the new one another name",
                           files[i]);
        }
    }
    return true;
}

static bool save_at(const struct pm_wallet *wallet, const struct pm_hotkey *hotkey,
                    const char *password, struct pm_error *error)
{
    return make_directory_of(wallet->hotkey_file, error) &&
           (password == NULL
                ? pm_hotkey_save(hotkey, wallet->hotkey_file, error)
                : pm_hotkey_save_sealed(hotkey, password, wallet->hotkey_file, error)) &&
           pm_hotkey_save_public(hotkey, wallet->hotkey_public_file, error);
}

static bool save(const struct pm_options *options, const struct pm_hotkey *hotkey,
                 struct pm_error *error)
{
    char *password = NULL;
    struct pm_wallet wallet = {0};
    bool done = pm_wallet_locate(options, &wallet, error) && is_free(&wallet, error) &&
                new_password(options, &password, error) &&
                save_at(&wallet, hotkey, password, error);
    if (done) {
        printf("%s\n%s%s\nKeep a copy: what this key earns can only be had with it. Mine with "
               "--wallet.name and --wallet.hotkey.\n",
               pm_hotkey_address(hotkey), wallet.hotkey_file,
               password != NULL ? " (encrypted)" : "");
    }
    pm_wallet_clear(&wallet);
    sodium_free(password);
    return done;
}

static bool create(const struct pm_options *options, struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    int words = (int)pm_options_integer(options, "words");
    bool done = pm_hotkey_generate_scheme(scheme_of(options), words, &hotkey, NULL, error) &&
                save(options, hotkey, error);
    pm_hotkey_destroy(hotkey);
    return done;
}

/* Without the blanks that a copied line has around it; those at the end of a password are its own.
 */
static char *trim(char *text)
{
    static const char blanks[] = " \t\r";
    text += strspn(text, blanks);
    if (strstr(text, "///") == NULL) {
        size_t length = strlen(text);
        while (length > 0 && strchr(blanks, text[length - 1]) != NULL) {
            text[--length] = '\0';
        }
    }
    return text;
}

/* A key file's JSON says itself what it is, and a whole private key can only be SR25519's. */
static bool parse_secret(const char *text, enum pm_key_scheme scheme, struct pm_hotkey **out,
                         struct pm_error *error)
{
    size_t length = strlen(text);
    bool is_private_key = strncmp(text, "0x", 2) == 0 && length == 2 + 2 * PM_SR25519_SECRET_SIZE;
    if (is_private_key && scheme == PM_KEY_ED25519) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "private key: of an ED25519 key give the seed, 0x and %d digits",
                       2 * PM_SEED_SIZE);
    }
    return is_private_key || text[0] == '{' ? pm_hotkey_parse(text, length, out, error)
                                            : pm_hotkey_from_phrase(scheme, text, out, error);
}

static bool read_secret(const struct pm_options *options, char *text, struct pm_error *error)
{
    int fd = (int)pm_options_integer(options, "secret-fd");
    return (fd >= 0 ? pm_password_read(fd, text, error)
                    : pm_password_ask("Words, seed or private key (not shown): ", text, error)) ||
           pm_fail_context(error, "wallet import: words, seed or private key");
}

static bool import(const struct pm_options *options, struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    char *text = secret_room(error);
    bool done = text != NULL && read_secret(options, text, error) &&
                parse_secret(trim(text), scheme_of(options), &hotkey, error) &&
                save(options, hotkey, error);
    pm_hotkey_destroy(hotkey);
    sodium_free(text);
    return done;
}

/* ---- wallet show ---- */

/* The wallet's payout address, where its coldkeypub.txt is there. */
static void find_coldkey(const struct pm_options *options, char address[PM_ADDRESS_SIZE])
{
    struct pm_wallet wallet;
    address[0] = '\0';
    if (pm_wallet_locate(options, &wallet, NULL)) {
        if (!pm_wallet_read_public(wallet.coldkey_public_file, address, NULL)) {
            address[0] = '\0';
        }
        pm_wallet_clear(&wallet);
    }
}

static bool print_json(const struct pm_hotkey *hotkey, const char *path, const char *coldkey,
                       struct pm_error *error)
{
    cJSON *line = cJSON_CreateObject();
    bool complete =
        pm_json_add_string(line, "address", pm_hotkey_address(hotkey)) &&
        pm_json_add_string(line, "scheme", pm_key_scheme_name(pm_hotkey_scheme(hotkey))) &&
        pm_json_add_string(line, "file", path) &&
        (coldkey[0] != '\0' ? pm_json_add_string(line, "coldkey", coldkey)
                            : pm_json_add_null(line, "coldkey"));
    return pm_json_line_print_built(line, complete, error);
}

static bool print_text(const struct pm_hotkey *hotkey, const char *path, const char *coldkey)
{
    printf("hotkey   %s\nscheme   %s\nfile     %s\ncoldkey  %s\n", pm_hotkey_address(hotkey),
           pm_key_scheme_name(pm_hotkey_scheme(hotkey)), path,
           coldkey[0] != '\0' ? coldkey : "(no coldkeypub.txt in the wallet)");
    return true;
}

static bool print_words(const struct pm_hotkey *hotkey, struct pm_error *error)
{
    const char *words = pm_hotkey_mnemonic(hotkey);
    if (words[0] == '\0') {
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "this key was not made of words alone; keep a copy of its file instead");
    }
    puts(words);
    return true;
}

static bool show(const struct pm_options *options, struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    char *path = NULL, coldkey[PM_ADDRESS_SIZE];
    bool done = key_load(options, &hotkey, &path, error);
    find_coldkey(options, coldkey);
    if (done && pm_options_flag(options, "show-words")) {
        done = print_words(hotkey, error);
    } else if (done) {
        done = pm_options_flag(options, "json") ? print_json(hotkey, path, coldkey, error)
                                                : print_text(hotkey, path, coldkey);
    }
    pm_hotkey_destroy(hotkey);
    free(path);
    return done;
}

/* ---- wallet sign, wallet verify ---- */

static bool sign(const struct pm_options *options, struct pm_error *error)
{
    struct pm_hotkey *hotkey = NULL;
    char *path = NULL, hex[PM_SIGNATURE_HEX_SIZE];
    const char *text = argument(options, 1);
    bool done = text != NULL || fail_usage(error, "sign", "TEXT");
    done = done && key_load(options, &hotkey, &path, error) &&
           pm_hotkey_sign_hex(hotkey, text, hex, error);
    if (done) {
        puts(hex);
    }
    pm_hotkey_destroy(hotkey);
    free(path);
    return done;
}

static bool verify(const struct pm_options *options, struct pm_error *error)
{
    const char *address = argument(options, 1), *text = argument(options, 2);
    const char *signature = argument(options, 3);
    if (signature == NULL) {
        return fail_usage(error, "verify", "ADDRESS TEXT SIGNATURE");
    }
    if (!pm_hotkey_verify_scheme(scheme_of(options), address, text, signature, error)) {
        if (error->code == PM_ERROR_INVALID) { /* a signature that is not good is an answer */
            error->code = PM_ERROR_REFUSED;
        }
        return false;
    }
    printf("good: %s signed this (%s)\n", address, pm_key_scheme_name(scheme_of(options)));
    return true;
}

/* ---- the verb ---- */

static bool list(const struct pm_options *options, struct pm_error *error)
{
    return wallet_list(options, error);
}

static const struct {
    const char *name;
    bool (*run)(const struct pm_options *options, struct pm_error *error);
    size_t arguments;
} actions[] = {
    {"create", create, 0}, {"import", import, 0}, {"list", list, 0},
    {"show", show, 0},     {"sign", sign, 1},     {"verify", verify, 3},
};
enum { ACTION_COUNT = sizeof actions / sizeof *actions };

static int fail(const struct pm_error *error)
{
    int status = verb_fail(error);
    return error->code == PM_ERROR_INVALID ? EXIT_USAGE : status;
}

static int run_action(const struct pm_options *options, size_t index)
{
    struct pm_error error = {0};
    if (pm_options_positional_count(options) > 1 + actions[index].arguments) {
        pm_fail(&error, PM_ERROR_INVALID,
                "wallet %s: one argument too many; quote a text with "
                "blanks in it",
                actions[index].name);
        return fail(&error);
    }
    return actions[index].run(options, &error) ? EXIT_DONE : fail(&error);
}

static int run(const struct pm_options *options)
{
    const char *name = argument(options, 0);
    struct pm_error error = {0};
    pm_stop_install();
    pm_program_forbid_core_dumps();
    if (sodium_init() < 0) {
        pm_fail(&error, PM_ERROR_IO, "libsodium found no source of random numbers");
        return verb_fail(&error);
    }
    for (size_t i = 0; name != NULL && i < ACTION_COUNT; i++) {
        if (strcmp(name, actions[i].name) == 0) {
            return run_action(options, i);
        }
    }
    pm_fail(&error, PM_ERROR_INVALID,
            "wallet: %s%.40s%s; there are create, import, list, show, sign and verify",
            name != NULL ? "there is no \"" : "say what to do", name != NULL ? name : "",
            name != NULL ? "\"" : "");
    return fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "list, show: JSON instead of text."},
    {.name = "scheme",
     .type = PM_OPTION_TEXT,
     .default_value = "sr25519",
     .choices = "sr25519|ed25519",
     .argument = "NAME",
     .help = "create, import, verify: the kind of key; pools take signatures of sr25519."},
    {.name = "words",
     .type = PM_OPTION_INTEGER,
     .default_value = "12",
     .minimum = 12,
     .maximum = 24,
     .argument = "N",
     .help = "create: how many words the new key comes from."},
    {.name = "show-words",
     .type = PM_OPTION_FLAG,
     .help = "show: the words of the key, for a copy on paper, and nothing else."},
    {.name = "encrypt",
     .type = PM_OPTION_FLAG,
     .help = "create, import: keep the key under a password, which every use then asks for."},
    {.name = "secret-fd",
     .type = PM_OPTION_INTEGER,
     .default_value = "-1",
     .minimum = -1,
     .maximum = 65535,
     .argument = "N",
     .help = "import: the descriptor to read the secret from; -1: ask on the terminal."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_wallet = {
    .name = "wallet",
    .summary = "Makes, reads in, shows and tries hotkeys.",
    .usage = "poolminer wallet create | import | list | show | sign TEXT | verify ADDRESS TEXT "
             "SIGNATURE",
    .purpose =
        "create makes a new hotkey in a wallet (--wallet.name, --wallet.hotkey) as the network's "
        "tools\nwrite them; import makes one of words (with //hard, /soft and ///password behind "
        "them if need\nbe), a seed, a private key or a key file's JSON, asked for on the terminal; "
        "list shows the\nwallets there are. show, sign and verify use the key that mine would: "
        "verify needs none.",
    .uses = USE_KEY,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
