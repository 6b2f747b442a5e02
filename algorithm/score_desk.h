/* Where one thread runs algorithms on tasks, with either executor. Private to algorithm/. */
#ifndef POOLMINER_SCORE_DESK_H
#define POOLMINER_SCORE_DESK_H

#include <poolminer/suite.h>

/* All zeros is an empty desk; its parts are made on first need and kept. */
struct pm_score_desk {
    struct pm_lanes *lanes;
    struct pm_executor *executor;
    struct pm_lane_code *code; /* what this thread translated, and all threads run */
    bool code_refused;         /* there is no memory for code to be had */
    float *predictions;        /* of the reference executor */
    size_t predictions_room;
};

void pm_score_desk_clear(struct pm_score_desk *desk);

/* Runs an algorithm on groups first .. first + count - 1 and writes its tasks' scores. `program` is
 * the compiled algorithm; NULL: the reference executor runs it. */
bool pm_score_desk_run(struct pm_score_desk *desk, const struct pm_suite *suite,
                       const struct pm_algorithm *algorithm, const struct pm_lane_program *program,
                       uint32_t first, uint32_t count, const struct pm_until *until,
                       double *task_scores, struct pm_error *error);

/* Translates if running the program on the suite takes so long that translating it pays. */
void pm_score_desk_translate(struct pm_score_desk *desk, const struct pm_suite *suite,
                             struct pm_lane_program *program);

#endif
