/* poolminer demo: everything it promises, from its own words. */
#include "cmocka_include.h"
#include "programs.h"
#include "run_program.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

enum { DURATION_S = 25, LIMIT_MS = 120000, MINERS = 3 };

static double sum_of(const cJSON *miners, const char *name)
{
    double sum = 0;
    const cJSON *miner = NULL;
    cJSON_ArrayForEach(miner, miners)
    {
        double value = 0;
        struct pm_error error = {0};
        if (!pm_json_number(miner, name, &value, &error)) {
            fail_msg("%s", error.message);
        }
        assert_true(value >= 0);
        sum += value;
    }
    return sum;
}

static void check_hotkeys(const cJSON *miners)
{
    const char *hotkeys[MINERS];
    for (int i = 0; i < MINERS; i++) {
        assert_true(pm_json_string(cJSON_GetArrayItem(miners, i), "hotkey", &hotkeys[i], NULL));
        assert_int_equal(strlen(hotkeys[i]), 48);
        assert_int_equal(hotkeys[i][0], '5');
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(hotkeys[i], hotkeys[j]);
        }
    }
}

static void check_report(const char *text)
{
    cJSON *root = NULL;
    struct pm_error error = {0};
    const cJSON *miners = NULL;
    if (!pm_json_parse(text, strlen(text), 1000000, &root, &error)) {
        fail_msg("%s: %s", error.message, text);
    }
    static const char *const parts[] = {"ok", "evaluated", "evolved", "agreed", "paid"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool done = false;
        assert_true(pm_json_bool(root, parts[i], &done, NULL));
        assert_true(done);
    }
    assert_true(pm_json_array(root, "miners", &miners, NULL));
    assert_int_equal(cJSON_GetArraySize(miners), MINERS);
    check_hotkeys(miners);
    double evaluations = sum_of(miners, "evaluations");
    double accurate = sum_of(miners, "evaluations_accurate");
    double evolutions = sum_of(miners, "evolutions");
    double finalised = sum_of(miners, "evolutions_finalised");
    assert_true(evaluations > 0 && evolutions > 0 && finalised > 0);
    assert_true(finalised <= evolutions);
    /* Everybody computes with the same code: whoever is judged is right. */
    assert_true(accurate == sum_of(miners, "evaluations_finalised"));
    assert_true(accurate > 0 && accurate <= evaluations);
    assert_true(sum_of(miners, "reputation") > 0);
    assert_true(sum_of(miners, "paid_rao") > 0);
    cJSON_Delete(root);
}

static void a_demo_succeeds_and_leaves_nothing(void **state)
{
    (void)state;
    struct place place;
    char temporary[96], home[96], duration[8];
    place_create(&place);
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", place.path);
    snprintf(home, sizeof home, "HOME=%s", place.path);
    snprintf(duration, sizeof duration, "%d", DURATION_S);
    /* What other programs of poolminer are told here is nothing to the demo's. */
    const char *const environment[] = {temporary,
                                       home,
                                       "XDG_CONFIG_HOME=",
                                       "POOLMINER_POOL_MINIMUM_ITERATIONS=1000000",
                                       "POOLMINER_POOL_HOST=nowhere.invalid",
                                       "POOLMINER_POOL_FEE=many",
                                       "POOLMINER_KEY_FILE=/nowhere/worker.key",
                                       "POOLMINER_SIDECAR_KEYS=/nowhere/keys",
                                       "POOLMINER_WORKER_NAME=no good name",
                                       NULL};
    const char *const program = PM_BIN_DIR "/poolminer";
    const char *const arguments[] = {program, "demo", "--duration-s", duration, "--json", NULL};
    struct output output = run_program(place.path, arguments, environment, LIMIT_MS);
    if (output.status != 0) {
        fail_msg("status %d\n%s\n%s", output.status, output.out, output.err);
    }
    check_report(output.out);
    assert_in_range(output.took_ms, DURATION_S * 1000, LIMIT_MS);
    output_clear(&output);
    /* Its directory was made below ours, and is gone. */
    DIR *files = opendir(place.path);
    assert_non_null(files);
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
        assert_int_equal(entry->d_name[0], '.');
    }
    closedir(files);
    place_destroy(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_demo_succeeds_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
