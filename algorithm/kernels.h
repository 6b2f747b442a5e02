/* What each instruction computes, one kernel an operation. Private to the room: the reference
 * executor's. Definition: docs/algorithm.md section 4. */
#ifndef POOLMINER_ALGORITHM_KERNELS_H
#define POOLMINER_ALGORITHM_KERNELS_H

#include <stdint.h>

#include <poolminer/instruction.h>
#include <poolminer/philox.h>

/* What kernels need to know of the run they are part of. */
struct pm_run {
    int dim;                  /* elements of a vector; a matrix has dim rows of dim */
    struct pm_philox_key key; /* of random draws */
    uint32_t example;         /* the running number of the example; 0 in setup */
    float *terms;             /* room for dim x dim: what is about to be summed */
    float *product; /* room for dim x dim: a product whose operands may be its destination */
};

/* An instruction whose operands have become memory. */
struct pm_step {
    void (*kernel)(const struct pm_step *step, const struct pm_run *run);
    float *out;
    const float *a, *b;
    enum pm_kind out_kind, result_kind, a_kind, b_kind;
    float c0, c1;
    uint32_t element;      /* CONST_VEC */
    int64_t cost;          /* cost.h */
    uint32_t phase, index; /* where the instruction stands: part of a random draw's counter */
};

typedef void pm_kernel(const struct pm_step *step, const struct pm_run *run);

/* The kernel that writes a result of kind result_kind into the first elements of `out`. */
pm_kernel *pm_kernel_of(enum pm_op op, enum pm_kind a, enum pm_kind out);

/* Scalar 1, vector dim, matrix dim x dim. */
int pm_kind_size(enum pm_kind kind, int dim);

/* Runs the step: the kernel, then a smaller result fills the bigger destination. */
void pm_step_run(const struct pm_step *step, const struct pm_run *run);

#endif
