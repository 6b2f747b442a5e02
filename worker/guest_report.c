#include "worker/guest_report.h"

#include <math.h>
#include <stddef.h>

#include <poolminer/json.h>

static double tenths(double value)
{
    return round(value * 10) / 10;
}

static const char *power_name(const struct pm_power *power)
{
    if (power->on_battery) {
        return "battery";
    }
    return power->has_battery || power->has_mains ? "mains" : "unknown";
}

/* A member that is not known is not there. */
static bool add(cJSON *json, const char *name, bool known, double value)
{
    return !known || pm_json_add_number(json, name, value);
}

static bool add_readings(cJSON *json, const struct pm_guest_readings *readings)
{
    const struct pm_power *power = &readings->power;
    const struct pm_heat *heat = &readings->heat;
    return pm_json_add_string(json, "power", power_name(power)) &&
           add(json, "charge_percent", power->charge_percent >= 0, power->charge_percent) &&
           add(json, "temperature_c", heat->known, tenths(heat->celsius)) &&
           (!heat->known || pm_json_add_string(json, "sensor", heat->sensor)) &&
           add(json, "idle_s", readings->use_known, (double)readings->idle_s);
}

char *pm_guest_report_write(const struct pm_guest_report *report)
{
    cJSON *json = cJSON_CreateObject();
    const bool ok =
        json != NULL && add(json, "threads", true, report->plan.threads) &&
        add(json, "processors", true, tenths(report->processors.available)) &&
        add(json, "cpu_limit_percent", true, report->percent) &&
        add(json, "cpu_percent", report->cpu_percent >= 0, tenths(report->cpu_percent)) &&
        add_readings(json, report->readings);
    char *text = ok ? pm_json_print(json, NULL) : NULL;
    cJSON_Delete(json);
    return text;
}
