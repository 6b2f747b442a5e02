#include <stdio.h>
#include <string.h>

#include <poolminer/power.h>
#include <poolminer/sysfs.h>

enum { WORD_SIZE = 32 };

/* What is known of all supplies together. */
struct supplies {
    struct pm_power *power;
    bool plugged, discharging, at_rest; /* at_rest: a battery charges, or is kept full */
    double held, capacity;              /* energy, or charge, whichever a battery tells */
    double percent;                     /* the sum of what batteries say of themselves */
    int percents, energies, batteries;
};

static bool is(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static void read_charge(const char *path, struct supplies *supplies)
{
    double now, full, percent;
    if ((pm_sysfs_number(path, "energy_now", &now) && pm_sysfs_number(path, "energy_full", &full) &&
         full > 0) ||
        (pm_sysfs_number(path, "charge_now", &now) && pm_sysfs_number(path, "charge_full", &full) &&
         full > 0)) {
        supplies->held += now;
        supplies->capacity += full;
        supplies->energies++;
    }
    if (pm_sysfs_number(path, "capacity", &percent)) {
        supplies->percent += percent;
        supplies->percents++;
    }
}

static void read_battery(const char *path, struct supplies *supplies)
{
    static const char *const at_rest[] = {"Charging", "Full", "Not charging", NULL};
    struct pm_power *power = supplies->power;
    double present = 1;
    if (pm_sysfs_number(path, "present", &present) && present == 0) {
        return; /* a bay without a battery */
    }
    power->has_battery = true;
    supplies->batteries++;
    snprintf(power->status, sizeof power->status, "Unknown");
    pm_sysfs_line(path, "status", power->status, sizeof power->status);
    supplies->discharging = supplies->discharging || strcmp(power->status, "Discharging") == 0;
    supplies->at_rest = supplies->at_rest || is(power->status, at_rest);
    read_charge(path, supplies);
}

static void read_supply(void *context, const char *path, const char *name)
{
    static const char *const batteries[] = {"Battery", "UPS", NULL};
    struct supplies *supplies = context;
    char type[WORD_SIZE] = "", scope[WORD_SIZE] = "";
    double online;
    (void)name;
    pm_sysfs_line(path, "type", type, sizeof type);
    pm_sysfs_line(path, "scope", scope, sizeof scope);
    if (strcmp(scope, "Device") == 0) {
        return; /* a mouse's or a keyboard's */
    }
    if (is(type, batteries)) {
        read_battery(path, supplies);
    } else if (pm_sysfs_number(path, "online", &online)) {
        supplies->power->has_mains = true;
        supplies->plugged = supplies->plugged || online != 0;
    }
}

/* Big and small batteries weigh what they hold, when all tell it. */
static int charge_of(const struct supplies *supplies)
{
    double percent = -1;
    if (supplies->energies > 0 && supplies->energies == supplies->batteries) {
        percent = 100 * supplies->held / supplies->capacity;
    } else if (supplies->percents > 0) {
        percent = supplies->percent / supplies->percents;
    }
    return percent < 0 ? -1 : percent > 100 ? 100 : (int)(percent + 0.5);
}

void pm_power_read(const char *sys, struct pm_power *out)
{
    char directory[PM_SYSFS_PATH_SIZE];
    struct supplies supplies = {.power = out};
    *out = (struct pm_power){.charge_percent = -1};
    snprintf(directory, sizeof directory, "%s/class/power_supply", sys);
    pm_sysfs_each(directory, read_supply, &supplies);
    if (!out->has_battery) {
        return;
    }
    out->charge_percent = charge_of(&supplies);
    out->on_battery =
        !supplies.plugged && (supplies.discharging || (!supplies.at_rest && out->has_mains));
}
