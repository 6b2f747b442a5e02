#include "algorithm/reading.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/check.h>
#include <poolminer/liveness.h>

/* ---- findings ---- */

struct findings {
    struct pm_check *check;
    size_t capacity;
    bool failed;
};

static void collect(void *context, int line, bool refused, const char *reason)
{
    struct findings *findings = context;
    struct pm_check *check = findings->check;
    if (check->finding_count == findings->capacity) {
        size_t capacity = findings->capacity > 0 ? 2 * findings->capacity : 8;
        struct pm_check_finding *more = realloc(check->findings, capacity * sizeof *more);
        if (more == NULL) {
            findings->failed = true;
            return;
        }
        check->findings = more;
        findings->capacity = capacity;
    }
    char *copy = strdup(reason);
    if (copy == NULL) {
        findings->failed = true;
        return;
    }
    check->findings[check->finding_count++] =
        (struct pm_check_finding){.line = line, .refused = refused, .reason = copy};
    check->strict = check->strict && !refused;
}

/* Meta lines are read before the statements; people read from top to bottom. */
static int compare_findings(const void *a, const void *b)
{
    const struct pm_check_finding *x = a, *y = b;
    return (x->line > y->line) - (x->line < y->line);
}

static bool out_of_memory(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_MEMORY, "out of memory for checking an algorithm");
}

static bool read_text(const char *text, size_t length, int input_dim, struct pm_check *check,
                      struct pm_instruction_lines *lines, struct pm_error *error)
{
    struct findings findings = {.check = check};
    const struct pm_report report = {.sink = collect, .context = &findings};
    check->strict = true;
    if (!pm_algorithm_read(text, length, input_dim, &report, lines, &check->algorithm, error)) {
        return false;
    }
    if (findings.failed) {
        return out_of_memory(error);
    }
    if (check->finding_count > 0) {
        qsort(check->findings, check->finding_count, sizeof *check->findings, compare_findings);
    }
    return true;
}

/* ---- what instructions are good for ---- */

static enum pm_check_use use_of(const struct pm_liveness *liveness,
                                const struct pm_algorithm *algorithm, int phase, int index)
{
    if (pm_instruction_inertness(&algorithm->phase[phase][index], &algorithm->meta) != PM_ACTIVE) {
        return PM_USE_INERT;
    }
    bool live = (liveness->flags[phase][index] & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION)) != 0;
    return live ? PM_USE_LIVE : PM_USE_DEAD;
}

static void note_instructions(struct pm_check *check, const struct pm_liveness *liveness,
                              const struct pm_instruction_lines *lines)
{
    const struct pm_algorithm *algorithm = check->algorithm;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            check->instructions[check->instruction_count++] = (struct pm_check_instruction){
                .phase = (enum pm_phase)phase,
                .line = lines->line[phase][i],
                .instruction = algorithm->phase[phase][i],
                .use = use_of(liveness, algorithm, phase, i),
            };
        }
    }
}

static void summarise(struct pm_check *check, const struct pm_liveness *liveness)
{
    const struct pm_operand input = {.kind = PM_KIND_VECTOR, .index = 0};
    for (size_t i = 0; i < check->instruction_count; i++) {
        const struct pm_check_instruction *at = &check->instructions[i];
        if (at->use != PM_USE_LIVE) {
            continue;
        }
        const struct pm_operand out = at->instruction.out;
        check->writes_prediction |= out.kind == PM_KIND_SCALAR && out.index == 0;
        check->learns |= at->phase == PM_PHASE_LEARN;
        check->draws |= pm_op_info((enum pm_op)at->instruction.op)->form == PM_FORM_RANDOM;
    }
    check->reads_input = pm_register_set_has(&liveness->training, input) ||
                         pm_register_set_has(&liveness->validation, input);
}

/* ---- registers read before they are written ---- */

/* Walks through the first example: setup, predict, learn. */
struct first_example {
    struct pm_check *check;
    struct pm_register_set written, reported;
};

static void include(struct pm_register_set *set, struct pm_operand reg)
{
    set->bits[reg.kind] |= UINT64_C(1) << reg.index;
}

static bool same_register(struct pm_operand a, struct pm_operand b)
{
    return a.kind == b.kind && a.index == b.index;
}

/* Whether a later example could find something else there. What learn and predict leave in s1 is
 * zeroed after learn, and no earlier phase of an example writes it but predict. */
static bool is_ever_written(const struct pm_check *check, struct pm_operand reg,
                            enum pm_phase reader)
{
    const bool is_label = reg.kind == PM_KIND_SCALAR && reg.index == 1;
    for (size_t i = 0; i < check->instruction_count; i++) {
        const struct pm_check_instruction *at = &check->instructions[i];
        if (at->use == PM_USE_INERT || !same_register(at->instruction.out, reg)) {
            continue;
        }
        if (reader == PM_PHASE_SETUP || at->phase == PM_PHASE_SETUP) {
            continue; /* setup runs once: what it writes after the reader is too late for setup */
        }
        if (is_label && at->phase == PM_PHASE_LEARN) {
            continue;
        }
        return true;
    }
    return false;
}

static void note_read(struct first_example *walk, const struct pm_check_instruction *reader,
                      struct pm_operand reg)
{
    if (pm_register_set_has(&walk->written, reg) || pm_register_set_has(&walk->reported, reg)) {
        return;
    }
    include(&walk->reported, reg);
    walk->check->unwritten[walk->check->unwritten_count++] = (struct pm_check_unwritten){
        .reg = reg,
        .phase = reader->phase,
        .line = reader->line,
        .always = !is_ever_written(walk->check, reg, reader->phase),
    };
}

static void begin_phase(struct first_example *walk, enum pm_phase phase)
{
    const struct pm_operand input = {.kind = PM_KIND_VECTOR, .index = 0};
    const struct pm_operand label = {.kind = PM_KIND_SCALAR, .index = 1};
    if (phase == PM_PHASE_PREDICT) {
        include(&walk->written, input);
    }
    if (phase == PM_PHASE_LEARN) {
        include(&walk->written, label);
    }
}

static void find_unwritten(struct pm_check *check)
{
    struct first_example walk = {.check = check};
    enum pm_phase phase = PM_PHASE_SETUP;
    for (size_t i = 0; i < check->instruction_count; i++) {
        const struct pm_check_instruction *at = &check->instructions[i];
        while (phase < at->phase) {
            begin_phase(&walk, ++phase);
        }
        if (at->use == PM_USE_INERT) {
            continue;
        }
        uint8_t arity = pm_op_info((enum pm_op)at->instruction.op)->arity;
        if (arity > 0) {
            note_read(&walk, at, at->instruction.a);
        }
        if (arity > 1) {
            note_read(&walk, at, at->instruction.b);
        }
        include(&walk.written, at->instruction.out);
    }
}

/* ---- all of it ---- */

static bool check_text(const char *text, size_t length, int input_dim, struct pm_check *check,
                       struct pm_instruction_lines *lines, struct pm_liveness *liveness,
                       struct pm_error *error)
{
    if (!read_text(text, length, input_dim, check, lines, error)) {
        return false;
    }
    size_t instructions = 1, registers = (size_t)PM_KIND_NONE * PM_REGISTER_COUNT_MAX;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        instructions += (size_t)check->algorithm->length[phase];
    }
    check->instructions = calloc(instructions, sizeof *check->instructions);
    check->unwritten = calloc(registers, sizeof *check->unwritten);
    if (check->instructions == NULL || check->unwritten == NULL) {
        return out_of_memory(error);
    }
    pm_liveness_analyse(check->algorithm, liveness);
    note_instructions(check, liveness, lines);
    summarise(check, liveness);
    find_unwritten(check);
    return true;
}

bool pm_check_text(const char *text, size_t length, int input_dim, struct pm_check *out,
                   struct pm_error *error)
{
    *out = (struct pm_check){0};
    struct pm_instruction_lines *lines = calloc(1, sizeof *lines);
    struct pm_liveness *liveness = calloc(1, sizeof *liveness);
    bool checked;
    if (lines != NULL && liveness != NULL) {
        checked = check_text(text, length, input_dim, out, lines, liveness, error);
    } else {
        checked = out_of_memory(error);
    }
    free(lines);
    free(liveness);
    if (!checked) {
        pm_check_clear(out);
    }
    return checked;
}

void pm_check_clear(struct pm_check *check)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        free(check->findings[i].reason);
    }
    free(check->findings);
    free(check->instructions);
    free(check->unwritten);
    pm_algorithm_destroy(check->algorithm);
    *check = (struct pm_check){0};
}

size_t pm_check_count(const struct pm_check *check, enum pm_phase phase, enum pm_check_use use)
{
    size_t count = 0;
    for (size_t i = 0; i < check->instruction_count; i++) {
        count += check->instructions[i].use == use &&
                 (phase == PM_PHASE_COUNT || check->instructions[i].phase == phase);
    }
    return count;
}
