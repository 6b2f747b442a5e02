/* A suite as the bytes of a file: header, one record a task, the examples of all tasks in lanes,
 * then task by task. Numbers are the machine's own, so that the file can be mapped and used where
 * it lies; another machine's does not pass for one. Private to the room. */
#ifndef POOLMINER_ALGORITHM_SUITE_FILE_H
#define POOLMINER_ALGORITHM_SUITE_FILE_H

#include "algorithm/suite_plan.h"

enum {
    PM_SUITE_IDENTITY_SIZE = 32,
    PM_SUITE_FILE_MAX = 128 * 1024 * 1024, /* bytes; bigger suites are not written */
};

/* `identity` says what the tasks are made from; a file is good for this identity only. The caller
 * frees *out. PM_ERROR_LIMIT when it would be too big, PM_ERROR_MEMORY. */
bool pm_suite_file_write(const struct pm_suite *suite,
                         const uint8_t identity[PM_SUITE_IDENTITY_SIZE], void **out, size_t *size,
                         struct pm_error *error);

/* Checks bytes on a 64 byte boundary, whatever they are, and makes a suite of them that uses them
 * where they lie: they must outlive it. PM_ERROR_INVALID says what is wrong with them. */
bool pm_suite_file_read(const void *bytes, size_t size, const struct pm_suite_plan *plan,
                        const uint8_t identity[PM_SUITE_IDENTITY_SIZE], struct pm_suite **out,
                        struct pm_error *error);

/* Writes the checksum that the bytes have to have; size >= PM_SUITE_FILE_HEADER_SIZE. */
void pm_suite_file_seal(void *bytes, size_t size);
enum { PM_SUITE_FILE_HEADER_SIZE = 128 };

#endif
