/* Whether this machine runs on a battery, as far as Linux tells. */
#ifndef POOLMINER_POWER_H
#define POOLMINER_POWER_H

#include <stdbool.h>

struct pm_power {
    bool has_battery; /* the machine's own, or one that it hangs on (UPS): not a mouse's */
    bool has_mains;   /* a supply other than a battery is named, plugged or not */
    bool on_battery;
    int charge_percent; /* of all batteries together; -1: not told */
    char status[32];    /* of a battery, in Linux's word: "Charging"; "" without one */
};

/* Looks at every supply of sys/class/power_supply (`sys`: "/sys"). A supply that is plugged in
 * settles it, whatever the batteries do: a weak charger may be outrun. Without one the batteries'
 * word counts, and where they do not know, what is not plugged in. */
void pm_power_read(const char *sys, struct pm_power *out);

#endif
