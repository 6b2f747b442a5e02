/* The HTTP API: from a request to its answer. docs/pool.md is its description. */
#ifndef POOL_API_H
#define POOL_API_H

#include "pool/http.h"
#include "pool/pool.h"

/* A pm_pool_http_handler; `context` is a struct pm_pool. */
void pm_api_handle(void *context, const struct pm_pool_http_request *request,
                   struct pm_pool_http_response *response);

#endif
