/* How much to take of a machine. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/guest.h>

struct pm_guest_plan pm_guest_plan(double available, bool has_battery, int threads, double percent)
{
    const double processors = available * percent / 100;
    struct pm_guest_plan plan = {.threads = threads, .processors = processors};
    if (threads == 0) {
        const double whole = ceil(available);
        const double wanted = has_battery && whole >= 2 ? whole - 1 : whole;
        plan.threads = (int)fmax(1, fmin(wanted, ceil(processors)));
    }
    plan.limited = percent < 100 && processors < plan.threads;
    return plan;
}

__attribute__((format(printf, 2, 3))) static void add(char out[PM_GUEST_WORDS_SIZE],
                                                      const char *format, ...)
{
    const size_t length = strlen(out);
    va_list values;
    va_start(values, format);
    vsnprintf(out + length, PM_GUEST_WORDS_SIZE - length, format, values);
    va_end(values);
}

void pm_guest_describe(const struct pm_guest_plan *plan, const struct pm_guest_rules *rules,
                       double available, double percent, char out[PM_GUEST_WORDS_SIZE])
{
    out[0] = '\0';
    add(out, "%d thread%s on %.4g processor%s", plan->threads, plan->threads == 1 ? "" : "s",
        available, available == 1 ? "" : "s");
    if (percent < 100) {
        add(out, ", at most %.4g of their time (%g %%)", plan->processors, percent);
    }
    if (plan->limited) {
        add(out, ", so each rests %.0f %% of the time",
            100 * (1 - plan->processors / plan->threads));
    }
    add(out, "; pauses%s", rules->pause_on_battery ? " on battery," : "");
    if (rules->pause_below_charge > 0) {
        add(out, " below %d %% of charge,", rules->pause_below_charge);
    }
    if (rules->pause_above_temp > 0) {
        add(out, " above %g C until below %g C,", rules->pause_above_temp,
            rules->resume_below_temp);
    }
    if (rules->pause_while_used_s > 0) {
        add(out, " until nobody has used the machine for %" PRId64 " s,",
            rules->pause_while_used_s);
    }
    add(out, " when `poolminer pause` says so");
}

/* Short enough that nobody notices the turns, long enough to be worth the change. */
static const double SAVED_MAX_S = 0.1;

bool pm_guest_turn(struct pm_guest_turns *turns, double processors, int64_t now_ns, int64_t used_ns)
{
    if (turns->started) {
        const double most = processors * SAVED_MAX_S * 1e9;
        turns->saved_ns += processors * (double)(now_ns - turns->seen_ns);
        turns->saved_ns -= (double)(used_ns - turns->used_ns);
        turns->saved_ns = fmin(turns->saved_ns, most);
    }
    turns->started = true;
    turns->seen_ns = now_ns;
    turns->used_ns = used_ns;
    return turns->saved_ns >= 0;
}
