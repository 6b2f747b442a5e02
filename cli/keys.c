/* poolminer keys: who may speak to a sidecar that other machines can reach. */
#include "cli/paths.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/curve_keys.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/json_line.h>

struct keys {
    const struct pm_options *options;
    char *directory;
    char *own_path, *list_path; /* the sidecar's pair, and the list */
    const char *name;           /* of a client; NULL: none was given */
    char *client_path;          /* of its key file; NULL without a name */
};

static void keys_clear(struct keys *keys)
{
    free(keys->directory);
    free(keys->own_path);
    free(keys->list_path);
    free(keys->client_path);
}

/* A name stands in a path here: what may be in it is checked before. */
static bool check_name(const char *name, struct pm_error *error)
{
    const uint8_t any[PM_CURVE_KEY_SIZE] = {0};
    struct pm_curve_list list = {0};
    bool good = pm_curve_list_add(&list, any, name, error);
    pm_curve_list_clear(&list);
    return good;
}

static bool find_directory(const struct pm_options *options, char **out, struct pm_error *error)
{
    const char *given = pm_options_text(options, "keys");
    char *data = NULL;
    if (given != NULL) {
        *out = strdup(given);
        return *out != NULL || pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    }
    if (path_data_directory(options, &data, error)) {
        *out = path_join(data, "keys", error);
    }
    free(data);
    return *out != NULL;
}

static bool keys_open(struct keys *keys, const struct pm_options *options, struct pm_error *error)
{
    *keys = (struct keys){.options = options};
    if (pm_options_positional_count(options) > 1) {
        keys->name = pm_options_positional(options, 1);
    }
    if ((keys->name != NULL && !check_name(keys->name, error)) ||
        !find_directory(options, &keys->directory, error)) {
        return false;
    }
    keys->own_path = path_join(keys->directory, "sidecar.key", error);
    keys->list_path = path_join(keys->directory, "authorized", error);
    if (keys->name != NULL) {
        char file[PM_CURVE_NAME_MAX + sizeof ".client.key"];
        snprintf(file, sizeof file, "%s.client.key", keys->name);
        keys->client_path = path_join(keys->directory, file, error);
    }
    return keys->own_path != NULL && keys->list_path != NULL &&
           (keys->name == NULL || keys->client_path != NULL);
}

static void print_key(const char *what, const uint8_t key[PM_CURVE_KEY_SIZE])
{
    char digits[PM_CURVE_KEY_DIGITS + 1];
    pm_curve_key_format(key, digits);
    printf("%s %s\n", what, digits);
}

/* ---- create ---- */

/* The sidecar's own pair; or a client's, on the machine where it is used. */
static bool create(struct keys *keys, struct pm_error *error)
{
    const char *sidecar = pm_options_text(keys->options, "sidecar");
    uint8_t sidecar_key[PM_CURVE_KEY_SIZE];
    struct pm_curve_keys pair;
    if ((keys->name == NULL) != (sidecar == NULL)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "keys create: without arguments makes the sidecar's keys; a client's need a "
                       "name and --sidecar, the sidecar's public key");
    }
    if ((sidecar != NULL && !pm_curve_key_parse(sidecar, sidecar_key, error)) ||
        !pm_file_make_directories(keys->directory, 0700, error) ||
        !pm_curve_keys_generate(sidecar != NULL ? sidecar_key : NULL, &pair, error)) {
        return false;
    }
    const char *path = sidecar != NULL ? keys->client_path : keys->own_path;
    bool done = pm_curve_keys_write(path, &pair, error);
    if (done) {
        print_key("public", pair.public_key);
        printf("file %s\n", path);
    }
    pm_curve_keys_wipe(&pair);
    return done;
}

/* ---- authorize ---- */

static bool add_to_list(struct keys *keys, const uint8_t key[PM_CURVE_KEY_SIZE],
                        struct pm_error *error)
{
    struct pm_curve_list list;
    bool done = pm_curve_list_read(keys->list_path, &list, error) &&
                pm_curve_list_add(&list, key, keys->name, error) &&
                pm_curve_list_write(keys->list_path, &list, error);
    pm_curve_list_clear(&list);
    return done;
}

/* Makes a client's key file here, to be carried to its machine. */
static bool make_client(struct keys *keys, const struct pm_curve_keys *own, struct pm_error *error)
{
    struct pm_curve_keys client;
    bool done = pm_curve_keys_generate(own->public_key, &client, error) &&
                pm_curve_keys_write(keys->client_path, &client, error);
    if (done && !add_to_list(keys, client.public_key, error)) {
        unlink(keys->client_path);
        done = false;
    }
    if (done) {
        printf("file %s\n"
               "Carry it to the other machine over a safe way, and start there, for instance:\n"
               "poolminer-worker --sidecar-url tcp://THIS-HOST:8123 --key-file %s.client.key\n",
               keys->client_path, keys->name);
    }
    pm_curve_keys_wipe(&client);
    return done;
}

static bool authorize(struct keys *keys, struct pm_error *error)
{
    const char *public_text = pm_options_text(keys->options, "public");
    uint8_t public_key[PM_CURVE_KEY_SIZE];
    struct pm_curve_keys own;
    if (keys->name == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "keys authorize: say whom: a name");
    }
    if (!pm_curve_keys_read(keys->own_path, &own, error)) {
        return error->code == PM_ERROR_NOT_FOUND
                   ? pm_fail(
                         error, PM_ERROR_NOT_FOUND,
                         "the sidecar has no keys in %s yet: `poolminer keys create` makes them",
                         keys->directory)
                   : false;
    }
    bool done = public_text != NULL ? pm_curve_key_parse(public_text, public_key, error) &&
                                          add_to_list(keys, public_key, error)
                                    : make_client(keys, &own, error);
    pm_curve_keys_wipe(&own);
    return done;
}

/* ---- revoke, list ---- */

static bool revoke_key(struct keys *keys, struct pm_error *error)
{
    struct pm_curve_list list;
    if (keys->name == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "keys revoke: say whose: a name");
    }
    if (!pm_curve_list_read(keys->list_path, &list, error)) {
        return false;
    }
    bool done =
        pm_curve_list_remove(&list, keys->name)
            ? pm_curve_list_write(keys->list_path, &list, error)
            : pm_fail(error, PM_ERROR_NOT_FOUND,
                      "%s is not authorized; `poolminer keys list` shows who is", keys->name);
    pm_curve_list_clear(&list);
    if (done) {
        unlink(keys->client_path); /* of no use any more; it may have been made elsewhere */
    }
    return done;
}

static bool print_entry(const struct pm_curve_entry *entry, bool json, struct pm_error *error)
{
    if (!json) {
        printf("%s %s\n", entry->key, entry->name);
        return true;
    }
    cJSON *object = cJSON_CreateObject();
    const bool complete = pm_json_add_string(object, "name", entry->name) &&
                          pm_json_add_string(object, "public", entry->key);
    return pm_json_line_print_built(object, complete, error);
}

static bool list(struct keys *keys, struct pm_error *error)
{
    struct pm_curve_list list;
    const bool json = pm_options_flag(keys->options, "json");
    bool done = pm_curve_list_read(keys->list_path, &list, error);
    for (size_t i = 0; done && i < list.count; i++) {
        done = print_entry(&list.entries[i], json, error);
    }
    pm_curve_list_clear(&list);
    return done;
}

/* ---- the verb ---- */

static int run(const struct pm_options *options)
{
    static const struct {
        const char *name;
        bool (*run)(struct keys *keys, struct pm_error *error);
    } actions[] = {
        {"create", create}, {"authorize", authorize}, {"revoke", revoke_key}, {"list", list}};
    struct pm_error error = {0};
    const char *wanted =
        pm_options_positional_count(options) > 0 ? pm_options_positional(options, 0) : "list";
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, wanted) != 0) {
            continue;
        }
        struct keys keys;
        bool done = keys_open(&keys, options, &error) && actions[i].run(&keys, &error);
        keys_clear(&keys);
        return done ? EXIT_DONE : verb_fail(&error);
    }
    pm_fail(&error, PM_ERROR_INVALID,
            "keys: there is no \"%.64s\"; create, authorize, revoke and list there are", wanted);
    verb_fail(&error);
    return EXIT_USAGE;
}

static const struct pm_option OPTIONS[] = {
    {.name = "keys",
     .environment = "POOLMINER_SIDECAR_KEYS",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "DIRECTORY",
     .help = "Where the keys are; `keys` in the data directory when not given."},
    {.name = "public",
     .type = PM_OPTION_TEXT,
     .argument = "KEY",
     .help = "authorize: the public key of a client that has made its own."},
    {.name = "sidecar",
     .type = PM_OPTION_TEXT,
     .argument = "KEY",
     .help = "create: the public key of the sidecar that a client is to speak to."},
    {.name = "json", .type = PM_OPTION_FLAG, .help = "list: one object a line."},
};

const struct verb verb_keys = {
    .name = "keys",
    .summary = "Lets workers on other machines in.",
    .usage = "poolminer keys create | authorize NAME | revoke NAME | list [OPTION]...",
    .purpose = "create makes the keys of a sidecar that other machines may reach "
               "(poolminer-sidecar --keys\nDIRECTORY), authorize lets a client in and makes the "
               "file that it needs "
               "(--key-file), revoke\nshuts it out at once, list shows who is let in. How they go "
               "together: docs/keys.md.",
    .uses = USE_QUEUE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .takes_files = true,
    .run = run,
};
