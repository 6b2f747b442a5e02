/* Where keys are looked for, and which one is taken. */
#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/wallet.h>

#define ALICE "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
#define ALICE_KEY "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"

static const struct pm_option TABLE[] = {
    {.name = "hotkey-file", .environment = "TEST_HOTKEY_FILE", .type = PM_OPTION_TEXT},
    PM_WALLET_ROW_NAME("wallet_name"),
    PM_WALLET_ROW_HOTKEY("wallet_hotkey"),
    PM_WALLET_ROW_PATH("wallet_path"),
};

static char home[64], own[96];

static void put(const char *name, const char *text)
{
    char path[160], *slash;
    snprintf(path, sizeof path, "%s/%s", home, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_true(pm_file_make_directories(path, 0700, NULL));
    *slash = '/';
    assert_true(pm_file_write_atomic(path, text, strlen(text), 0600, true, NULL));
}

static int set_up(void **state)
{
    (void)state;
    strcpy(home, "/tmp/poolminer-wallet-XXXXXX");
    assert_non_null(mkdtemp(home));
    setenv("HOME", home, 1);
    snprintf(own, sizeof own, "%s/own", home);
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    unsetenv("BT_WALLET_NAME");
    unsetenv("BT_WALLET_PATH");
    unsetenv("TEST_HOTKEY_FILE");
    snprintf(command, sizeof command, "rm -r %s", home);
    return system(command);
}

/* The key file for a command line, its path below home; "" with *error set when there is none. */
static const char *choose_with(char *const *words, int count, bool *may_make,
                               struct pm_error *error)
{
    static char chosen[256];
    char *path = NULL;
    struct pm_options *options = pm_options_create(TABLE, sizeof TABLE / sizeof *TABLE);
    chosen[0] = '\0';
    if (pm_options_load_environment(options, error) &&
        pm_options_load_arguments(options, count, words, error) &&
        pm_wallet_key_file(options, own, &path, may_make, error)) {
        bool below = strncmp(path, home, strlen(home)) == 0;
        snprintf(chosen, sizeof chosen, "%s", below ? path + strlen(home) + 1 : path);
    }
    free(path);
    pm_options_destroy(options);
    return chosen;
}

#define CHOOSE(...)                                                                                \
    choose_with((char *[]){(char[]){"x"}, __VA_ARGS__},                                            \
                (int)(sizeof(char *[]){(char[]){"x"}, __VA_ARGS__} / sizeof(char *)), &may_make,   \
                &error)
#define WORD(text) ((char[]){text})

static void what_is_there_is_found(void **state)
{
    (void)state;
    bool may_make = false;
    struct pm_error error = {0};
    assert_string_equal(CHOOSE(), "own"); /* nothing is there: made on first use */
    assert_true(may_make);
    put(".bittensor/wallets/default/hotkeys/default", "x");
    assert_string_equal(CHOOSE(), ".bittensor/wallets/default/hotkeys/default");
    assert_false(may_make);
    put("own", "x");
    assert_string_equal(CHOOSE(), "own"); /* who mined before goes on with the same key */
    put("elsewhere/w/hotkeys/h", "x");
    put(".bittensor/wallets/w/hotkeys/default", "x");
    assert_string_equal(CHOOSE(WORD("--wallet.name"), WORD("w")),
                        ".bittensor/wallets/w/hotkeys/default");
    char elsewhere[96];
    snprintf(elsewhere, sizeof elsewhere, "--wallet.path=%s/elsewhere", home);
    assert_string_equal(CHOOSE(elsewhere, WORD("--wallet.name=w"), WORD("--wallet.hotkey=h")),
                        "elsewhere/w/hotkeys/h");
    setenv("BT_WALLET_NAME", "w", 1);
    assert_string_equal(CHOOSE(), ".bittensor/wallets/w/hotkeys/default");
    assert_string_equal(CHOOSE(WORD("--hotkey-file"), WORD("/x/y")), "/x/y");
    assert_true(may_make);
    setenv("TEST_HOTKEY_FILE", "/a/b", 1);
    assert_string_equal(CHOOSE(), "");
    assert_non_null(strstr(error.message, "name two keys"));
    assert_string_equal(CHOOSE(WORD("--wallet.name=w")), ".bittensor/wallets/w/hotkeys/default");
}

static void what_is_asked_for_and_missing_is_not_made(void **state)
{
    (void)state;
    bool may_make = false;
    struct pm_error error = {0};
    assert_string_equal(CHOOSE(WORD("--wallet.name=nobody")), "");
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "nobody/hotkeys/default"));
    assert_non_null(strstr(error.message, "wallet create"));
}

static void names_are_file_names(void **state)
{
    static const char *const names[] = {"", "..", ".", "a/b", "../x", ".hidden"};
    (void)state;
    bool may_make = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char word[32];
        struct pm_error error = {0};
        snprintf(word, sizeof word, "--wallet.hotkey=%s", names[i]);
        assert_string_equal(CHOOSE(word), "");
        assert_non_null(strstr(error.message, "wallet.hotkey"));
    }
}

static bool read_public(const char *text, char address[PM_ADDRESS_SIZE], struct pm_error *error)
{
    char path[96];
    put("pub.txt", text);
    snprintf(path, sizeof path, "%s/pub.txt", home);
    return pm_wallet_read_public(path, address, error);
}

static void public_halves_are_read_and_checked(void **state)
{
    (void)state;
    char address[PM_ADDRESS_SIZE];
    struct pm_error error = {0};
    assert_true(read_public("{\"accountId\":\"" ALICE_KEY "\",\"publicKey\":\"" ALICE_KEY
                            "\",\"ss58Address\":\"" ALICE "\"}",
                            address, &error));
    assert_string_equal(address, ALICE);
    assert_true(read_public("{\"ss58Address\":\"" ALICE "\"}", address, &error));
    assert_false(
        read_public("{\"publicKey\":\"0xd4\",\"ss58Address\":\"" ALICE "\"}", address, &error));
    assert_non_null(strstr(error.message, "not publicKey's address"));
    assert_false(read_public("{\"ss58Address\":\"5Grw\"}", address, &error));
    assert_false(read_public("{}", address, &error));
    assert_false(read_public("", address, &error));
    assert_false(pm_wallet_read_public("/none", address, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_found),
        TEST(what_is_asked_for_and_missing_is_not_made),
        TEST(names_are_file_names),
        TEST(public_halves_are_read_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
