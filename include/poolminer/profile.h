/* Profiles: which programs evolution may write (docs/algorithm.md, section 7). */
#ifndef POOLMINER_PROFILE_H
#define POOLMINER_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/instruction.h>

struct pm_profile {
    const char *name;
    int scalar_count, vector_count, matrix_count;
    int vector_dim; /* 0: as wide as the input */
    int max_ops[PM_PHASE_COUNT];
    uint32_t ops[PM_PHASE_COUNT]; /* bit 1 << op: may stand in this phase */
    bool mixed_kinds; /* operands of different kinds in every row that lists them; otherwise only
                         scalar * vector and scalar * matrix */
};

/* "full" | "baseline". NULL with the error set for another name. */
const struct pm_profile *pm_profile_find(const char *name, struct pm_error *error);

/* The memory that programs of this profile run in. An input wider than the profile's vectors is an
 * error. */
bool pm_profile_meta(const struct pm_profile *profile, int input_dim, struct pm_algorithm_meta *out,
                     struct pm_error *error);

/* Operand kinds of an instruction: PM_KIND_NONE where there is none. */
struct pm_shape {
    enum pm_kind out, a, b;
};
enum { PM_SHAPES_MAX = 3 * 4 * 4 };

/* The shapes that evolution writes `op` in: those the instruction table lists, whose result is of
 * the destination's kind. Returns how many; 0 for an operation that the phase does not have. */
int pm_profile_shapes(const struct pm_profile *profile, enum pm_phase phase, enum pm_op op,
                      struct pm_shape out[PM_SHAPES_MAX]);

/* Whether a program of the profile, run in `meta`, may hold the instruction. */
bool pm_profile_allows(const struct pm_profile *profile, const struct pm_algorithm_meta *meta,
                       enum pm_phase phase, const struct pm_instruction *instruction);

/* The seed as a program of the profile: its simplified form without the instructions that the
 * profile does not have or has no room for. It means the same when nothing had to go and the
 * vectors are as wide as before. The caller destroys it; NULL with the error set when memory is out
 * or the input too wide. */
struct pm_algorithm *pm_profile_fit(const struct pm_profile *profile,
                                    const struct pm_algorithm *seed, struct pm_error *error);

#endif
