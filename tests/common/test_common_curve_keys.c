/* Key files and the list of those who may come: written, read, and refused when they are broken. */
#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/curve_keys.h>

static struct pm_error error;
static char directory[64];

static const char *path(const char *name)
{
    static char paths[4][128];
    static size_t next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof paths[0], "%s/%s", directory, name);
    return out;
}

static void a_pair_survives_its_file(void **state)
{
    (void)state;
    struct pm_curve_keys own, client, read;
    struct stat status;
    assert_true(pm_curve_keys_generate(NULL, &own, &error));
    assert_true(pm_curve_keys_generate(own.public_key, &client, &error));
    assert_true(pm_curve_keys_write(path("own"), &own, &error));
    assert_true(pm_curve_keys_write(path("client"), &client, &error));
    assert_int_equal(stat(path("own"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(pm_curve_keys_read(path("own"), &read, &error));
    assert_false(read.is_client);
    assert_memory_equal(read.public_key, own.public_key, PM_CURVE_KEY_SIZE);
    assert_memory_equal(read.secret_key, own.secret_key, PM_CURVE_KEY_SIZE);
    assert_true(pm_curve_keys_read(path("client"), &read, &error));
    assert_true(read.is_client);
    assert_memory_equal(read.sidecar_key, own.public_key, PM_CURVE_KEY_SIZE);
    assert_false(pm_curve_keys_write(path("own"), &client, &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct pm_curve_keys keys;
    assert_true(pm_curve_keys_generate(NULL, &keys, &error));
    assert_true(pm_curve_keys_write(path("open"), &keys, &error));
    assert_int_equal(chmod(path("open"), 0604), 0);
    assert_false(pm_curve_keys_read(path("open"), &keys, &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
    assert_non_null(strstr(error.message, "chmod 600"));
    assert_false(pm_curve_keys_read(path("nowhere"), &keys, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
}

static void expect_broken(const char *text)
{
    struct pm_curve_keys keys;
    error = (struct pm_error){0};
    assert_false(pm_curve_keys_parse(text, strlen(text), &keys, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
}

static void broken_files_are_refused_without_their_secret(void **state)
{
    (void)state;
    struct pm_curve_keys keys, other;
    char one[PM_CURVE_KEY_DIGITS + 1], two[PM_CURVE_KEY_DIGITS + 1], text[512];
    assert_true(pm_curve_keys_generate(NULL, &keys, &error));
    assert_true(pm_curve_keys_generate(NULL, &other, &error));
    pm_curve_key_format(keys.public_key, one);
    pm_curve_key_format(other.secret_key, two);
    snprintf(text, sizeof text, "public %s\nsecret %s\n", one, two); /* not a pair */
    expect_broken(text);
    assert_null(strstr(error.message, two));
    snprintf(text, sizeof text, "public %s\n", one);
    expect_broken(text);
    snprintf(text, sizeof text, "public %s\npublic %s\n", one, one);
    expect_broken(text);
    snprintf(text, sizeof text, "public %s0\nsecret %s\n", one, two);
    expect_broken(text);
    assert_null(strstr(error.message, two));
    expect_broken("");
    expect_broken("secret \n");
    expect_broken("sidecar zz\n");
}

static void a_list_is_kept_in_order(void **state)
{
    (void)state;
    struct pm_curve_list list = {0};
    struct pm_curve_keys keys[3];
    char digits[PM_CURVE_KEY_DIGITS + 1];
    static const char *const names[] = {"a", "b.2", "c-3_x"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(pm_curve_keys_generate(NULL, &keys[i], &error));
        assert_true(pm_curve_list_add(&list, keys[i].public_key, names[i], &error));
    }
    assert_false(pm_curve_list_add(&list, keys[1].public_key, "new", &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
    assert_true(pm_curve_list_remove(&list, "b.2"));
    assert_false(pm_curve_list_remove(&list, "b.2"));
    assert_false(pm_curve_list_add(&list, keys[1].public_key, "a", &error));
    assert_true(pm_curve_list_write(path("list"), &list, &error));
    pm_curve_list_clear(&list);
    assert_true(pm_curve_list_read(path("list"), &list, &error));
    assert_int_equal(list.count, 2);
    pm_curve_key_format(keys[2].public_key, digits);
    assert_string_equal(pm_curve_list_find(&list, digits), "c-3_x");
    pm_curve_key_format(keys[1].public_key, digits);
    assert_null(pm_curve_list_find(&list, digits));
    pm_curve_list_clear(&list);
    assert_true(pm_curve_list_read(path("no-list"), &list, &error));
    assert_int_equal(list.count, 0);
}

static void a_list_has_bounds(void **state)
{
    (void)state;
    struct pm_curve_list list = {0};
    uint8_t key[PM_CURVE_KEY_SIZE] = {0};
    char name[80];
    static const char *const bad[] = {"", "a b", "../x", ".hidden", "a/b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(pm_curve_list_add(&list, key, bad[i], &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
    }
    memset(name, 'n', PM_CURVE_NAME_MAX + 1);
    name[PM_CURVE_NAME_MAX + 1] = '\0';
    assert_false(pm_curve_list_add(&list, key, name, &error));
    for (int i = 0; i < PM_CURVE_LIST_MAX; i++) {
        key[0] = (uint8_t)i;
        key[1] = (uint8_t)(i >> 8);
        snprintf(name, sizeof name, "n%d", i);
        assert_true(pm_curve_list_add(&list, key, name, &error));
    }
    key[2] = 1;
    assert_false(pm_curve_list_add(&list, key, "one-more", &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    pm_curve_list_clear(&list);
    assert_false(pm_curve_list_parse("junk\n", 5, &list, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/pm-keys-XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"own", "client", "open", "list"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unlink(path(names[i]));
    }
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_survives_its_file),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(broken_files_are_refused_without_their_secret),
        cmocka_unit_test(a_list_is_kept_in_order),
        cmocka_unit_test(a_list_has_bounds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
