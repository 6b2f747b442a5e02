/* poolminer estimate: what a model is, the figures it is given, and the answer it prints. */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include <poolminer/options.h>
#include <poolminer/profit.h>
#include <poolminer/text.h>

/* ---- the figures: from the command line, else from the file ---- */

struct estimate_input {
    const struct pm_options *options;
    cJSON *file; /* an object; NULL: none was given */
};

/* Reads --file, if given, and refuses options and members that are none of `names` (as on the
 * command line; NULL ends the list). The caller clears. */
bool estimate_input_open(const struct pm_options *options, const char *model,
                         const char *const *names, struct estimate_input *out,
                         struct pm_error *error);
void estimate_input_clear(struct estimate_input *input);

bool estimate_has(const struct estimate_input *input, const char *name);

/* A number that has to be given; one that keeps *out if it is not; the same for words and for yes
 * or no. A text belongs to the input. */
bool estimate_need(const struct estimate_input *input, const char *name, double *out,
                   struct pm_error *error);
bool estimate_may(const struct estimate_input *input, const char *name, double *out,
                  struct pm_error *error);
bool estimate_text(const struct estimate_input *input, const char *name, const char **out,
                   struct pm_error *error);
bool estimate_flag(const struct estimate_input *input, const char *name, bool *out,
                   struct pm_error *error);

/* A list of numbers, which only a file can have. NULL and true if it has none; the caller frees. */
bool estimate_list(const struct estimate_input *input, const char *key, double **out, size_t *count,
                   struct pm_error *error);

/* ---- the answer ---- */

struct estimate_answer {
    cJSON *json;
    struct pm_text rows; /* the same for people */
    bool failed;         /* memory ran out */
};

/* `key` is the member of the JSON answer; a number that is not finite is null there, "never" in
 * the row. The sentence is the member "verdict". */
void estimate_number(struct estimate_answer *answer, const char *key, const char *unit,
                     double value);
void estimate_word(struct estimate_answer *answer, const char *key, const char *word);
void estimate_bool(struct estimate_answer *answer, const char *key, bool value);
/* A figure that was measured, under the name of the option that would have given it. */
void estimate_measured(struct estimate_answer *answer, const char *option, double value);
enum { ESTIMATE_VERDICT_DIGITS = 4 }; /* of the numbers in it */
void estimate_verdict(struct estimate_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "good", "fair" or "bad". */
const char *estimate_sign(enum pm_sign sign);

/* ---- the models ---- */

struct estimate_model {
    const char *name;
    const char *const *names; /* options it takes; lists of a file as options would be named */
    bool asks;                /* a miner here for what it is not given */
    bool (*run)(const struct estimate_input *input, struct estimate_answer *answer,
                struct pm_error *error);
};

extern const struct estimate_model estimate_pool, estimate_direct, estimate_bitads,
    estimate_moderntensor, estimate_vidaio, estimate_profit;

#endif
