/* What the verbs that need the hotkey share: its password, and loading it. */
#ifndef CLI_KEY_H
#define CLI_KEY_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>
#include <poolminer/options.h>

/* A row for the options of such a verb. */
#define KEY_PASSWORD_OPTION                                                                        \
    {                                                                                              \
        .name = "password-fd", .type = PM_OPTION_INTEGER, .default_value = "-1", .minimum = -1,    \
        .maximum = 65535, .argument = "N",                                                         \
        .help = "The descriptor to read an encrypted hotkey's password from; -1: ask on the "      \
                "terminal."                                                                        \
    }

/* Asks for the password of the key file, if that is encrypted. *password is in protected memory and
 * ends with a line break, as a program reads it from its standard input; NULL if the file is not
 * encrypted, or does not exist yet. To be freed with key_free_password. */
bool key_ask_password(const struct pm_options *options, const char *path, char **password,
                      struct pm_error *error);
void key_free_password(char *password);

/* Loads the key that `mine` would use. *path is its file (the caller frees), also on failure. */
bool key_load(const struct pm_options *options, struct pm_hotkey **out, char **path,
              struct pm_error *error);

#endif
