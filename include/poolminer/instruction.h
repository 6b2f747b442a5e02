/* Instructions: the one table of operations that parser, checker, printer, mutator and executors
 * read. Adding an instruction is one row here (algorithm/instruction.c) and one kernel
 * (algorithm/kernels.c). What each does: docs/algorithm.md section 4. */
#ifndef POOLMINER_INSTRUCTION_H
#define POOLMINER_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pm_phase { PM_PHASE_SETUP, PM_PHASE_PREDICT, PM_PHASE_LEARN, PM_PHASE_COUNT };

/* From small to big: a result of a smaller kind fills a destination of a bigger one. */
enum pm_kind { PM_KIND_SCALAR, PM_KIND_VECTOR, PM_KIND_MATRIX, PM_KIND_NONE };

enum pm_op {
    PM_OP_NOOP,
    PM_OP_CONST,
    PM_OP_CONST_VEC,
    PM_OP_COPY,
    PM_OP_ADD,
    PM_OP_SUB,
    PM_OP_MUL,
    PM_OP_DIV,
    PM_OP_MIN,
    PM_OP_MAX,
    PM_OP_ABS,
    PM_OP_EXP,
    PM_OP_LOG,
    PM_OP_SIN,
    PM_OP_COS,
    PM_OP_TAN,
    PM_OP_HEAVISIDE,
    PM_OP_DOT,
    PM_OP_MATMUL,
    PM_OP_OUTER,
    PM_OP_NORM,
    PM_OP_MEAN,
    PM_OP_STD,
    PM_OP_GAUSSIAN,
    PM_OP_UNIFORM,
    PM_OP_COUNT
};

/* How an operation is written. */
enum pm_form {
    PM_FORM_NOOP,      /* NoOp() */
    PM_FORM_CONST,     /* R = number */
    PM_FORM_CONST_VEC, /* vN[i] = number */
    PM_FORM_COPY,      /* R = R */
    PM_FORM_INFIX,     /* R = R + R */
    PM_FORM_UNARY,     /* R = f(R) */
    PM_FORM_BINARY,    /* R = f(R, R) */
    PM_FORM_RANDOM     /* R = f(number, number) */
};

/* Which kinds an operation takes and yields. */
enum pm_signature {
    PM_SIGNATURE_NONE,        /* nothing in, nothing out */
    PM_SIGNATURE_FILL,        /* any destination, every element of it */
    PM_SIGNATURE_ELEMENT,     /* one element of a vector */
    PM_SIGNATURE_COPY,        /* any kind to itself; vector or matrix to scalar (its norm) */
    PM_SIGNATURE_MAP,         /* any kind to itself */
    PM_SIGNATURE_ELEMENTWISE, /* any two kinds to the bigger of them */
    PM_SIGNATURE_DOT,         /* two vectors to a scalar */
    PM_SIGNATURE_MATMUL,      /* matrix and vector to vector; two matrices to matrix */
    PM_SIGNATURE_OUTER,       /* two vectors to a matrix */
    PM_SIGNATURE_REDUCE,      /* vector or matrix to scalar */
    PM_SIGNATURE_COUNT
};

struct pm_operand {
    uint8_t kind; /* enum pm_kind */
    uint16_t
        index; /* as written, saturated at 65535; at or past the count: the instruction is inert */
};

struct pm_instruction {
    uint8_t op;                  /* enum pm_op */
    struct pm_operand out, a, b; /* those read from text have kind PM_KIND_NONE when unused */
    uint16_t element;            /* CONST_VEC: the index, saturated at 65535; otherwise 0 */
    float c0, c1; /* CONST, CONST_VEC: c0; GAUSSIAN: mean, std; UNIFORM: low, high; otherwise 0 */
};

struct pm_op_info {
    const char *name;   /* "ADD"; the function form is accepted in any case */
    const char *symbol; /* written form: "+", "abs", "dot"; NULL for forms without one */
    enum pm_op op;
    enum pm_form form;
    enum pm_signature signature;
    uint8_t arity; /* register operands: 0, 1, 2 */
};

/* The table itself; pm_op_info reads it. */
extern const struct pm_op_info pm_op_table[PM_OP_COUNT];

/* The row of an operation; never NULL for op < PM_OP_COUNT. */
static inline const struct pm_op_info *pm_op_info(enum pm_op op)
{
    return &pm_op_table[op];
}

/* The operation called `name` (of `length` bytes, any case) in the function form: its name or its
 * symbol, for those with register operands or random numbers. NULL when there is none. */
const struct pm_op_info *pm_op_find(const char *name, size_t length);

/* By signature and the kinds of a, b and the destination; pm_op_result_kind reads it. */
extern const uint8_t pm_result_kinds[PM_SIGNATURE_COUNT][PM_KIND_NONE + 1][PM_KIND_NONE + 1]
                                    [PM_KIND_NONE + 1];

/* The kind that `op` yields from operands of these kinds (PM_KIND_NONE where an operand is not
 * used), or PM_KIND_NONE when the row of the table does not list the combination: the instruction
 * then does nothing. CONST, GAUSSIAN and UNIFORM yield whatever the destination is. */
static inline enum pm_kind pm_op_result_kind(enum pm_op op, enum pm_kind a, enum pm_kind b,
                                             enum pm_kind out)
{
    return (enum pm_kind)pm_result_kinds[pm_op_table[op].signature][a][b][out];
}

/* "setup", "predict", "learn". */
const char *pm_phase_name(enum pm_phase phase);

/* 's', 'v', 'm'; '?' for PM_KIND_NONE. */
char pm_kind_letter(enum pm_kind kind);

#endif
