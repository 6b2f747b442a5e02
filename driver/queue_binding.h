/* The real queue behind struct pm_driver_queue: a client of the sidecar. */
#ifndef DRIVER_QUEUE_BINDING_H
#define DRIVER_QUEUE_BINDING_H

#include "driver/driver.h"

#include <stdatomic.h>
#include <stdbool.h>

#include <poolminer/error.h>

struct pm_queue_binding;

/* `urls`: one sidecar's, or those of several over the same store; NULL behind the last. `key_file`
 * may be NULL. `stop`, which must outlive the binding, cuts calls short, save for records: a lease
 * that was just granted is still written down, which takes a second at most. */
bool pm_queue_binding_create(const char *const *urls, const char *key_file, const char *name,
                             const atomic_bool *stop, struct pm_queue_binding **out,
                             struct pm_error *error);
void pm_queue_binding_destroy(struct pm_queue_binding *binding);
struct pm_driver_queue pm_queue_binding_queue(struct pm_queue_binding *binding);

#endif
