/* Keys for sidecars that other machines may reach: CURVE (CurveZMQ, curve25519) key pairs in files
 * of their own, and the list of those who may come. docs/keys.md shows them in use.
 *
 * A key file is lines of a name and 64 hexadecimal digits: `public` and `secret`, and in a client's
 * file `sidecar`, the public key of the sidecar that it may speak to. The list is lines of a public
 * key and a name. Files are made with mode 0600; one that others may read, or the list when others
 * may write it, is refused. */
#ifndef POOLMINER_CURVE_KEYS_H
#define POOLMINER_CURVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_CURVE_KEY_SIZE = 32,
    PM_CURVE_KEY_DIGITS = 2 * PM_CURVE_KEY_SIZE,
    PM_CURVE_NAME_MAX = 64, /* 1 to 64 of A-Z a-z 0-9 . _ - */
    PM_CURVE_LIST_MAX = 1000,
};

/* ---- key files ---- */

struct pm_curve_keys {
    uint8_t public_key[PM_CURVE_KEY_SIZE], secret_key[PM_CURVE_KEY_SIZE];
    uint8_t sidecar_key[PM_CURVE_KEY_SIZE];
    bool is_client; /* sidecar_key is set */
};

/* A new pair; `sidecar_key` NULL: a sidecar's own. */
bool pm_curve_keys_generate(const uint8_t *sidecar_key, struct pm_curve_keys *out,
                            struct pm_error *error);
/* PM_ERROR_REFUSED: there is such a file; it is not overwritten. */
bool pm_curve_keys_write(const char *path, const struct pm_curve_keys *keys,
                         struct pm_error *error);
/* PM_ERROR_NOT_FOUND, PM_ERROR_REFUSED (others may read it), PM_ERROR_INVALID. */
bool pm_curve_keys_read(const char *path, struct pm_curve_keys *out, struct pm_error *error);
void pm_curve_keys_wipe(struct pm_curve_keys *keys);

/* A public key as people see it, and back. */
void pm_curve_key_format(const uint8_t key[PM_CURVE_KEY_SIZE], char out[PM_CURVE_KEY_DIGITS + 1]);
bool pm_curve_key_parse(const char *text, uint8_t out[PM_CURVE_KEY_SIZE], struct pm_error *error);

/* ---- the list of those who may come ---- */

struct pm_curve_entry {
    char key[PM_CURVE_KEY_DIGITS + 1];
    char name[PM_CURVE_NAME_MAX + 1];
};
struct pm_curve_list {
    struct pm_curve_entry *entries;
    size_t count;
};

/* A list that is not there is empty. */
bool pm_curve_list_read(const char *path, struct pm_curve_list *out, struct pm_error *error);
bool pm_curve_list_write(const char *path, const struct pm_curve_list *list,
                         struct pm_error *error);
void pm_curve_list_clear(struct pm_curve_list *list);

/* PM_ERROR_REFUSED: the name or the key is there already. PM_ERROR_LIMIT: the list is full. */
bool pm_curve_list_add(struct pm_curve_list *list, const uint8_t key[PM_CURVE_KEY_SIZE],
                       const char *name, struct pm_error *error);
/* False when nobody has this name. */
bool pm_curve_list_remove(struct pm_curve_list *list, const char *name);
/* The name of a key's owner, NULL when it is not in the list. */
const char *pm_curve_list_find(const struct pm_curve_list *list, const char *key);

/* Reads a list from memory; for tests. */
bool pm_curve_list_parse(const char *text, size_t length, struct pm_curve_list *out,
                         struct pm_error *error);
bool pm_curve_keys_parse(const char *text, size_t length, struct pm_curve_keys *out,
                         struct pm_error *error);

#endif
