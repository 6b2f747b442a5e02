#include "cli/wallet_list.h"

#include "cli/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/text.h>
#include <poolminer/wallet.h>

enum { LOOK_BYTES = 256 };

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* HOTKEYpub.txt belongs to HOTKEY and is no key of its own. */
static int is_hotkey(const struct dirent *entry)
{
    return is_visible(entry) && !ends_with(entry->d_name, "pub.txt");
}

static void free_entries(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
}

/* An address as JSON; null when the public half is missing or cannot be read: an encrypted or plain
 * key is not opened for a list. */
static cJSON *public_address(const char *path)
{
    char address[PM_ADDRESS_SIZE];
    return pm_wallet_read_public(path, address, NULL) ? cJSON_CreateString(address)
                                                      : cJSON_CreateNull();
}

/* How key files begin: JSON, a seed, and the encrypted forms of now and before. */
static bool begins_as_key(const char *text)
{
    static const char *const beginnings[] = {"{", "0x", "$NACL", "$ANSIBLE_VAULT", "gAAAAA"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* A line of words, which also is a key; a note is hardly as long without a capital or a point. */
static bool is_phrase(const char *text)
{
    enum { WORDS_MIN = 12 };
    const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz ");
    size_t words = 0;
    for (size_t i = 0; i < length; i++) {
        words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    }
    return words >= WORDS_MIN;
}

/* Whether the file is a key by its looks: notes and backups of others lie about, too. What cannot
 * be read may well be one. */
static bool looks_like_key(const char *path)
{
    char text[LOOK_BYTES + 1];
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        return stat(path, &status) == 0 && S_ISREG(status.st_mode);
    }
    const bool is_file = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    const ssize_t count = is_file ? read(file, text, LOOK_BYTES) : 0;
    text[count > 0 ? count : 0] = '\0';
    close(file);
    const char *start = text + strspn(text, " \t\r\n\xef\xbb\xbf");
    const bool is_key = begins_as_key(start) || is_phrase(start);
    sodium_memzero(text, sizeof text);
    return is_key;
}

static bool add_hotkey(const char *file, char *name, cJSON *out)
{
    char *public_file = NULL;
    pm_text_make_printable(name);
    const bool done = asprintf(&public_file, "%spub.txt", file) >= 0 &&
                      pm_json_add(out, name, public_address(public_file));
    free(public_file);
    return done;
}

static bool add_hotkeys(const char *wallet_directory, cJSON *out, struct pm_error *error)
{
    struct dirent **entries = NULL;
    char *directory = path_join(wallet_directory, "hotkeys", error);
    if (directory == NULL) {
        return false;
    }
    int count = scandir(directory, &entries, is_hotkey, alphasort);
    bool done = true;
    for (int i = 0; done && i < count; i++) {
        char *file = path_join(directory, entries[i]->d_name, error);
        done = file != NULL && (!looks_like_key(file) || add_hotkey(file, entries[i]->d_name, out));
        free(file);
    }
    free_entries(entries, count);
    free(directory);
    return done;
}

static bool add_wallet_at(const char *directory, char *name, cJSON *out, struct pm_error *error)
{
    pm_text_make_printable(name); /* names are anybody's, and are shown from here on */
    cJSON *wallet = cJSON_AddObjectToObject(out, name);
    char *coldkey = path_join(directory, "coldkeypub.txt", error);
    bool done = wallet != NULL && coldkey != NULL &&
                pm_json_add(wallet, "coldkey", public_address(coldkey)) &&
                add_hotkeys(directory, cJSON_AddObjectToObject(wallet, "hotkeys"), error);
    free(coldkey);
    return done;
}

/* A wallet is a directory; a file beside them is somebody's note. */
static bool add_wallet(const char *root, char *name, cJSON *out, struct pm_error *error)
{
    char *directory = path_join(root, name, error);
    const bool done = directory != NULL &&
                      (!is_directory(directory) || add_wallet_at(directory, name, out, error));
    free(directory);
    return done;
}

/* {"NAME": {"coldkey": ADDRESS, "hotkeys": {"NAME": ADDRESS}}}; NULL with the error set. */
static cJSON *read_wallets(const char *root, struct pm_error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(root, &entries, is_visible, alphasort);
    if (count < 0) {
        pm_fail(
            error, errno == ENOENT ? PM_ERROR_NOT_FOUND : PM_ERROR_IO,
            "%s: %s; `poolminer wallet create --wallet.name NAME` makes a wallet, --wallet.path "
            "names another place",
            root, strerror(errno));
        return NULL;
    }
    cJSON *out = cJSON_CreateObject();
    bool done = out != NULL;
    for (int i = 0; done && i < count; i++) {
        done = add_wallet(root, entries[i]->d_name, out, error);
    }
    free_entries(entries, count);
    if (!done) {
        cJSON_Delete(out);
        pm_fail(error, PM_ERROR_MEMORY, "wallet: no memory");
        return NULL;
    }
    return out;
}

static void print_name(const char *indent, const char *name, const cJSON *address,
                       const char *without)
{
    printf("%s%-20s %s\n", indent, name, cJSON_IsString(address) ? address->valuestring : without);
}

static void print_wallets(const char *root, const cJSON *wallets)
{
    printf("%s\n", root);
    for (const cJSON *wallet = wallets->child; wallet != NULL; wallet = wallet->next) {
        const cJSON *coldkey = cJSON_GetObjectItemCaseSensitive(wallet, "coldkey");
        const cJSON *hotkeys = cJSON_GetObjectItemCaseSensitive(wallet, "hotkeys");
        print_name("  ", wallet->string, coldkey, "(no coldkeypub.txt)");
        for (const cJSON *hotkey = hotkeys->child; hotkey != NULL; hotkey = hotkey->next) {
            print_name("    ", hotkey->string, hotkey, "(no public half beside it)");
        }
    }
}

bool wallet_list(const struct pm_options *options, struct pm_error *error)
{
    char *root = pm_wallet_root(options, error);
    cJSON *wallets = root == NULL ? NULL : read_wallets(root, error);
    bool done = wallets != NULL;
    if (done && pm_options_flag(options, "json")) {
        done = pm_json_line_print(wallets, error);
    } else if (done) {
        print_wallets(root, wallets);
    }
    cJSON_Delete(wallets);
    free(root);
    return done;
}
