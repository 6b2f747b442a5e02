/* How hot the processor is, as far as Linux tells. */
#ifndef POOLMINER_HEAT_H
#define POOLMINER_HEAT_H

#include <stdbool.h>

struct pm_heat {
    bool known;
    double celsius;  /* of the hottest sensor */
    char sensor[32]; /* its kind: "coretemp" */
};

/* Reads the processor's sensors in class/hwmon below `sys` (coretemp, k10temp, zenpower,
 * cpu_thermal and the like); if there are none, the thermal zones in class/thermal, preferably
 * those of the processor. `sys` is "/sys" outside of tests. */
void pm_heat_read(const char *sys, struct pm_heat *out);

#endif
