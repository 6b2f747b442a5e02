/* Whether this machine runs on a battery, as far as Linux tells. */
#ifndef POOLMINER_POWER_H
#define POOLMINER_POWER_H

#include <stdbool.h>

struct pm_power {
    bool has_battery; /* one that powers the machine, a UPS included; not that of a mouse */
    bool has_mains;   /* Linux knows a supply other than batteries, plugged in or not */
    bool on_battery;
    int charge_percent; /* of all batteries together; -1: unknown */
    char status[32];    /* of a battery, as Linux calls it: "Charging"; "": there is no battery */
};

/* Reads every supply in class/power_supply below `sys`, which is "/sys" outside of tests. If any
 * supply is plugged in, the machine is not on battery, even if its batteries are discharging (the
 * charger may be too weak). Otherwise the status of the batteries decides; if they do not say, the
 * machine is on battery if there is a supply that is not plugged in. */
void pm_power_read(const char *sys, struct pm_power *out);

#endif
