/* The OpenAPI description of the API, as served at /openapi.json. */
#ifndef POOL_OPENAPI_H
#define POOL_OPENAPI_H

extern const char pm_openapi_json[];

#endif
