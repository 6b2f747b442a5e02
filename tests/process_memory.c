#include "process_memory.h"

#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

bool heap_is_a_sanitizers(void)
{
#ifdef SANITIZED
    return true;
#else
    return false;
#endif
}

static long read_kib(pid_t pid, const char *figure)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, figure, strlen(figure)) == 0) {
            kib = strtol(line + strlen(figure), NULL, 10);
        }
    }
    fclose(file);
    return kib;
}

void expect_memory_below(pid_t pid, const char *figure, long mib)
{
    const long kib = read_kib(pid, figure);
    const long most_kib = heap_is_a_sanitizers() ? kib : mib * 1024;
    assert_in_range(kib, 1, most_kib);
}
