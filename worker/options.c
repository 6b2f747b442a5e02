#include "worker/options.h"

#include <poolminer/compute_options.h>
#include <poolminer/guest_options.h>
#include <poolminer/job.h>
#include <poolminer/program.h>
#include <poolminer/sidecar_options.h>

static const struct pm_option TABLE[] = {
    PM_OPTION_ROW_SIDECAR_URL,
    PM_OPTION_ROW_KEY_FILE,
    {.name = "run-id",
     .environment = "POOLMINER_RUN_ID",
     .type = PM_OPTION_TEXT,
     .default_value = PM_JOB_RUN_ID_DEFAULT,
     .argument = "ID",
     .help = "Take jobs of this run only; empty: of any run."},
    PM_OPTION_ROW_WORKERS(NULL, "Jobs computed at the same time, sharing the threads."),
    PM_OPTION_ROW_THREADS(NULL, "Threads that compute, of all jobs together; 0: one for each "
                                "processor allowed, one less on a machine with a battery, and no "
                                "more than --cpu-limit keeps busy."),
    {.name = "checkpoint-ms",
     .environment = "POOLMINER_CHECKPOINT_MS",
     .type = PM_OPTION_INTEGER,
     .default_value = "30000",
     .minimum = 10,
     .maximum = 86400000,
     .argument = "MS",
     .help = "How often an evolution is kept, so that another worker can go on with it."},
    PM_OPTION_ROW_NICE(NULL),
    PM_OPTION_ROW_CPU_LIMIT(NULL),
    PM_OPTION_ROW_BATTERY(NULL),
    PM_OPTION_ROW_CHARGE(NULL),
    PM_OPTION_ROW_HOT(NULL),
    PM_OPTION_ROW_COOL(NULL),
    PM_OPTION_ROW_USED(NULL),
    {.name = "root-dir",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .default_value = "/",
     .argument = "DIR",
     .help = "Below which the machine's /sys, /proc, /dev, /run and /tmp are, as in a container."},
    PM_OPTION_ROW_DATASET(NULL),
    PM_OPTION_ROW_SUITE(NULL),
    {.name = "name",
     .environment = "POOLMINER_WORKER_NAME",
     .type = PM_OPTION_TEXT,
     .argument = "NAME",
     .help = "What the sidecar calls this worker; by default worker-HOST-PID."},
    {.name = "bar",
     .type = PM_OPTION_FLAG,
     .default_value = "true",
     .help = "On a terminal, draw how far the job is."},
    PM_PROGRAM_LOG_OPTIONS,
};

struct pm_options *pm_worker_options_create(void)
{
    return pm_options_create(TABLE, sizeof TABLE / sizeof *TABLE);
}
