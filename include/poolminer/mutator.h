/* Mutations: one small random change to a program, within a profile. The three kinds are those of
 * AutoML-Zero (Real et al., "AutoML-Zero: Evolving Machine Learning Algorithms From Scratch", 2020,
 * section 3.1): insert or remove an instruction, randomise a phase, change one part of one
 * instruction. */
#ifndef POOLMINER_MUTATOR_H
#define POOLMINER_MUTATOR_H

#include <poolminer/algorithm.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>

/* A mutant of `parent`, which must be a program of the profile (pm_profile_fit). It is one too:
 * within the profile's bounds, without an inert instruction, all constants finite; so strict
 * parsing accepts its written form. The caller destroys it. NULL only when memory is out. */
struct pm_algorithm *pm_mutate(const struct pm_profile *profile, const struct pm_algorithm *parent,
                               struct pm_random *random);

#endif
