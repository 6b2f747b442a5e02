/* Tasks in lanes whose features and labels lie elsewhere. Private to the room. */
#ifndef POOLMINER_ALGORITHM_LANE_TASKS_H
#define POOLMINER_ALGORITHM_LANE_TASKS_H

#include <poolminer/lanes.h>

/* pm_lane_tasks_create without the data: groups and capacities, from the tasks' lengths and ids. */
bool pm_lane_tasks_outline(const struct pm_task *tasks, size_t count, struct pm_lane_tasks **out,
                           struct pm_error *error);

/* How many floats its data are, and how many of them are labels. The last ones belong to no task:
 * they are only looked at. */
size_t pm_lane_tasks_floats(const struct pm_lane_tasks *layout);
size_t pm_lane_tasks_label_floats(const struct pm_lane_tasks *layout);

/* Lets an outline use data as another layout of the same tasks has them, on a 64 byte boundary. */
void pm_lane_tasks_attach(struct pm_lane_tasks *layout, const float *floats);

#endif
