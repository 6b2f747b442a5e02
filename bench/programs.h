/* The programs that benchmarks run. */
#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include <poolminer/algorithm.h>

/* "linear": a linear model by SGD. "net": a network of 16 hidden units, max(0, .), no biases, by
 * SGD. "random": the first of the random programs with 30 instructions a phase of which 20 or more
 * are alive in training and validation. NULL with the error set. */
struct pm_algorithm *bench_program(const char *name, struct pm_error *error);

/* Random program `index`: up to 30 instructions a phase. */
struct pm_algorithm *bench_random_program(size_t index, struct pm_error *error);

/* Instructions as written that one task runs: all of predict and learn for a training example, all
 * of predict for a validation example. */
double bench_instruction_examples(const struct pm_algorithm *algorithm);

#endif
