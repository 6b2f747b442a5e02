/* When to rest. */
#include <inttypes.h>
#include <stdio.h>

#include <poolminer/guest.h>

const char *const pm_guest_option_names[] = {"nice",
                                             "cpu-limit",
                                             "pause-on-battery",
                                             "pause-below-charge",
                                             "pause-above-temp",
                                             "resume-below-temp",
                                             "pause-while-used",
                                             NULL};

bool pm_guest_rules_read(const struct pm_options *options, struct pm_guest_rules *out,
                         struct pm_error *error)
{
    *out = (struct pm_guest_rules){
        .pause_on_battery = pm_options_flag(options, "pause-on-battery"),
        .pause_below_charge = (int)pm_options_integer(options, "pause-below-charge"),
        .pause_above_temp = pm_options_number(options, "pause-above-temp"),
        .resume_below_temp = pm_options_number(options, "resume-below-temp"),
        .pause_while_used_s = pm_options_integer(options, "pause-while-used"),
    };
    if (out->pause_above_temp > 0 && out->resume_below_temp >= out->pause_above_temp) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "--resume-below-temp %g: must be below --pause-above-temp %g",
                       out->resume_below_temp, out->pause_above_temp);
    }
    if (out->pause_above_temp > 0 && out->resume_below_temp == 0) {
        out->resume_below_temp = out->pause_above_temp - PM_GUEST_COOLER;
    }
    return true;
}

/* Rests at once, and goes on when mains have lasted a while: a loose plug is no mains. */
static void judge_battery(struct pm_guest *guest, const struct pm_power *power, int64_t now_ms)
{
    if (power->on_battery) {
        guest->battery = true;
        guest->plugged_since_ms = 0;
        return;
    }
    if (guest->battery && guest->plugged_since_ms == 0) {
        guest->plugged_since_ms = now_ms;
    }
    if (now_ms - guest->plugged_since_ms >= PM_GUEST_PLUGGED_MS) {
        guest->battery = false;
    }
}

static int enough_charge(const struct pm_guest_rules *rules)
{
    const int more = rules->pause_below_charge + PM_GUEST_CHARGE_MORE;
    return more < 100 ? more : 100;
}

/* A battery whose charge is not told, or that is gone, keeps nobody from anything. */
static void judge_charge(struct pm_guest *guest, const struct pm_guest_rules *rules,
                         const struct pm_power *power)
{
    const bool heeded = rules->pause_below_charge > 0 && power->charge_percent >= 0;
    if (heeded && power->charge_percent < rules->pause_below_charge) {
        guest->charge = true;
    } else if (!heeded || power->charge_percent >= enough_charge(rules)) {
        guest->charge = false;
    }
}

static void judge_heat(struct pm_guest *guest, const struct pm_guest_rules *rules,
                       const struct pm_heat *heat, int64_t now_ms)
{
    if (rules->pause_above_temp <= 0 || !heat->known) {
        guest->heat = false;
        return;
    }
    if (heat->celsius > rules->pause_above_temp) {
        guest->heat = true;
    }
    if (heat->celsius >= rules->resume_below_temp) {
        guest->cool_since_ms = 0;
        return;
    }
    if (guest->cool_since_ms == 0) {
        guest->cool_since_ms = now_ms;
    }
    if (now_ms - guest->cool_since_ms >= PM_GUEST_COOL_MS) {
        guest->heat = false;
    }
}

static void judge(struct pm_guest *guest, const struct pm_guest_rules *rules,
                  const struct pm_guest_readings *readings, int64_t now_ms)
{
    judge_battery(guest, &readings->power, now_ms);
    judge_charge(guest, rules, &readings->power);
    judge_heat(guest, rules, &readings->heat, now_ms);
    guest->use = rules->pause_while_used_s > 0 && readings->use_known &&
                 readings->idle_s < rules->pause_while_used_s;
}

static enum pm_guest_cause cause_of(const struct pm_guest *guest,
                                    const struct pm_guest_rules *rules, enum pm_wish wish)
{
    if (wish == PM_WISH_PAUSE) {
        return PM_GUEST_WISH;
    }
    if (guest->heat) {
        return PM_GUEST_HEAT;
    }
    if (wish == PM_WISH_ANYWAY) {
        return PM_GUEST_WORKS;
    }
    if (guest->battery && rules->pause_on_battery) {
        return PM_GUEST_BATTERY;
    }
    if (guest->charge) {
        return PM_GUEST_CHARGE;
    }
    return guest->use ? PM_GUEST_USE : PM_GUEST_WORKS;
}

static void explain(enum pm_guest_cause cause, const struct pm_guest_rules *rules,
                    const struct pm_guest_readings *readings, char reason[PM_GUEST_REASON_SIZE])
{
    const struct pm_power *power = &readings->power;
    char charge[24] = "";
    reason[0] = '\0';
    switch (cause) {
    case PM_GUEST_WORKS:
        break;
    case PM_GUEST_WISH:
        snprintf(reason, PM_GUEST_REASON_SIZE, "a person paused it; `poolminer resume` goes on");
        break;
    case PM_GUEST_HEAT:
        snprintf(reason, PM_GUEST_REASON_SIZE, "too hot: %.0f C (%s); goes on below %.0f C",
                 readings->heat.celsius, readings->heat.sensor, rules->resume_below_temp);
        break;
    case PM_GUEST_BATTERY:
        if (power->charge_percent >= 0) {
            snprintf(charge, sizeof charge, ", %d %%", power->charge_percent);
        }
        snprintf(reason, PM_GUEST_REASON_SIZE, "on battery%s; goes on when plugged in", charge);
        break;
    case PM_GUEST_CHARGE:
        snprintf(reason, PM_GUEST_REASON_SIZE, "the battery has %d %%; goes on at %d %%",
                 power->charge_percent, enough_charge(rules));
        break;
    case PM_GUEST_USE:
        snprintf(reason, PM_GUEST_REASON_SIZE,
                 "somebody uses the machine; goes on in %" PRId64 " s if nobody does",
                 rules->pause_while_used_s - readings->idle_s);
        break;
    }
}

enum pm_guest_cause pm_guest_decide(struct pm_guest *guest, const struct pm_guest_rules *rules,
                                    const struct pm_guest_readings *readings, enum pm_wish wish,
                                    int64_t now_ms, char reason[PM_GUEST_REASON_SIZE])
{
    judge(guest, rules, readings, now_ms);
    const enum pm_guest_cause cause = cause_of(guest, rules, wish);
    explain(cause, rules, readings, reason);
    return cause;
}
