#include "own_clock.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <poolminer/clock.h>

enum { LOOK_MS = 5, NS_IN_MS = 1000000 };

/* A schedstat is: ns on a processor, ns of waiting for one, times. */
static int64_t waited_ms(const char *path)
{
    long long waited_ns = 0;
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %lld", &waited_ns) != 1) {
            waited_ns = 0;
        }
        fclose(file);
    }
    return waited_ns / NS_IN_MS;
}

int64_t own_clock_ms(void)
{
    return pm_clock_monotonic_ms() - waited_ms("/proc/thread-self/schedstat");
}

/* The state is behind the name, which may hold blanks and brackets. */
static bool thread_waits_for_disk(const char *path)
{
    char line[512] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    const char *after = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    fclose(file);
    return after != NULL && strncmp(after, ") D", 3) == 0;
}

static bool waits_for_disk(pid_t process)
{
    char path[320];
    bool waits = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *threads = opendir(path);
    if (threads == NULL) {
        return false;
    }
    for (struct dirent *entry = readdir(threads); entry != NULL && !waits;
         entry = readdir(threads)) {
        snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)process, entry->d_name);
        waits = thread_waits_for_disk(path);
    }
    closedir(threads);
    return waits;
}

static bool has_ended(pid_t child)
{
    siginfo_t ended = {0};
    return waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           ended.si_pid == child;
}

int64_t own_clock_end_ms(pid_t child, int signal_number, int64_t timeout_ms)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)child);
    const int64_t begin_ms = pm_clock_monotonic_ms(), waited_before_ms = waited_ms(path);
    int64_t disk_ms = 0, now_ms = begin_ms;
    kill(child, signal_number);
    while (!has_ended(child) && now_ms - begin_ms < timeout_ms) {
        const bool disk = waits_for_disk(child);
        pm_clock_sleep_ms(LOOK_MS);
        const int64_t then_ms = now_ms;
        now_ms = pm_clock_monotonic_ms();
        disk_ms += disk ? now_ms - then_ms : 0;
    }
    const int64_t took_ms =
        pm_clock_monotonic_ms() - begin_ms - disk_ms - (waited_ms(path) - waited_before_ms);
    return took_ms > 0 ? took_ms : 0; /* what was rounded */
}
