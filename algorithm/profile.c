#include <string.h>

#include <poolminer/liveness.h>
#include <poolminer/profile.h>
#include <poolminer/simplify.h>

#define OP(name) (UINT32_C(1) << PM_OP_##name)
#define EVERY_OP (((UINT32_C(1) << PM_OP_COUNT) - 1) & ~OP(NOOP))

_Static_assert(PM_OP_COUNT <= 32, "a set of operations has 32 bits");

static const struct pm_profile PROFILES[] = {
    {
        .name = "full",
        .scalar_count = 20,
        .vector_count = 10,
        .matrix_count = 5,
        .vector_dim = 0,
        .max_ops = {30, 30, 30},
        .ops = {EVERY_OP, EVERY_OP, EVERY_OP},
        .mixed_kinds = true,
    },
    {
        .name = "baseline",
        .scalar_count = 5,
        .vector_count = 9,
        .matrix_count = 2,
        .vector_dim = 16,
        .max_ops = {7, 11, 23},
        .ops =
            {
                OP(CONST) | OP(GAUSSIAN) | OP(UNIFORM),
                OP(ADD) | OP(MATMUL) | OP(MAX) | OP(DOT),
                OP(ADD) | OP(SUB) | OP(MUL) | OP(HEAVISIDE) | OP(OUTER),
            },
        .mixed_kinds = false,
    },
};

const struct pm_profile *pm_profile_find(const char *name, struct pm_error *error)
{
    for (size_t i = 0; i < sizeof PROFILES / sizeof *PROFILES; i++) {
        if (strcmp(PROFILES[i].name, name) == 0) {
            return &PROFILES[i];
        }
    }
    pm_fail(error, PM_ERROR_INVALID, "profile \"%.32s\" does not exist: use full or baseline",
            name);
    return NULL;
}

bool pm_profile_meta(const struct pm_profile *profile, int input_dim, struct pm_algorithm_meta *out,
                     struct pm_error *error)
{
    if (profile->vector_dim > 0 && input_dim > profile->vector_dim) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "profile %s has vectors of %d elements, the input has %d: use profile full",
                       profile->name, profile->vector_dim, input_dim);
    }
    *out = (struct pm_algorithm_meta){
        .scalar_count = profile->scalar_count,
        .vector_count = profile->vector_count,
        .matrix_count = profile->matrix_count,
        .vector_dim = profile->vector_dim > 0 ? profile->vector_dim : input_dim,
    };
    memcpy(out->max_ops, profile->max_ops, sizeof out->max_ops);
    return true;
}

static bool mixture_allowed(const struct pm_profile *profile, enum pm_op op,
                            const struct pm_shape *shape)
{
    if (profile->mixed_kinds || shape->b == PM_KIND_NONE || shape->a == shape->b) {
        return true;
    }
    if (op == PM_OP_MATMUL) {
        return true;
    }
    return op == PM_OP_MUL && shape->a == PM_KIND_SCALAR;
}

static bool shape_allowed(const struct pm_profile *profile, enum pm_op op,
                          const struct pm_shape *shape)
{
    return pm_op_result_kind(op, shape->a, shape->b, shape->out) == shape->out &&
           mixture_allowed(profile, op, shape);
}

int pm_profile_shapes(const struct pm_profile *profile, enum pm_phase phase, enum pm_op op,
                      struct pm_shape out[PM_SHAPES_MAX])
{
    static const enum pm_kind ANY[] = {PM_KIND_SCALAR, PM_KIND_VECTOR, PM_KIND_MATRIX};
    static const enum pm_kind NOTHING[] = {PM_KIND_NONE};

    if (!(profile->ops[phase] >> op & 1)) {
        return 0;
    }
    const int arity = pm_op_info(op)->arity;
    const enum pm_kind *const a_kinds = arity > 0 ? ANY : NOTHING;
    const enum pm_kind *const b_kinds = arity > 1 ? ANY : NOTHING;
    int count = 0;
    for (int o = 0; o < 3; o++) {
        for (int a = 0; a < (arity > 0 ? 3 : 1); a++) {
            for (int b = 0; b < (arity > 1 ? 3 : 1); b++) {
                const struct pm_shape shape = {.out = ANY[o], .a = a_kinds[a], .b = b_kinds[b]};
                if (shape_allowed(profile, op, &shape)) {
                    out[count++] = shape;
                }
            }
        }
    }
    return count;
}

bool pm_profile_allows(const struct pm_profile *profile, const struct pm_algorithm_meta *meta,
                       enum pm_phase phase, const struct pm_instruction *instruction)
{
    const enum pm_op op = (enum pm_op)instruction->op;
    if (!(profile->ops[phase] >> op & 1) || pm_instruction_effect(instruction, meta).inert) {
        return false;
    }
    if (profile->mixed_kinds) {
        return true;
    }
    const int arity = pm_op_info(op)->arity;
    const struct pm_shape shape = {
        .out = (enum pm_kind)instruction->out.kind,
        .a = arity > 0 ? (enum pm_kind)instruction->a.kind : PM_KIND_NONE,
        .b = arity > 1 ? (enum pm_kind)instruction->b.kind : PM_KIND_NONE,
    };
    return shape_allowed(profile, op, &shape);
}

struct pm_algorithm *pm_profile_fit(const struct pm_profile *profile,
                                    const struct pm_algorithm *seed, struct pm_error *error)
{
    struct pm_algorithm_meta meta;
    if (!pm_profile_meta(profile, seed->input_dim, &meta, error)) {
        return NULL;
    }
    /* A seed may keep vectors wider than its input where the profile does not say how wide. */
    if (profile->vector_dim == 0 && seed->meta.vector_dim > meta.vector_dim) {
        meta.vector_dim = seed->meta.vector_dim;
    }

    struct pm_algorithm *simple = pm_simplify(seed, error);
    if (simple == NULL) {
        return NULL;
    }
    simple->meta = meta;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        int length = 0;
        for (int i = 0; i < simple->length[phase] && length < profile->max_ops[phase]; i++) {
            const struct pm_instruction *instruction = &simple->phase[phase][i];
            if (pm_profile_allows(profile, &meta, (enum pm_phase)phase, instruction)) {
                simple->phase[phase][length++] = *instruction;
            }
        }
        simple->length[phase] = length;
    }
    return simple;
}
