/* What registers hold, as a graph of values: each is an operation on others, or where it comes
 * from. Two registers with the same graph hold the same bits. Private to algorithm/. */
#ifndef POOLMINER_VALUE_GRAPH_H
#define POOLMINER_VALUE_GRAPH_H

#include <poolminer/algorithm.h>

enum pm_value_source {
    PM_VALUE_CONSTANT, /* every element is the number */
    PM_VALUE_INPUT,    /* the example's features */
    PM_VALUE_LABEL,
    PM_VALUE_CARRIED,   /* what training's last example left in a register; at first, setup */
    PM_VALUE_TRAINED,   /* the same, after the last of training */
    PM_VALUE_VALIDATED, /* what validation's last example left in it; at first, training */
    PM_VALUE_RESULT     /* of an operation */
};

enum {
    PM_VALUE_NONE = UINT16_MAX,
    PM_VALUES_MAX = 512,
    PM_VALUE_INPUT_PART = PM_OP_COUNT, /* an operation: the input in front of what was there */
    PM_VALUE_PLUS_ZERO                 /* x + 0, which is x unless that is -0 */
};

struct pm_value {
    uint8_t source;         /* enum pm_value_source */
    uint8_t op;             /* of a result: enum pm_op, or one of the above */
    uint8_t kind;           /* of the register, or of the result's destination */
    uint8_t a_kind, b_kind; /* of a result's operands */
    uint16_t index;         /* of the register; of CONST_VEC: the element */
    uint16_t a, b;          /* of a result: values; PM_VALUE_NONE */
    float number;           /* of a constant, and of CONST_VEC */
    uint64_t hash;          /* does not depend on the names of registers */
};

struct pm_value_graph {
    int dim;
    int count;
    bool full; /* there were more values than there is room for: nothing in it counts */
    struct pm_value values[PM_VALUES_MAX];
};

__extension__ typedef unsigned __int128 pm_wide;

/* A step of a hash: wyhash's multiplication, folded. */
static inline uint64_t pm_value_fold(uint64_t hash, uint64_t value)
{
    const pm_wide product =
        (pm_wide)(hash ^ UINT64_C(0x9E3779B97F4A7C15)) * (value ^ UINT64_C(0xD1B54A32D192ED03));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint16_t pm_value_constant(struct pm_value_graph *graph, float number);
bool pm_value_is_constant(const struct pm_value_graph *graph, uint16_t value, uint16_t other);
/* INPUT or LABEL. */
uint16_t pm_value_given(struct pm_value_graph *graph, enum pm_value_source source);
/* What a register holds when an example begins; `first` is what setup leaves in it. */
uint16_t pm_value_held(struct pm_value_graph *graph, enum pm_value_source source, enum pm_kind kind,
                       unsigned index, uint16_t first);
/* The input in front of what v0 held. */
uint16_t pm_value_input_part(struct pm_value_graph *graph, uint16_t held);
/* What an instruction that can do something, and draws nothing, leaves in its destination, given
 * what its operands hold and the destination held. Constants are folded, operands that commute
 * sorted, and what adds or multiplies nothing left out. */
uint16_t pm_value_result(struct pm_value_graph *graph, const struct pm_instruction *instruction,
                         uint16_t a, uint16_t b, uint16_t held);

#endif
