/* The fast executor: sixteen tasks at once in the lanes of SIMD vectors. Same bits as the reference
 * executor (executor.h), at every SIMD level. How it works and what it reaches:
 * docs/performance.md.
 *
 * Three parts. Tasks are laid out in lanes once (pm_lane_tasks) and read by all threads. An
 * algorithm is compiled into a program (pm_lane_program), which any number of threads may run. Each
 * thread runs programs in memory of its own (pm_lanes). */
#ifndef POOLMINER_LANES_H
#define POOLMINER_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/task.h>
#include <poolminer/until.h>

enum {
    PM_LANES = 16,
    PM_LANE_GROUPS_MAX = 4, /* groups that are ever run side by side */
};

enum pm_simd_level {
    PM_SIMD_BASELINE, /* SSE2 on x86-64, NEON on aarch64 */
    PM_SIMD_AVX2,
    PM_SIMD_AVX512,
    PM_SIMD_LEVEL_COUNT
};

/* "baseline", "avx2", "avx512". */
const char *pm_simd_level_name(enum pm_simd_level level);
bool pm_simd_level_parse(const char *text, enum pm_simd_level *out, struct pm_error *error);
/* Whether this build has the level and this processor runs it. */
bool pm_simd_level_available(enum pm_simd_level level);
/* The highest available level, or the one that POOLMINER_SIMD names in the environment if that is
 * lower; a name that is none, or not available, is ignored. */
enum pm_simd_level pm_simd_level_best(void);

/* ---- tasks ---- */

/* Sixteen tasks of similar length. */
struct pm_lane_group {
    uint32_t task[PM_LANES]; /* which task of the list it was made from; UINT32_MAX: none */
    uint32_t id[PM_LANES];   /* that task's id; 0 for none */
    uint32_t train_count[PM_LANES], validation_count[PM_LANES]; /* 0 for none */
    uint32_t train_min, train_max;                              /* over the tasks there are */
    uint32_t validation_max;
};

/* Features and labels task-minor: element e of example i of lane l of group g is
 * features[((g * examples + i) * input_dim + e) * PM_LANES + l], its label
 * labels[(g * examples + i) * PM_LANES + l], examples = train_capacity + validation_capacity, the
 * validation examples from train_capacity on. What lies past a task's examples is 0, and its labels
 * PM_LANE_NO_LABEL. */
struct pm_lane_tasks {
    int input_dim;
    uint32_t task_count, group_count;
    uint32_t train_capacity, validation_capacity; /* examples there is room for in each group */
    struct pm_lane_group *groups;
    const float *features; /* on 64 byte boundaries, like the labels */
    const float *labels;
    void *memory; /* private: what destroy frees besides the groups; NULL: others' */
};
#define PM_LANE_NO_LABEL 2.0f

/* Lays out `count` tasks of one input_dim, in groups by length. Copies all it needs. */
bool pm_lane_tasks_create(const struct pm_task *tasks, size_t count, struct pm_lane_tasks **out,
                          struct pm_error *error);
void pm_lane_tasks_destroy(struct pm_lane_tasks *tasks);

/* ---- programs ---- */

struct pm_lane_program;

/* An empty program for a level; keeps its memory from one compilation to the next. NULL when memory
 * is out. */
struct pm_lane_program *pm_lane_program_create(enum pm_simd_level level);
void pm_lane_program_destroy(struct pm_lane_program *program);

/* Compiles: dead instructions left out, kinds resolved, registers placed, neighbours fused. Takes
 * a few microseconds. PM_ERROR_LIMIT when its registers need more than PM_LANE_MEMORY_MAX bytes in
 * lanes: such an algorithm is for the reference executor. */
bool pm_lane_program_compile(struct pm_lane_program *program, const struct pm_algorithm *algorithm,
                             struct pm_error *error);
enum { PM_LANE_MEMORY_MAX = 16 * 1024 * 1024 };

/* Memory for machine code. NULL where there is none to be had: on other processors, or where the
 * system forbids it; programs are then interpreted. */
struct pm_lane_code;
struct pm_lane_code *pm_lane_code_create(size_t bytes);
void pm_lane_code_destroy(struct pm_lane_code *code);
/* Makes room again: no program translated into it may be run any more. */
void pm_lane_code_reset(struct pm_lane_code *code);

/* Translates a compiled program into machine code, as far as that is possible (AVX-512 only) and
 * there is room; the rest is interpreted. Takes several microseconds more than compilation. `code`
 * may be NULL; otherwise it must live as long as the program is run, and is used by one thread at a
 * time while it is written to. */
void pm_lane_program_translate(struct pm_lane_program *program, struct pm_lane_code *code);

/* What compilation left of an algorithm. */
struct pm_lane_program_info {
    int steps[3];            /* of setup, of one training example, of one validation example */
    size_t memory_bytes;     /* registers of one group */
    int interleaved_groups;  /* groups that train side by side */
    int validation_examples; /* that run side by side; 1 when predict carries state */
    bool random;             /* draws random numbers */
    bool native[3];          /* which sections are machine code */
    double cost;             /* of a training and a validation example, in about cycles */
};
struct pm_lane_program_info pm_lane_program_info(const struct pm_lane_program *program);

/* ---- runs ---- */

struct pm_lanes;

/* Memory for one thread's runs; it grows on first need and is kept. NULL when memory is out. */
struct pm_lanes *pm_lanes_create(void);
void pm_lanes_destroy(struct pm_lanes *lanes);

/* What to run, how long, and what to keep. Zeroed: all examples, to the end, nothing kept. */
struct pm_lane_request {
    uint32_t train_limit, validation_limit; /* at most so many examples; 0: all */
    const struct pm_until *until;           /* looked at every few milliseconds; may be NULL */
    double *accuracy;          /* [task]: share of validation examples predicted right */
    double *fitness;           /* [task]: score of a regression, as pm_task_score's */
    float *const *predictions; /* [task]: room for its validation examples' predictions */
};

/* Runs a program on groups first .. first + count - 1. Writes the entries of the tasks in these
 * groups; several threads may run different groups into the same arrays. Fails only for want of
 * memory, when the program's input_dim is not the tasks', or with PM_ERROR_INTERRUPTED when the
 * time was over; what it is within a section that is machine code is seen between examples. */
bool pm_lanes_run(struct pm_lanes *lanes, const struct pm_lane_program *program,
                  const struct pm_lane_tasks *tasks, uint32_t first, uint32_t count,
                  const struct pm_lane_request *request, struct pm_error *error);

#endif
