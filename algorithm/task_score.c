#include <math.h>
#include <sleef.h>

#include <poolminer/executor.h>
#include <poolminer/task.h>

/* 1 - (2 / pi) atan(root of the mean squared error): 1 for perfect predictions, towards 0 without
 * end. */
static double regression_fitness(const struct pm_task *task, const float *predictions)
{
    const double two_over_pi = 0.63661977236758134308;
    const float *labels = task->labels + task->train_count;
    double sum = 0.0;
    for (uint32_t i = 0; i < task->validation_count; i++) {
        if (!isfinite(predictions[i])) {
            return -INFINITY;
        }
        double distance = (double)predictions[i] - (double)labels[i];
        sum += distance * distance;
    }
    double error = sqrt(sum / (double)task->validation_count);
    return 1.0 - two_over_pi * Sleef_cinz_atand1_u10purec(error);
}

double pm_task_score(const struct pm_task *task, const float *predictions)
{
    return task->regression ? regression_fitness(task, predictions)
                            : pm_task_accuracy(task, predictions);
}
