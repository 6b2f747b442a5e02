#include <stdio.h>
#include <string.h>

#include <poolminer/heat.h>
#include <poolminer/sysfs.h>

/* No sensor means it: disconnected ones show such values. */
static const double COLDEST = -40, HOTTEST = 150;

static bool contains(const char *name, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(name, *words) != NULL) {
            return true;
        }
    }
    return false;
}

static void take(struct pm_heat *heat, double millidegrees, const char *sensor)
{
    const double celsius = millidegrees / 1000;
    if (celsius <= COLDEST || celsius >= HOTTEST || (heat->known && celsius <= heat->celsius)) {
        return;
    }
    heat->known = true;
    heat->celsius = celsius;
    snprintf(heat->sensor, sizeof heat->sensor, "%s", sensor);
}

static void read_chip(void *context, const char *path, const char *entry)
{
    static const char *const processors[] = {"coretemp", "k10temp", "k8temp", "zenpower",
                                             "cpu",      "soc",     NULL};
    enum { INPUTS_MAX = 256 };
    struct pm_heat *heat = context;
    char name[32], input[32];
    (void)entry;
    if (!pm_sysfs_line(path, "name", name, sizeof name) || !contains(name, processors)) {
        return;
    }
    for (int i = 1; i <= INPUTS_MAX; i++) {
        double value;
        snprintf(input, sizeof input, "temp%d_input", i);
        if (pm_sysfs_number(path, input, &value)) {
            take(heat, value, name);
        }
    }
}

struct zones {
    struct pm_heat *heat;
    bool of_processor;
};

static void read_zone(void *context, const char *path, const char *entry)
{
    static const char *const processors[] = {"x86_pkg_temp", "cpu", "CPU", "soc", "TCPU", NULL};
    const struct zones *zones = context;
    char type[32];
    double value;
    if (strncmp(entry, "thermal_zone", 12) != 0 ||
        !pm_sysfs_line(path, "type", type, sizeof type) ||
        contains(type, processors) != zones->of_processor ||
        !pm_sysfs_number(path, "temp", &value)) {
        return;
    }
    take(zones->heat, value, type);
}

void pm_heat_read(const char *sys, struct pm_heat *out)
{
    char directory[PM_SYSFS_PATH_SIZE];
    *out = (struct pm_heat){.known = false};
    snprintf(directory, sizeof directory, "%s/class/hwmon", sys);
    pm_sysfs_each(directory, read_chip, out);
    snprintf(directory, sizeof directory, "%s/class/thermal", sys);
    for (int other = 0; other <= 1 && !out->known; other++) {
        struct zones zones = {.heat = out, .of_processor = other == 0};
        pm_sysfs_each(directory, read_zone, &zones);
    }
}
