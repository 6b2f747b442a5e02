/* Drawing registers, constants and instructions at random, in view of the program they are to stand
 * in. */
#ifndef ALGORITHM_DRAW_H
#define ALGORITHM_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>

/* A set of registers; bit i of of[kind] is register i of that kind. */
struct pm_registers {
    uint64_t of[PM_KIND_NONE];
};

/* What instructions are drawn in view of. */
struct pm_scene {
    const struct pm_profile *profile;
    const struct pm_algorithm_meta *meta;
    struct pm_random *random;
    struct pm_registers read;    /* by some instruction, or as the prediction */
    struct pm_registers written; /* by some instruction, or as the input and the label */
};

/* The algorithm's memory and registers; later changes of its instructions are not seen. */
struct pm_scene pm_scene_of(const struct pm_profile *profile, const struct pm_algorithm *algorithm,
                            struct pm_random *random);

/* A register of this kind, by preference one of `fitting`; for PM_KIND_NONE none. */
struct pm_operand pm_draw_register(const struct pm_scene *scene, enum pm_kind kind,
                                   const struct pm_registers *fitting);

/* One of `among`, if any; otherwise any of this kind. */
struct pm_operand pm_draw_among(const struct pm_scene *scene, enum pm_kind kind,
                                const struct pm_registers *among);
/* The registers of this kind that there are, as a set. */
uint64_t pm_all_registers(const struct pm_scene *scene, enum pm_kind kind);

/* A magnitude whose logarithm is about uniform between 2^-8 and 4, either sign. */
float pm_draw_constant(struct pm_random *random);
/* A positive number whose logarithm is about uniform between 2^-12 and 2. */
float pm_draw_rate(struct pm_random *random);
/* Half as big to twice as big, now and then with the other sign. */
float pm_nudge_constant(struct pm_random *random, float value);

/* At most 1.4 times as big or as small, seldom as much as that. */
float pm_tune_constant(struct pm_random *random, float value);

/* Elementary functions and random numbers. */
bool pm_op_is_slow(enum pm_op op);
/* How many numbers an operation has. */
int pm_constant_count(enum pm_op op);
/* Puts an instruction's numbers in order: a standard deviation is positive, low is below high. */
void pm_order_bounds(struct pm_instruction *instruction);

/* An instruction that the profile allows in the phase and that does something. */
struct pm_instruction pm_draw_instruction(const struct pm_scene *scene, enum pm_phase phase);

#endif
