/* Where a user's files are, as the XDG base directory specification says. */
#ifndef POOLMINER_USER_PATH_H
#define POOLMINER_USER_PATH_H

#include <stdbool.h>

#include <poolminer/error.h>

/* $VARIABLE/poolminer/name, or $HOME/fallback/poolminer/name where the variable is unset or not
 * absolute: pm_user_path("XDG_DATA_HOME", ".local/share", "datasets", ...). `name` may be "", for
 * the directory itself. The caller frees *out. */
bool pm_user_path(const char *variable, const char *fallback, const char *name, char **out,
                  struct pm_error *error);

/* The path of a program's store: `given` (an option's value), or $XDG_STATE_HOME/poolminer/name
 * when that is NULL. Directories on the way that are missing are made, for the user alone. The
 * caller frees; NULL with the error set. */
char *pm_user_store(const char *given, const char *name, struct pm_error *error);

#endif
