#include "pool/refusal.h"

#include <stdarg.h>
#include <stdio.h>

void pm_refuse(struct pm_refusal *refusal, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    refusal->status = status;
    vsnprintf(refusal->detail, sizeof refusal->detail, format, arguments);
    va_end(arguments);
}
