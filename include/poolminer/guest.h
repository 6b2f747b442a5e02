/* The manners of a guest on somebody's machine: when to rest, and how much to take. Pure: what the
 * machine is like comes in as readings, time as an argument. */
#ifndef POOLMINER_GUEST_H
#define POOLMINER_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/heat.h>
#include <poolminer/options.h>
#include <poolminer/power.h>
#include <poolminer/wish.h>

/* ---- resting ---- */

struct pm_guest_rules {
    bool pause_on_battery;
    int pause_below_charge;     /* percent, plugged in or not; 0: never */
    double pause_above_temp;    /* degrees Celsius; 0: never */
    double resume_below_temp;   /* 0: PM_GUEST_COOLER below the other */
    int64_t pause_while_used_s; /* until so long nobody has used the machine; 0: never */
};

struct pm_guest_readings {
    struct pm_power power;
    struct pm_heat heat;
    bool use_known; /* somebody has been seen to use the machine, idle_s ago */
    int64_t idle_s;
};

enum {
    PM_GUEST_COOLER = 10,
    PM_GUEST_CHARGE_MORE = 5,   /* percent above which charge computing goes on */
    PM_GUEST_PLUGGED_MS = 5000, /* mains must have lasted so long */
    PM_GUEST_COOL_MS = 10000,   /* and coolness: a processor that rests is cool in a moment */
    PM_GUEST_REASON_SIZE = 200,
};

/* Which rules hold computing up now: each lets go later than it takes hold, so that nothing
 * flaps. Zeroed at first. */
struct pm_guest {
    bool battery, charge, heat, use;
    int64_t plugged_since_ms; /* 0: not plugged in, or from the start */
    int64_t cool_since_ms;    /* 0: not below the lower of the two bounds */
};

/* Why it rests. */
enum pm_guest_cause {
    PM_GUEST_WORKS, /* it does not */
    PM_GUEST_WISH,
    PM_GUEST_HEAT,
    PM_GUEST_BATTERY,
    PM_GUEST_CHARGE,
    PM_GUEST_USE,
};

/* `reason` says it with the numbers of now, for a person; "": it works. The wish: PAUSE rests, and
 * ANYWAY minds heat alone. `now_ms` is any clock that does not jump. */
enum pm_guest_cause pm_guest_decide(struct pm_guest *guest, const struct pm_guest_rules *rules,
                                    const struct pm_guest_readings *readings, enum pm_wish wish,
                                    int64_t now_ms, char reason[PM_GUEST_REASON_SIZE]);

/* ---- how much ---- */

struct pm_guest_plan {
    int threads;       /* that compute */
    double processors; /* of processors' time, that all of them together may take */
    bool limited;      /* they could take more: they have turns */
};

/* `available`: the processors' time that there is to be had (processors.h). `threads` 0: as many as
 * that, one less on a machine with a battery that has two or more; and no more than the limit
 * keeps busy. `percent` is of `available`: 50 of four processors is two processors' time. */
struct pm_guest_plan pm_guest_plan(double available, bool has_battery, int threads, double percent);

/* The plan and the rules in words, a line for a person. */
enum { PM_GUEST_WORDS_SIZE = 400 };
void pm_guest_describe(const struct pm_guest_plan *plan, const struct pm_guest_rules *rules,
                       double available, double percent, char out[PM_GUEST_WORDS_SIZE]);

/* ---- turns ---- */

/* Keeps a process within its share by what it is seen to have used: time saved up in one turn is
 * spent in the next, a tenth of a second's worth at most. Zeroed at first. */
struct pm_guest_turns {
    bool started;
    int64_t seen_ns, used_ns; /* when it looked last, and the processor time by then */
    double saved_ns;
};
/* May it compute until the next look? `used_ns` is the process's processor time so far. */
bool pm_guest_turn(struct pm_guest_turns *turns, double processors, int64_t now_ns,
                   int64_t used_ns);

/* ---- options ---- */

/* The names of the options of poolminer/guest_options.h; NULL at the end. */
extern const char *const pm_guest_option_names[];

/* PM_ERROR_INVALID: the two temperatures contradict each other. */
bool pm_guest_rules_read(const struct pm_options *options, struct pm_guest_rules *out,
                         struct pm_error *error);

#endif
