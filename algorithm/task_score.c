#include <math.h>
#include <sleef.h>

#include <poolminer/executor.h>
#include <poolminer/task.h>

/* 1 - (2 / pi) atan(root of the mean squared error): 1 for perfect predictions, towards 0 without
 * end. */
double pm_regression_score(double squares, uint32_t validation_count)
{
    const double two_over_pi = 0.63661977236758134308;
    const double error = sqrt(squares / (double)validation_count);
    return 1.0 - two_over_pi * Sleef_cinz_atand1_u10purec(error);
}

static double regression_score(const struct pm_task *task, const float *predictions)
{
    const float *labels = task->labels + task->train_count;
    double sum = 0.0;
    for (uint32_t i = 0; i < task->validation_count; i++) {
        if (!isfinite(predictions[i])) {
            return -INFINITY;
        }
        double distance = (double)predictions[i] - (double)labels[i];
        sum += distance * distance;
    }
    return pm_regression_score(sum, task->validation_count);
}

double pm_task_score(const struct pm_task *task, const float *predictions)
{
    return task->regression ? regression_score(task, predictions)
                            : pm_task_accuracy(task, predictions);
}
