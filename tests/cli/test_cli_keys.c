/* poolminer keys: files that the programs take, private ones, and sentences for what cannot be. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/curve_keys.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 60000 };

static char keys[80];

#define RUN(...)                                                                                   \
    run_at_home(test_home,                                                                         \
                (const char *const[]){POOLMINER, "keys", __VA_ARGS__, "--keys", keys, NULL},       \
                TIMEOUT_MS)

static int set_up(void **state)
{
    test_home_set_up(state);
    snprintf(keys, sizeof keys, "%s/keys", test_home);
    return 0;
}

static const char *in_keys(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", keys, name);
    return path;
}

static void expect_private(const char *name)
{
    struct stat status;
    assert_int_equal(stat(in_keys(name), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_client_is_let_in_and_shut_out(void **state)
{
    (void)state;
    struct pm_curve_keys own, client;
    struct pm_curve_list list;
    struct pm_error error = {0};
    char digits[PM_CURVE_KEY_DIGITS + 1];
    expect_output(RUN("authorize", "w1"), 1, "", "poolminer keys create");
    expect_output(RUN("create"), 0, "public ", "");
    expect_output(RUN("create"), 1, "", "not overwritten");
    expect_output(RUN("authorize", "w1"), 0, "w1.client.key", "");
    expect_output(RUN("list"), 0, " w1\n", "");
    expect_output(RUN("list", "--json"), 0, "{\"name\":\"w1\",\"public\":\"", "");
    expect_private("sidecar.key");
    expect_private("w1.client.key");
    expect_private("authorized");
    assert_true(pm_curve_keys_read(in_keys("sidecar.key"), &own, &error));
    assert_true(pm_curve_keys_read(in_keys("w1.client.key"), &client, &error));
    assert_memory_equal(client.sidecar_key, own.public_key, PM_CURVE_KEY_SIZE);
    assert_true(pm_curve_list_read(in_keys("authorized"), &list, &error));
    pm_curve_key_format(client.public_key, digits);
    assert_string_equal(pm_curve_list_find(&list, digits), "w1");
    pm_curve_list_clear(&list);
    expect_output(RUN("revoke", "w1"), 0, "", "");
    expect_output(RUN("revoke", "w1"), 1, "", "w1 is not authorized");
    assert_true(pm_curve_list_read(in_keys("authorized"), &list, &error));
    assert_int_equal(list.count, 0);
    pm_curve_list_clear(&list);
}

/* The secret need not leave the machine where it is used. */
static void a_client_may_make_its_own_pair(void **state)
{
    (void)state;
    struct pm_curve_keys client;
    struct pm_error error = {0};
    char digits[PM_CURVE_KEY_DIGITS + 1];
    memset(digits, 'a', PM_CURVE_KEY_DIGITS);
    digits[PM_CURVE_KEY_DIGITS] = '\0';
    expect_output(RUN("create"), 0, "sidecar.key", "");
    expect_output(RUN("create", "w2", "--sidecar", digits), 0, "w2.client.key", "");
    assert_true(pm_curve_keys_read(in_keys("w2.client.key"), &client, &error));
    assert_true(client.is_client);
    pm_curve_key_format(client.public_key, digits);
    expect_output(RUN("authorize", "w2", "--public", digits), 0, "", "");
    expect_output(RUN("authorize", "w3", "--public", digits), 1, "", "w2 is authorized already");
    expect_output(RUN("list"), 0, digits, "");
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    expect_output(RUN("create"), 0, "", "");
    expect_output(RUN("authorize", "../w1"), 1, "", "a name is 1 to 64");
    expect_output(RUN("authorize"), 1, "", "say whom");
    expect_output(RUN("revoke"), 1, "", "say whose");
    expect_output(RUN("create", "w1"), 1, "", "--sidecar");
    expect_output(RUN("create", "w1", "--sidecar", "12"), 1, "", "64 hexadecimal digits");
    expect_output(RUN("frobnicate"), 2, "", "create, authorize, revoke and list");
}

#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, test_home_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOME(a_client_is_let_in_and_shut_out),
        WITH_HOME(a_client_may_make_its_own_pair),
        WITH_HOME(what_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
