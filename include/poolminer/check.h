/* Explaining an algorithm's text: what reading makes of it, what its instructions are good for,
 * what strict reading would refuse. `poolminer check` shows it. */
#ifndef POOLMINER_CHECK_H
#define POOLMINER_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/instruction.h>
#include <poolminer/text.h>

/* Something about a line. */
struct pm_check_finding {
    int line;     /* from 1 */
    bool refused; /* strict reading refuses the text for it; otherwise it is merely strange */
    char *reason;
};

enum pm_check_use {
    PM_USE_LIVE,  /* what it writes can reach a prediction */
    PM_USE_DEAD,  /* it writes what nothing needs */
    PM_USE_INERT, /* it can do nothing */
};

struct pm_check_instruction {
    enum pm_phase phase;
    int line;
    struct pm_instruction instruction;
    enum pm_check_use use;
};

/* A register whose first reader in the run finds it unwritten, so 0. */
struct pm_check_unwritten {
    struct pm_operand reg;
    enum pm_phase phase; /* of that reader */
    int line;
    bool always; /* nothing writes it later either: it is always 0 there */
};

struct pm_check {
    struct pm_algorithm *algorithm;
    struct pm_check_finding *findings; /* in the order of lines */
    size_t finding_count;
    bool strict; /* strict reading accepts the text: no finding is a refusal */
    struct pm_check_instruction *instructions; /* in the order of run, then of the text */
    size_t instruction_count;
    struct pm_check_unwritten *unwritten;
    size_t unwritten_count;
    bool writes_prediction; /* a live instruction writes s0 */
    bool reads_input;       /* the input can reach a prediction */
    bool learns;            /* a live instruction stands in learn */
    bool draws;             /* a live instruction draws random numbers */
};

/* False where lenient reading fails, or memory runs out; `out` is then empty. */
bool pm_check_text(const char *text, size_t length, int input_dim, struct pm_check *out,
                   struct pm_error *error);
void pm_check_clear(struct pm_check *check);

/* How many instructions of a phase (PM_PHASE_COUNT: of all) are of this use. */
size_t pm_check_count(const struct pm_check *check, enum pm_phase phase, enum pm_check_use use);

/* "live", "dead", "inert". */
const char *pm_check_use_name(enum pm_check_use use);

/* The explanation for a person, several lines. */
void pm_check_explain(const struct pm_check *check, struct pm_text *out);

#endif
