#include <strings.h>

#include <poolminer/instruction.h>

const struct pm_op_info pm_op_table[PM_OP_COUNT] = {
    [PM_OP_NOOP] = {"NOOP", NULL, PM_OP_NOOP, PM_FORM_NOOP, PM_SIGNATURE_NONE, 0},
    [PM_OP_CONST] = {"CONST", NULL, PM_OP_CONST, PM_FORM_CONST, PM_SIGNATURE_FILL, 0},
    [PM_OP_CONST_VEC] = {"CONST_VEC", NULL, PM_OP_CONST_VEC, PM_FORM_CONST_VEC,
                         PM_SIGNATURE_ELEMENT, 0},
    [PM_OP_COPY] = {"COPY", NULL, PM_OP_COPY, PM_FORM_COPY, PM_SIGNATURE_COPY, 1},
    [PM_OP_ADD] = {"ADD", "+", PM_OP_ADD, PM_FORM_INFIX, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_SUB] = {"SUB", "-", PM_OP_SUB, PM_FORM_INFIX, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_MUL] = {"MUL", "*", PM_OP_MUL, PM_FORM_INFIX, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_DIV] = {"DIV", "/", PM_OP_DIV, PM_FORM_INFIX, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_MIN] = {"MIN", "minimum", PM_OP_MIN, PM_FORM_BINARY, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_MAX] = {"MAX", "maximum", PM_OP_MAX, PM_FORM_BINARY, PM_SIGNATURE_ELEMENTWISE, 2},
    [PM_OP_ABS] = {"ABS", "abs", PM_OP_ABS, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_EXP] = {"EXP", "exp", PM_OP_EXP, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_LOG] = {"LOG", "log", PM_OP_LOG, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_SIN] = {"SIN", "sin", PM_OP_SIN, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_COS] = {"COS", "cos", PM_OP_COS, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_TAN] = {"TAN", "tan", PM_OP_TAN, PM_FORM_UNARY, PM_SIGNATURE_MAP, 1},
    [PM_OP_HEAVISIDE] = {"HEAVISIDE", "heaviside", PM_OP_HEAVISIDE, PM_FORM_UNARY, PM_SIGNATURE_MAP,
                         1},
    [PM_OP_DOT] = {"DOT", "dot", PM_OP_DOT, PM_FORM_BINARY, PM_SIGNATURE_DOT, 2},
    [PM_OP_MATMUL] = {"MATMUL", "matmul", PM_OP_MATMUL, PM_FORM_BINARY, PM_SIGNATURE_MATMUL, 2},
    [PM_OP_OUTER] = {"OUTER", "outer", PM_OP_OUTER, PM_FORM_BINARY, PM_SIGNATURE_OUTER, 2},
    [PM_OP_NORM] = {"NORM", "norm", PM_OP_NORM, PM_FORM_UNARY, PM_SIGNATURE_REDUCE, 1},
    [PM_OP_MEAN] = {"MEAN", "mean", PM_OP_MEAN, PM_FORM_UNARY, PM_SIGNATURE_REDUCE, 1},
    [PM_OP_STD] = {"STD", "std", PM_OP_STD, PM_FORM_UNARY, PM_SIGNATURE_REDUCE, 1},
    [PM_OP_GAUSSIAN] = {"GAUSSIAN", "gaussian", PM_OP_GAUSSIAN, PM_FORM_RANDOM, PM_SIGNATURE_FILL,
                        0},
    [PM_OP_UNIFORM] = {"UNIFORM", "uniform", PM_OP_UNIFORM, PM_FORM_RANDOM, PM_SIGNATURE_FILL, 0},
};

static bool is_called(const char *known, const char *name, size_t length)
{
    return known != NULL && strncasecmp(known, name, length) == 0 && known[length] == '\0';
}

const struct pm_op_info *pm_op_find(const char *name, size_t length)
{
    for (int op = 0; op < PM_OP_COUNT; op++) {
        const struct pm_op_info *info = &pm_op_table[op];
        if (info->arity == 0 && info->form != PM_FORM_RANDOM) {
            continue;
        }
        if (is_called(info->name, name, length) || is_called(info->symbol, name, length)) {
            return info;
        }
    }
    return NULL;
}

/* ---- the kind of a result, for all kinds of operands and destinations ---- */

#define S PM_KIND_SCALAR
#define V PM_KIND_VECTOR
#define M PM_KIND_MATRIX
#define NONE PM_KIND_NONE

#define NOTHING(a, b, out) NONE
#define FILL(a, b, out) (out)
#define ELEMENT(a, b, out) ((out) == V ? V : NONE)
#define HAS_ELEMENTS(kind) ((kind) == V || (kind) == M)
#define COPY(a, b, out) (HAS_ELEMENTS(a) && (out) == S ? S : (a))
#define MAP(a, b, out) (a)
#define ELEMENTWISE(a, b, out)                                                                     \
    ((a) > (b) ? (a) : (b)) /* NONE, a missing operand, is the biggest                             \
                             */
#define DOT(a, b, out) ((a) == V && (b) == V ? S : NONE)
#define MATMUL(a, b, out) ((a) == M && HAS_ELEMENTS(b) ? (b) : NONE)
#define OUTER(a, b, out) ((a) == V && (b) == V ? M : NONE)
#define REDUCE(a, b, out) (HAS_ELEMENTS(a) ? S : NONE)

#define FOR_OUT(KIND, a, b)                                                                        \
    {                                                                                              \
        KIND(a, b, S), KIND(a, b, V), KIND(a, b, M), KIND(a, b, NONE)                              \
    }
#define FOR_B(KIND, a)                                                                             \
    {                                                                                              \
        FOR_OUT(KIND, a, S), FOR_OUT(KIND, a, V), FOR_OUT(KIND, a, M), FOR_OUT(KIND, a, NONE)      \
    }
#define FOR_ALL(KIND)                                                                              \
    {                                                                                              \
        FOR_B(KIND, S), FOR_B(KIND, V), FOR_B(KIND, M), FOR_B(KIND, NONE)                          \
    }

/* Constants make the same of some conditionals. NOLINTBEGIN(bugprone-branch-clone) */
const uint8_t pm_result_kinds[PM_SIGNATURE_COUNT][PM_KIND_NONE + 1][PM_KIND_NONE + 1][PM_KIND_NONE +
                                                                                      1] = {
    [PM_SIGNATURE_NONE] = FOR_ALL(NOTHING),    [PM_SIGNATURE_FILL] = FOR_ALL(FILL),
    [PM_SIGNATURE_ELEMENT] = FOR_ALL(ELEMENT), [PM_SIGNATURE_COPY] = FOR_ALL(COPY),
    [PM_SIGNATURE_MAP] = FOR_ALL(MAP),         [PM_SIGNATURE_ELEMENTWISE] = FOR_ALL(ELEMENTWISE),
    [PM_SIGNATURE_DOT] = FOR_ALL(DOT),         [PM_SIGNATURE_MATMUL] = FOR_ALL(MATMUL),
    [PM_SIGNATURE_OUTER] = FOR_ALL(OUTER),     [PM_SIGNATURE_REDUCE] = FOR_ALL(REDUCE),
};
/* NOLINTEND(bugprone-branch-clone) */

const char *pm_phase_name(enum pm_phase phase)
{
    static const char *const names[PM_PHASE_COUNT] = {"setup", "predict", "learn"};
    return names[phase];
}

char pm_kind_letter(enum pm_kind kind)
{
    return "svm?"[kind];
}
