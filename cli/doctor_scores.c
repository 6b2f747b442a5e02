/* Whether this machine's scores will be those of others: the same data, and the same arithmetic. */
#include "cli/doctor.h"

#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/dataset.h>
#include <poolminer/lanes.h>
#include <poolminer/selftest.h>
#include <poolminer/task.h>

static void compare(struct doctor *doctor, const char *fingerprint)
{
    const char *name = pm_options_text(doctor->options, "dataset");
    const char *suite = pm_options_text(doctor->options, "suite");
    const struct doctor_pool *pool = &doctor->pool;
    if (pool->fingerprint[0] != '\0' && strcmp(pool->fingerprint, fingerprint) != 0) {
        doctor_say(doctor, "dataset", DOCTOR_FAIL,
                   "use the pool's data with --dataset (`poolminer dataset info` shows "
                   "fingerprints)",
                   "%s has fingerprint %.16s..., the pool's is %.16s...: scores would differ", name,
                   fingerprint, pool->fingerprint);
    } else if (pool->suite[0] != '\0' && strcmp(pool->suite, suite) != 0) {
        doctor_say(doctor, "dataset", DOCTOR_FAIL, "use the pool's with --suite",
                   "suite %s, the pool's is %s: scores would differ", suite, pool->suite);
    } else if (pool->fingerprint[0] == '\0') {
        doctor_say(doctor, "dataset", DOCTOR_UNKNOWN, NULL, "%s has fingerprint %.16s...; %s", name,
                   fingerprint,
                   pool->answers ? "the pool does not tell its own" : "no pool to compare with");
    } else {
        doctor_say(doctor, "dataset", DOCTOR_PASS, NULL,
                   "%s has fingerprint %.16s..., as the pool's", name, fingerprint);
    }
}

static void check_dataset(struct doctor *doctor)
{
    enum pm_suite_edition edition = PM_EDITION_FIRST2000;
    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    if (pm_suite_edition_parse(pm_options_text(doctor->options, "suite"), &edition, &error) &&
        pm_dataset_open(pm_options_text(doctor->options, "dataset"), &dataset, &error) &&
        pm_dataset_fingerprint(dataset, pm_suite_edition_records(edition), fingerprint, &error)) {
        compare(doctor, fingerprint);
    } else {
        doctor_say(doctor, "dataset", DOCTOR_FAIL, "choose one with --dataset", "%s",
                   error.message);
    }
    pm_dataset_destroy(dataset);
}

/* The way in which mining computes here: the last one up to the level in use. */
static struct pm_selftest_way way_in_use(void)
{
    struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX];
    size_t count = pm_selftest_ways(ways);
    while (count > 1 && ways[count - 1].level > pm_simd_level_best()) {
        count--;
    }
    return ways[count - 1];
}

/* One way of the self test, which takes a second; all of them are `poolminer selftest`. */
static void check_arithmetic(struct doctor *doctor)
{
    struct pm_selftest_way way = way_in_use();
    char hash[PM_SELFTEST_HEX_SIZE];
    struct pm_error error = {0};
    int64_t start_ms = pm_clock_monotonic_ms();
    if (!pm_selftest_hash(pm_selftest_lanes, &way, hash, &error)) {
        doctor_say(doctor, "selftest", DOCTOR_FAIL, "run `poolminer selftest`", "%s",
                   error.message);
        return;
    }
    double took_s = (double)(pm_clock_monotonic_ms() - start_ms) / 1000;
    bool agrees = strcmp(hash, PM_SELFTEST_HASH) == 0;
    doctor_say(doctor, "selftest", agrees ? DOCTOR_PASS : DOCTOR_FAIL,
               agrees ? NULL
                      : "run `poolminer selftest`, and report what it prints (docs/selftest.md)",
               "%s%s: the hash %s, in %.1f s; `poolminer selftest` tries every way there is",
               pm_simd_level_name(way.level), way.machine_code ? " machine code" : "",
               agrees ? "is right" : "is WRONG, scores are worth nothing to a pool", took_s);
}

void doctor_check_scores(struct doctor *doctor)
{
    check_dataset(doctor);
    check_arithmetic(doctor);
}
