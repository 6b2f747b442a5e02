/* How much memory a program takes, as the system tells it. */
#ifndef TESTS_PROCESS_MEMORY_H
#define TESTS_PROCESS_MEMORY_H

#include <stdbool.h>
#include <sys/types.h>

/* A sanitizer has a heap of its own, which keeps freed memory for a while: what a program takes
 * then says little. */
bool heap_is_a_sanitizers(void);

/* `figure`: "VmRSS:", what it takes now, or "VmHWM:", the most since its start. The test ends
 * unless it is less than `mib`; with a sanitizer, only when there is no such figure. */
void expect_memory_below(pid_t pid, const char *figure, long mib);

#endif
