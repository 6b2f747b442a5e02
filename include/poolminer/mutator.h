/* Mutations: one small random change to a program, within a profile. Three kinds are those of
 * AutoML-Zero (Real et al., "AutoML-Zero: Evolving Machine Learning Algorithms From Scratch", 2020,
 * section 3.1): insert or remove an instruction, randomise a phase, change one part of one
 * instruction. A fourth inserts an idiom: one to three instructions that belong together in
 * programs that learn, such as "move weights along the input". */
#ifndef POOLMINER_MUTATOR_H
#define POOLMINER_MUTATOR_H

#include <poolminer/algorithm.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>

/* A mutant of `parent`, which must be a program of the profile (pm_profile_fit). It is one too:
 * within the profile's bounds, without an inert instruction, all constants finite; so strict
 * parsing accepts its written form. `idiom_probability` is the share of mutations that insert an
 * idiom; at 0 the mutations are AutoML-Zero's alone. The caller destroys the mutant. NULL only when
 * memory is out. */
struct pm_algorithm *pm_mutate(const struct pm_profile *profile, const struct pm_algorithm *parent,
                               double idiom_probability, struct pm_random *random);

/* Makes a mutant of the program itself, which has room for the profile's max_ops in each phase. */
void pm_mutate_in_place(const struct pm_profile *profile, struct pm_algorithm *algorithm,
                        double idiom_probability, struct pm_random *random);

/* A copy of `parent` half of whose numbers are a little bigger or smaller; equal to it if it has
 * none. The rest as above. */
struct pm_algorithm *pm_tune(const struct pm_profile *profile, const struct pm_algorithm *parent,
                             struct pm_random *random);

#endif
