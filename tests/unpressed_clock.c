#include "unpressed_clock.h"

#include <stdio.h>

#include <poolminer/clock.h>

/* The first line is: some avg10=N avg60=N avg300=N total=MICROSECONDS */
static int64_t pressed_us(const char *path)
{
    long long total = 0;
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "some %*s %*s %*s total=%lld", &total) != 1) {
            total = 0;
        }
        fclose(file);
    }
    return total;
}

int64_t unpressed_clock_ms(void)
{
    return pm_clock_monotonic_ms() -
           (pressed_us("/proc/pressure/cpu") + pressed_us("/proc/pressure/io")) / 1000;
}
