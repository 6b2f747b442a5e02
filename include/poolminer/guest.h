/* Mining as a guest on somebody's machine: when to pause, and how much processor time to take. Pure
 * functions: the state of the machine comes in as readings, the time as an argument. */
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
    int64_t pause_while_used_s; /* until the machine has been unused for so long; 0: never */
};

struct pm_guest_readings {
    struct pm_power power;
    struct pm_heat heat;
    bool use_known; /* it can be seen when somebody last used the machine: idle_s ago */
    int64_t idle_s;
};

enum {
    PM_GUEST_COOLER = 10,
    PM_GUEST_CHARGE_MORE = 5,   /* percent above pause_below_charge at which it resumes */
    PM_GUEST_PLUGGED_MS = 5000, /* how long mains power must have lasted before it resumes */
    PM_GUEST_COOL_MS = 10000,   /* the same for coolness: an idle processor cools in a moment */
    PM_GUEST_REASON_SIZE = 200,
};

/* Which rules pause computing now. Each rule has hysteresis: it ends at a safer reading than it
 * begins at, so that computing does not start and stop all the time. Starts zeroed. */
struct pm_guest {
    bool battery, charge, heat, use;
    int64_t plugged_since_ms; /* 0: not plugged in, or from the start */
    int64_t cool_since_ms;    /* 0: not below the lower of the two bounds */
};

/* Why computing is paused. */
enum pm_guest_cause {
    PM_GUEST_WORKS, /* it is not */
    PM_GUEST_WISH,
    PM_GUEST_HEAT,
    PM_GUEST_BATTERY,
    PM_GUEST_CHARGE,
    PM_GUEST_USE,
};

/* Decides whether to pause, and writes into `reason` a sentence for a person with the present
 * readings ("" for PM_GUEST_WORKS). PM_WISH_PAUSE always pauses; with PM_WISH_ANYWAY only heat
 * does. `now_ms` is on any clock that does not jump. */
enum pm_guest_cause pm_guest_decide(struct pm_guest *guest, const struct pm_guest_rules *rules,
                                    const struct pm_guest_readings *readings, enum pm_wish wish,
                                    int64_t now_ms, char reason[PM_GUEST_REASON_SIZE]);

/* ---- how much ---- */

struct pm_guest_plan {
    int threads;       /* how many threads compute */
    double processors; /* the processor time that they may use together: 1.5 is one and a half */
    bool limited;      /* the threads could use more, so they must pause between turns */
};

/* `available` is the processor time that this process may have (processors.h), and `percent` the
 * part of it to use: 50 of four processors is the time of two. `threads` 0 chooses their number: as
 * many as there are processors, one less on a machine with a battery and at least two processors,
 * and never more than the limit can keep busy. */
struct pm_guest_plan pm_guest_plan(double available, bool has_battery, int threads, double percent);

/* Describes the plan and the rules in one line for a person. */
enum { PM_GUEST_WORDS_SIZE = 400 };
void pm_guest_describe(const struct pm_guest_plan *plan, const struct pm_guest_rules *rules,
                       double available, double percent, char out[PM_GUEST_WORDS_SIZE]);

/* ---- turns ---- */

/* Keeps a process within its share of processor time, by what it is measured to have used. Time
 * that one turn leaves over may be used in the next, up to 0.1 s. Starts zeroed. */
struct pm_guest_turns {
    bool started;
    int64_t seen_ns, used_ns; /* the time of the last call, and the processor time used by then */
    double saved_ns;
};
/* Whether the process may compute until the next call. `processors` is its share, `used_ns` the
 * processor time it has used since its start. */
bool pm_guest_turn(struct pm_guest_turns *turns, double processors, int64_t now_ns,
                   int64_t used_ns);

/* ---- options ---- */

/* The names of the options of poolminer/guest_options.h; NULL at the end. */
extern const char *const pm_guest_option_names[];

/* PM_ERROR_INVALID: the two temperatures contradict each other. */
bool pm_guest_rules_read(const struct pm_options *options, struct pm_guest_rules *out,
                         struct pm_error *error);

#endif
