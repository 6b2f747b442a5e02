/* How hot the processor is, as far as Linux tells. */
#ifndef POOLMINER_HEAT_H
#define POOLMINER_HEAT_H

#include <stdbool.h>

struct pm_heat {
    bool known;
    double celsius;  /* of the hottest sensor */
    char sensor[32]; /* its kind: "coretemp" */
};

/* Sensors of the processor (sys/class/hwmon: coretemp, k10temp, zenpower, cpu_thermal and the
 * like), without any the thermal zones (sys/class/thermal), those of the processor first. */
void pm_heat_read(const char *sys, struct pm_heat *out);

#endif
