/* poolminer dataset, as a user types it. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset.h>
#include <poolminer/file.h>
#include <poolminer/json.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 60000, RECORDS = 2100 };

/* A directory with batch.bin: the synthetic dataset's first 2100 records. */
static int set_up(void **state)
{
    struct pm_dataset *dataset = NULL;
    char path[96];
    test_home_set_up(state);
    snprintf(path, sizeof path, "%s/batch.bin", test_home);
    assert_true(pm_dataset_synthetic(1, RECORDS, &dataset, NULL));
    assert_true(pm_file_write_atomic(path, dataset->records,
                                     (size_t)RECORDS * PM_DATASET_RECORD_SIZE, 0644, true, NULL));
    pm_dataset_destroy(dataset);
    return 0;
}

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, "dataset", __VA_ARGS__, NULL},         \
                TIMEOUT_MS)

static void a_file_is_imported_shown_and_verified(void **state)
{
    (void)state;
    expect_output(RUN("import", "batch.bin"), 0, "use it with  --dataset cifar10", "");
    expect_output(RUN("info", "cifar10"), 0, "records      2100 of 3072 pixels", "");
    expect_output(
        RUN("info", "cifar10"), 0,
        "fe140bf34db622c8c4e421ebc1b49177e661e90e467098bcff613fadc4e339a0 (suite first2000)", "");
    expect_output(RUN("verify"), 0,
                  "cifar10: 2100 records, with the fingerprint they were imported", "");
    expect_output(RUN("verify"), 0, "synthetic: 2000 records, nothing wrong", "");
    expect_output(RUN("verify", "batch.bin"), 0, "batch.bin: 2100 records, nothing wrong", "");
}

static void an_import_has_the_name_it_was_given(void **state)
{
    (void)state;
    expect_output(RUN("import", "batch.bin", "--name", "mine"), 0, "--dataset mine", "");
    expect_output(RUN("--dataset", "mine"), 0, "mine\n  records      2100", "");
}

static void information_is_json_on_demand(void **state)
{
    struct output output = RUN("info", "synthetic", "--json");
    cJSON *object = NULL;
    const cJSON *fingerprints = NULL;
    const char *fingerprint = NULL;
    int64_t records = 0;
    (void)state;
    assert_int_equal(output.status, 0);
    assert_true(pm_json_parse(output.out, strlen(output.out), 100000, &object, NULL));
    assert_true(pm_json_integer(object, "records", &records, NULL));
    assert_int_equal(records, 2000);
    assert_true(pm_json_object(object, "fingerprints", &fingerprints, NULL));
    assert_true(pm_json_string(fingerprints, "first2000", &fingerprint, NULL));
    assert_string_equal(fingerprint,
                        "fe140bf34db622c8c4e421ebc1b49177e661e90e467098bcff613fadc4e339a0");
    cJSON_Delete(object);
    output_clear(&output);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    expect_output(RUN("import"), 2, "", "1 to 64 files or directories are expected");
    expect_output(RUN("remove"), 2, "", "there is no \"remove\"");
    expect_output(RUN("import", "batch.bin", "--name", "A B"), 1, "", "dataset name \"A B\"");
    expect_output(RUN("import", "absent.bin"), 1, "", "absent.bin: cannot be opened");
    expect_output(RUN("info", "absent"), 1, "", "neither imported under this name nor a file here");
    expect_output(RUN("info", "network"), 1, "", "the network's dataset is not on this machine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_imported_shown_and_verified),
        cmocka_unit_test(an_import_has_the_name_it_was_given),
        cmocka_unit_test(information_is_json_on_demand),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, test_home_tear_down);
}
