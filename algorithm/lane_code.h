/* Memory that native lane code is written to and run from: two views of the same pages, one that
 * can be written and one that can be executed, never both. Private to algorithm/. */
#ifndef POOLMINER_LANE_CODE_H
#define POOLMINER_LANE_CODE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/lanes.h>

struct pm_lane_code {
    uint8_t *writable, *executable;
    size_t size;
    atomic_size_t used;
};

#endif
