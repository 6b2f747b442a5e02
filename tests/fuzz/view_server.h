/* Answers the sidecar's view as the broker would, from a desk that is lent: what the view asks goes
 * through its real client, over inproc, and is carried out between the requests of the test. */
#ifndef TESTS_FUZZ_VIEW_SERVER_H
#define TESTS_FUZZ_VIEW_SERVER_H

#include "sidecar/requests.h"
#include "sidecar/view.h"

/* For pm_view_create. Starts the thread that answers, the first time; it ends with the process. */
struct pm_view_config view_server_config(void);

/* Whoever uses a desk that is lent holds it. */
void view_server_hold(void);
void view_server_release(void);
/* NULL takes it back: meanwhile all that is asked is refused. The caller holds it. */
void view_server_lend(struct pm_desk *desk);

/* Has the state made anew and waits until it is; the caller does not hold the desk. */
void view_server_renew(struct pm_view *view);

#endif
