#include <time.h>

#include <poolminer/clock.h>

int64_t pm_clock_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t pm_clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t pm_clock_monotonic_ms(void)
{
    return pm_clock_monotonic_ns() / 1000000;
}

void pm_clock_sleep_ms(int64_t duration_ms)
{
    if (duration_ms <= 0) {
        return;
    }
    struct timespec duration = {.tv_sec = (time_t)(duration_ms / 1000),
                                .tv_nsec = (long)(duration_ms % 1000) * 1000000};
    nanosleep(&duration, NULL);
}
