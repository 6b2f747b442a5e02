#include "algorithm/key.h"
#include "algorithm/number.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/text.h>

/* Each returns where what it has written ends. */
static char *put_index(char *at, unsigned index)
{
    if (index >= 10) {
        at = put_index(at, index / 10);
    }
    *at++ = (char)('0' + index % 10);
    *at = '\0';
    return at;
}

static char *put_operand(char *at, struct pm_operand operand)
{
    *at++ = pm_kind_letter((enum pm_kind)operand.kind);
    return put_index(at, operand.index);
}

static char *put_number(char *at, float value)
{
    char number[PM_NUMBER_SIZE];
    pm_number_write(value, number);
    return stpcpy(at, number);
}

/* MATMUL is written as dot wherever dot is read back as MATMUL. */
static const char *function_name(const struct pm_instruction *instruction)
{
    bool reads_back =
        instruction->a.kind == PM_KIND_MATRIX && instruction->b.kind != PM_KIND_SCALAR;
    if (instruction->op == PM_OP_MATMUL && reads_back) {
        return pm_op_info(PM_OP_DOT)->symbol;
    }
    return pm_op_info((enum pm_op)instruction->op)->symbol;
}

/* A call's name, its first argument and the rest. */
static char *put_call(char *at, const char *name, struct pm_operand a, const char *rest)
{
    at = stpcpy(stpcpy(at, name), "(");
    return stpcpy(put_operand(at, a), rest);
}

/* The longest instruction draws random numbers, and leaves room to spare. */
void pm_instruction_write(const struct pm_instruction *instruction, char out[PM_STATEMENT_SIZE])
{
    const struct pm_op_info *info = pm_op_info((enum pm_op)instruction->op);
    if (info->form == PM_FORM_NOOP) {
        stpcpy(out, "NoOp()");
        return;
    }
    char *at = put_operand(out, instruction->out);
    if (info->form == PM_FORM_CONST_VEC) {
        at = stpcpy(put_index(stpcpy(at, "["), instruction->element), "]");
    }
    at = stpcpy(at, " = ");
    switch (info->form) {
    case PM_FORM_NOOP:
        break;
    case PM_FORM_CONST:
    case PM_FORM_CONST_VEC:
        put_number(at, instruction->c0);
        break;
    case PM_FORM_COPY:
        put_operand(at, instruction->a);
        break;
    case PM_FORM_INFIX:
        at = stpcpy(put_operand(at, instruction->a), " ");
        put_operand(stpcpy(stpcpy(at, info->symbol), " "), instruction->b);
        break;
    case PM_FORM_UNARY:
        put_call(at, info->symbol, instruction->a, info->op == PM_OP_HEAVISIDE ? ", 1.0)" : ")");
        break;
    case PM_FORM_BINARY:
        at = put_call(at, function_name(instruction), instruction->a, ", ");
        stpcpy(put_operand(at, instruction->b), ")");
        break;
    case PM_FORM_RANDOM:
        at = stpcpy(stpcpy(at, info->symbol), "(");
        at = stpcpy(put_number(at, instruction->c0), ", ");
        stpcpy(put_number(at, instruction->c1), ")");
        break;
    }
}

/* Whether the instruction has a written form that reads back to it. */
static bool is_normal(const struct pm_instruction *instruction)
{
    const struct pm_op_info *info = pm_op_info((enum pm_op)instruction->op);
    if (instruction->op == PM_OP_NOOP || instruction->out.kind >= PM_KIND_NONE ||
        (info->arity > 0 && instruction->a.kind >= PM_KIND_NONE) ||
        (info->arity > 1 && instruction->b.kind >= PM_KIND_NONE)) {
        return false;
    }
    switch (info->form) {
    case PM_FORM_CONST:
        return !isnan(instruction->c0);
    case PM_FORM_CONST_VEC:
        return !isnan(instruction->c0) && instruction->out.kind == PM_KIND_VECTOR;
    case PM_FORM_RANDOM:
        return !isnan(instruction->c0) && !isnan(instruction->c1);
    case PM_FORM_BINARY:
        return !(instruction->op == PM_OP_DOT && instruction->a.kind == PM_KIND_MATRIX &&
                 instruction->b.kind != PM_KIND_SCALAR);
    default:
        return true;
    }
}

static bool check_normal(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    for (int p = 0; p < PM_PHASE_COUNT; p++) {
        const char *phase = pm_phase_name((enum pm_phase)p);
        if (algorithm->meta.max_ops[p] < algorithm->length[p]) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "%s has %d instructions, more than its bound of %d; raise max_ops",
                           phase, algorithm->length[p], algorithm->meta.max_ops[p]);
        }
        for (int i = 0; i < algorithm->length[p]; i++) {
            if (!is_normal(&algorithm->phase[p][i])) {
                return pm_fail(error, PM_ERROR_INVALID,
                               "instruction %d of %s has no written form (NaN, NOOP, or kinds that "
                               "cannot be written)",
                               i, phase);
            }
        }
    }
    return true;
}

static void write_meta(struct pm_text *text, const struct pm_algorithm_meta *meta)
{
    pm_text_append(text,
                   "# meta: scalar_count=%d vector_count=%d matrix_count=%d vector_dim=%d "
                   "setup_max_ops=%d predict_max_ops=%d learn_max_ops=%d\n",
                   meta->scalar_count, meta->vector_count, meta->matrix_count, meta->vector_dim,
                   meta->max_ops[PM_PHASE_SETUP], meta->max_ops[PM_PHASE_PREDICT],
                   meta->max_ops[PM_PHASE_LEARN]);
}

static void write_phase(struct pm_text *text, const struct pm_algorithm *algorithm,
                        enum pm_phase phase)
{
    static const char *const titles[PM_PHASE_COUNT] = {"Setup", "Predict", "Learn"};
    pm_text_append(text, "def %s():\n", titles[phase]);
    for (int i = 0; i < algorithm->length[phase]; i++) {
        char statement[PM_STATEMENT_SIZE];
        pm_instruction_write(&algorithm->phase[phase][i], statement);
        pm_text_append_bytes(text, "  ", 2);
        pm_text_append_bytes(text, statement, strlen(statement));
        pm_text_append_bytes(text, "\n", 1);
    }
    if (algorithm->length[phase] == 0) {
        pm_text_append(text, "  NoOp()\n");
    }
}

static bool write_whole(const struct pm_algorithm *algorithm, struct pm_text *text,
                        struct pm_error *error)
{
    if (!check_normal(algorithm, error)) {
        return false;
    }
    write_meta(text, &algorithm->meta);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        write_phase(text, algorithm, (enum pm_phase)phase);
    }
    return !text->failed || pm_fail(error, PM_ERROR_MEMORY, "out of memory for an algorithm");
}

char *pm_algorithm_write(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    struct pm_text text = {0};
    if (!write_whole(algorithm, &text, error)) {
        free(text.data);
        return NULL;
    }
    if (text.length > PM_ALGORITHM_TEXT_MAX) {
        pm_fail(error, PM_ERROR_LIMIT, "the algorithm's written form is %zu bytes; the limit is %d",
                text.length, PM_ALGORITHM_TEXT_MAX);
        free(text.data);
        return NULL;
    }
    return text.data;
}

static uint64_t little_endian(const unsigned char bytes[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

bool pm_algorithm_key(const struct pm_algorithm *algorithm, const void *suffix, size_t suffix_size,
                      uint64_t *out, struct pm_error *error)
{
    struct pm_text text = {0};
    unsigned char digest[sizeof *out];
    bool written = write_whole(algorithm, &text, error);
    if (written) {
        crypto_generichash_blake2b_state state;
        crypto_generichash_blake2b_init(&state, NULL, 0, sizeof digest);
        crypto_generichash_blake2b_update(&state, (const unsigned char *)text.data, text.length);
        crypto_generichash_blake2b_update(&state, suffix, suffix_size);
        crypto_generichash_blake2b_final(&state, digest, sizeof digest);
        *out = little_endian(digest);
    }
    free(text.data);
    return written;
}

bool pm_algorithm_hash(const struct pm_algorithm *algorithm, uint64_t *out, struct pm_error *error)
{
    return pm_algorithm_key(algorithm, "", 0, out, error);
}
