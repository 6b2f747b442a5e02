/* The sidecar's HTTP side: the page that people look at, and what tools read; on 127.0.0.1 only.
 * docs/page.md lists every call. */
#ifndef PM_SIDECAR_PAGE_H
#define PM_SIDECAR_PAGE_H

#include "sidecar/view.h"

#include <stdbool.h>

#include <poolminer/error.h>

struct pm_page_config {
    int port;               /* 0: any free one */
    const char *token_file; /* whose first line changes want; NULL: nothing can be changed */
    struct pm_view *view;   /* outlives the page */
};

struct pm_page;

/* PM_ERROR_INVALID: the token file; PM_ERROR_IO: the port is another program's. */
bool pm_page_create(const struct pm_page_config *config, struct pm_page **out,
                    struct pm_error *error);
/* Streams end; requests that are being answered have two seconds. */
void pm_page_destroy(struct pm_page *page);
int pm_page_port(const struct pm_page *page);

#endif
