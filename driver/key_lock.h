/* Keeps a second driver from using the same key on this machine: each would take up, and remove,
 * the other's leases. */
#ifndef DRIVER_KEY_LOCK_H
#define DRIVER_KEY_LOCK_H

#include <stdbool.h>

#include <poolminer/error.h>

/* Locks the key file until *out is closed or the process ends, in whatever way. PM_ERROR_REFUSED:
 * another process holds it, and the error names that one where the system tells. PM_ERROR_IO. */
bool pm_key_lock(const char *path, int *out, struct pm_error *error);

#endif
