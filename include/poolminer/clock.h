/* Time. Units stand in names: _ms is milliseconds. */
#ifndef POOLMINER_CLOCK_H
#define POOLMINER_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z; may jump. For deadlines across machines. */
int64_t pm_clock_unix_ms(void);

/* Monotonic, milliseconds and nanoseconds; for durations within one process. */
int64_t pm_clock_monotonic_ms(void);
int64_t pm_clock_monotonic_ns(void);

/* Sleeps; returns early when a signal arrives. */
void pm_clock_sleep_ms(int64_t duration_ms);

/* "2026-11-20T12:00:00.123Z" into a buffer of PM_CLOCK_ISO_SIZE. */
enum { PM_CLOCK_ISO_SIZE = 32 };
void pm_clock_format_iso(int64_t unix_ms, char out[PM_CLOCK_ISO_SIZE]);

/* Reads ISO 8601 date-times as pools write them: "T" or blank between date and time, up to nine
 * digits of fraction, "Z", "+hh:mm", "+hhmm" or no zone (which means UTC). False for others. */
bool pm_clock_parse_iso(const char *text, int64_t *unix_ms);

/* Reads an HTTP Date header (IMF-fixdate). */
bool pm_clock_parse_http_date(const char *text, int64_t *unix_ms);

#endif
