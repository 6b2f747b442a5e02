#include "pool/openapi.h"

const char pm_openapi_json[] =
#include "openapi.inc"
    ;
