/* Numbers as people read them. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdint.h>

enum { NUMBER_TEXT_SIZE = 32 };

/* "12,345,678". */
void number_text(int64_t value, char out[NUMBER_TEXT_SIZE]);

/* In so many digits, or as a whole number where it has more before the point: "0.2283", "848.9",
 * "67760"; never 6.776e+04, which not everybody reads. */
void number_digits(double value, int digits, char out[NUMBER_TEXT_SIZE]);

/* "45 s", "12 min", "3 h 5 min", "4 days"; what is negative is "0 s". */
void number_duration(int64_t duration_ms, char out[NUMBER_TEXT_SIZE]);

/* "14:03" on this day of `now_ms`, else "28 Nov 14:03"; local time. */
void number_moment(int64_t unix_ms, int64_t now_ms, char out[NUMBER_TEXT_SIZE]);

#endif
