/* poolminer doctor: what could keep this machine from mining, looked at in one go. */
#include "cli/doctor.h"

#include "cli/cores.h"
#include "cli/paths.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/program.h>
#include <poolminer/stop.h>

static int conclude(const struct doctor *doctor)
{
    if (doctor->error.code != PM_ERROR_NONE) {
        return verb_fail(&doctor->error);
    }
    if (!doctor->json) {
        printf("%zu passed, %zu to look at, %zu failed, %zu not known here\n",
               doctor->count[DOCTOR_PASS], doctor->count[DOCTOR_WARN], doctor->count[DOCTOR_FAIL],
               doctor->count[DOCTOR_UNKNOWN]);
    }
    return doctor->count[DOCTOR_FAIL] == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct pm_options *options)
{
    static void (*const checks[])(struct doctor *) = {
        doctor_check_pool,  doctor_check_key,   doctor_check_data,  doctor_check_instance,
        doctor_check_cores, doctor_check_power, doctor_check_scores};
    struct doctor doctor = {.options = options, .json = pm_options_flag(options, "json")};
    struct pm_error error = {0};
    pm_program_forbid_core_dumps(); /* the key is read */
    if (!path_data_directory(options, &doctor.data_directory, &error)) {
        return verb_fail(&error);
    }
    pm_stop_install();
    cores_use(pm_options_integer(options, "threads"));
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !pm_stop_requested(); i++) {
        checks[i](&doctor);
    }
    free(doctor.data_directory);
    if (pm_stop_requested()) {
        pm_fail(&error, PM_ERROR_INTERRUPTED, "doctor: stopped before all was looked at");
        return verb_fail(&error);
    }
    return conclude(&doctor);
}

static const struct pm_option OPTIONS[] = {
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON a finding."},
    {.name = "root-dir",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .default_value = "/",
     .argument = "DIR",
     .help = "Below which the machine's /sys and /proc are, as in a container."},
};

const struct verb verb_doctor = {
    .name = "doctor",
    .summary = "Looks for what keeps this machine from mining, and says what to do.",
    .usage = "poolminer doctor [--json] [OPTION]...",
    .purpose =
        "Looks at everything that mining needs, with the settings that `mine` would use, and "
        "shows a line\nfor each: pass, warn (it works, less well than it could), FAIL with what "
        "to do, or - for what\ncannot be known here. Takes some seconds, most of them for the "
        "self test. Exit status 1 if\nanything failed.",
    .uses = USE_ALL,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
