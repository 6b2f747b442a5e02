/* Whether this machine runs on a battery, and whether it tells how hot it is. */
#include "cli/doctor.h"

#include <stdio.h>

#include <poolminer/heat.h>
#include <poolminer/power.h>
#include <poolminer/sysfs.h>

static void tell_power(struct doctor *doctor, const struct pm_power *power, const char *sys)
{
    char charge[32] = "charge not told";
    if (power->charge_percent >= 0) {
        snprintf(charge, sizeof charge, "%d %%", power->charge_percent);
    }
    if (!power->has_battery && !power->has_mains) {
        doctor_say(doctor, "power", DOCTOR_UNKNOWN, NULL,
                   "%s/class/power_supply names no battery and no mains, as on most desktops and "
                   "servers",
                   sys);
    } else if (!power->has_battery) {
        doctor_say(doctor, "power", DOCTOR_PASS, NULL, "mains, no battery");
    } else if (power->on_battery) {
        doctor_say(doctor, "power", DOCTOR_WARN,
                   "plug it in: mining empties a battery fast, and pauses on one unless told "
                   "--no-pause-on-battery",
                   "on battery, %s left", charge);
    } else {
        doctor_say(doctor, "power", DOCTOR_PASS, NULL, "mains; battery at %s (%s)", charge,
                   power->status);
    }
}

static void tell_heat(struct doctor *doctor, const char *sys)
{
    struct pm_heat heat;
    pm_heat_read(sys, &heat);
    if (heat.known) {
        doctor_say(doctor, "heat", DOCTOR_PASS, NULL, "%.0f C (%s)", heat.celsius, heat.sensor);
    } else {
        doctor_say(doctor, "heat", DOCTOR_UNKNOWN, NULL,
                   "no sensor of the processor's is told, as in most virtual machines");
    }
}

void doctor_check_power(struct doctor *doctor)
{
    struct pm_power power;
    char sys[PM_SYSFS_PATH_SIZE];
    snprintf(sys, sizeof sys, "%s/sys",
             pm_sysfs_root(pm_options_text(doctor->options, "root-dir")));
    pm_power_read(sys, &power);
    tell_power(doctor, &power, sys);
    tell_heat(doctor, sys);
}
