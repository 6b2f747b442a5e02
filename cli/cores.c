#include "cli/cores.h"

#include <omp.h>
#include <stddef.h>
#include <stdio.h>

#include <poolminer/threads.h>

int cores_use(int64_t asked)
{
    const size_t wanted = asked > 0 ? (size_t)asked : (size_t)omp_get_max_threads();
    const size_t count = pm_threads_affordable(wanted - 1) + 1;
    if (count < wanted) {
        fprintf(stderr,
                "poolminer: the system cannot spare %zu threads for this process (ulimit -u, "
                "ulimit -v, --threads); computing with %zu\n",
                wanted, count);
    }
    omp_set_num_threads((int)count);
    return (int)count;
}
