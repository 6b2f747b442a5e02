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

#endif
