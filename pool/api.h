/* The HTTP API: from a request to its answer. docs/pool.md is its description. */
#ifndef POOL_API_H
#define POOL_API_H

#include "pool/pool.h"

#include <poolminer/http_server.h>

/* A pm_http_server_handler; `context` is a struct pm_pool. */
void pm_api_handle(void *context, const struct pm_http_server_request *request,
                   struct pm_http_server_response *response);

/* A pm_http_server_refused with the same context. */
void pm_api_refused(void *context, int status);

#endif
