/* Dates come from pools (leases) and from HTTP servers. Whatever the text: it is a date or it is
 * none, and a date that was read is written to text that reads back to the same millisecond. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[128];
    int64_t unix_ms = 0, again = 0;
    if (size >= sizeof text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    pm_clock_parse_http_date(text, &unix_ms);
    if (pm_clock_parse_iso(text, &unix_ms)) {
        char written[PM_CLOCK_ISO_SIZE];
        pm_clock_format_iso(unix_ms, written);
        /* A zone may carry a date of the first or the last year out of what can be written. */
        bool writable = unix_ms >= -62135596800000 && unix_ms <= 253402300799999;
        if (writable && (!pm_clock_parse_iso(written, &again) || again != unix_ms)) {
            fprintf(stderr, "violated: \"%s\" is written as %s\n", text, written);
            abort();
        }
    }
    return 0;
}
