#include "algorithm/functional_cache.h"

#include <string.h>

enum { UNNAMED = 255 };

/* Registers that start as zeros are known by nothing but their use, so they are named in the order
 * of that use; the input, the prediction and the label are who they are. */
struct names {
    uint8_t of[PM_KIND_NONE][PM_REGISTER_COUNT_MAX];
    uint8_t next[PM_KIND_NONE];
    bool as_written;
};

static struct names start_names(bool as_written)
{
    struct names names = {.next = {[PM_KIND_SCALAR] = 2, [PM_KIND_VECTOR] = 1},
                          .as_written = as_written};
    memset(names.of, UNNAMED, sizeof names.of);
    names.of[PM_KIND_SCALAR][0] = 0;
    names.of[PM_KIND_SCALAR][1] = 1;
    names.of[PM_KIND_VECTOR][0] = 0;
    return names;
}

static uint64_t name_of(struct names *names, struct pm_operand r)
{
    if (r.kind == PM_KIND_NONE) {
        return (uint64_t)PM_KIND_NONE * PM_REGISTER_COUNT_MAX;
    }
    uint8_t *name = &names->of[r.kind][r.index];
    if (names->as_written) {
        *name = (uint8_t)r.index;
    } else if (*name == UNNAMED) {
        *name = names->next[r.kind]++;
    }
    return (uint64_t)r.kind * PM_REGISTER_COUNT_MAX + *name;
}

__extension__ typedef unsigned __int128 wide;

/* A step of a hash, after wyhash's multiplication folded. */
static uint64_t fold(uint64_t hash, uint64_t value)
{
    const wide product =
        (wide)(hash ^ UINT64_C(0x9E3779B97F4A7C15)) * (value ^ UINT64_C(0xD1B54A32D192ED03));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t fold_instruction(uint64_t hash, const struct pm_instruction *instruction,
                                 struct names *names)
{
    const enum pm_op op = (enum pm_op)instruction->op;
    const int arity = pm_op_info(op)->arity;
    uint64_t a = arity > 0 ? name_of(names, instruction->a) : 0;
    uint64_t b = arity > 1 ? name_of(names, instruction->b) : 0;
    const uint64_t out = name_of(names, instruction->out);
    if ((op == PM_OP_ADD || op == PM_OP_MUL) && a > b && !names->as_written) {
        const uint64_t greater = a;
        a = b;
        b = greater;
    }
    uint32_t constants[2];
    memcpy(&constants[0], &instruction->c0, sizeof constants[0]);
    memcpy(&constants[1], &instruction->c1, sizeof constants[1]);
    hash = fold(hash,
                (uint64_t)op | out << 8 | a << 16 | b << 24 | (uint64_t)instruction->element << 32);
    return fold(hash, constants[0] | (uint64_t)constants[1] << 32);
}

static bool is_alive(const struct pm_liveness *liveness, int phase, int i)
{
    return (liveness->flags[phase][i] & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION)) != 0;
}

static bool draws(const struct pm_algorithm *algorithm, const struct pm_liveness *liveness)
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const uint8_t op = algorithm->phase[phase][i].op;
            if ((op == PM_OP_GAUSSIAN || op == PM_OP_UNIFORM) && is_alive(liveness, phase, i)) {
                return true;
            }
        }
    }
    return false;
}

uint64_t pm_functional_key(const struct pm_algorithm *algorithm, const struct pm_liveness *liveness)
{
    struct names names = start_names(draws(algorithm, liveness));
    uint64_t hash = fold((uint64_t)algorithm->input_dim, (uint64_t)algorithm->meta.vector_dim);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        hash = fold(hash, (uint64_t)phase);
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if (is_alive(liveness, phase, i)) {
                hash = fold_instruction(hash, &algorithm->phase[phase][i], &names);
            }
        }
    }
    return hash;
}
