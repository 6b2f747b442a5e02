/* poolminer wallet, as a user types it. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/file.h>

#define POOLMINER PM_BIN_DIR "/poolminer"
#define ALICE "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
#define WORDS "bottom drive obey lake curtain smoke basket hold race lonely fit walk"

enum { TIMEOUT_MS = 120000 }; /* a password takes seconds, and many of them on a busy machine */

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, "wallet", __VA_ARGS__, NULL},          \
                TIMEOUT_MS)

/* With a line on standard input. */
static struct output run_with_input(const char *input, const char *arguments)
{
    char command[512];
    snprintf(command, sizeof command, "printf '%%s\\n' '%s' | " POOLMINER " wallet %s", input,
             arguments);
    return run_at_home(test_home, (const char *const[]){"/bin/sh", "-c", command, NULL},
                       TIMEOUT_MS);
}

static void a_new_key_is_private_and_never_overwritten(void **state)
{
    (void)state;
    char path[160];
    struct stat status;
    expect_output(RUN("create", "--wallet.name", "w"), 0, "Keep a copy", "");
    snprintf(path, sizeof path, "%s/.bittensor/wallets/w/hotkeys/default", test_home);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    expect_output(RUN("show", "--wallet.name", "w"), 0, "scheme   SR25519", "");
    expect_output(RUN("create", "--wallet.name", "w"), 1, "", "never overwritten");
    expect_output(RUN("create", "--wallet.name", "w", "--wallet.hotkey", "e", "--scheme", "ed25519",
                      "--words", "24"),
                  0, "hotkeys/e", "");
    expect_output(RUN("show", "--wallet.name", "w", "--wallet.hotkey", "e"), 0, "ED25519", "");
    struct output output = RUN("list");
    assert_int_equal(output.status, 0);
    assert_non_null(strstr(output.out, "  w "));
    assert_non_null(strstr(output.out, "    e "));
    assert_null(strstr(output.out, "pub.txt ")); /* that is no key */
    output_clear(&output);
}

static void a_list_has_keys_alone(void **state)
{
    (void)state;
    static const char *const strays[] = {"notes.txt", "w/hotkeys/readme", "w/hotkeys/empty"};
    char path[160];
    expect_output(RUN("create", "--wallet.name", "w"), 0, "Keep a copy", "");
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
        snprintf(path, sizeof path, ".bittensor/wallets/%s", strays[i]);
        write_text(test_home, path, i == 2 ? "" : "Ask Bob for the words.\n");
    }
    write_text(test_home, ".bittensor/wallets/w/hotkeys/phrase", WORDS "\n");
    write_text(test_home, ".bittensor/wallets/w/hotkeys/sealed", "$NACL...");
    snprintf(path, sizeof path, "%s/.bittensor/wallets/w/hotkeys/folder", test_home);
    assert_int_equal(mkdir(path, 0700), 0);
    struct output output = RUN("list");
    assert_int_equal(output.status, 0);
    static const char *const shown[] = {"  w ", "    default ", "    phrase ", "    sealed "};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        assert_non_null(strstr(output.out, shown[i]));
    }
    static const char *const hidden[] = {"notes", "readme", "empty", "folder"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        assert_null(strstr(output.out, hidden[i]));
    }
    output_clear(&output);
}

static void words_and_a_path_become_their_key(void **state)
{
    (void)state;
    expect_output(run_with_input(WORDS "//Alice", "import --secret-fd 0"), 0, ALICE, "");
    expect_output(RUN("show"), 0, "hotkey   " ALICE, ""); /* default of default: as mine finds it */
    expect_output(RUN("show", "--show-words"), 1, "", "not made of words alone");
    expect_output(run_with_input(WORDS, "import --secret-fd 0 --wallet.hotkey b"), 0, "hotkeys/b",
                  "");
    expect_output(RUN("show", "--show-words", "--wallet.hotkey", "b"), 0, WORDS "\n", "");
    expect_output(run_with_input("wrong words", "import --secret-fd 0 --wallet.hotkey c"), 2, "",
                  "mnemonic");
    expect_output(run_with_input("", "import --secret-fd 0 --wallet.hotkey d"), 2, "",
                  "wallet import: words, seed or private key: the line is empty");
    expect_output(run_with_input("", "create --encrypt --password-fd 0 --wallet.hotkey e"), 2, "",
                  "new password: the line is empty");
}

static void an_imported_key_is_of_the_scheme_that_was_asked_for(void **state)
{
    (void)state;
#define SEED "0x1111111111111111111111111111111111111111111111111111111111111111"
    expect_output(run_with_input(SEED, "import --secret-fd 0 --scheme ed25519"), 0, "hotkeys/", "");
    expect_output(RUN("show"), 0, "scheme   ED25519", "");
    expect_output(run_with_input(SEED "//a", "import --secret-fd 0 --scheme ed25519 "
                                             "--wallet.hotkey b"),
                  0, "hotkeys/b", "");
    expect_output(RUN("show", "--wallet.hotkey", "b"), 0, "scheme   ED25519", "");
    expect_output(run_with_input(SEED "/a", "import --secret-fd 0 --scheme ed25519 "
                                            "--wallet.hotkey c"),
                  2, "", "no soft children");
    expect_output(run_with_input("  " SEED " ", "import --secret-fd 0 --scheme ed25519 "
                                                "--wallet.hotkey d"),
                  0, "hotkeys/d", "");
    expect_output(RUN("show", "--wallet.hotkey", "d"), 0, "scheme   ED25519", "");
    expect_output(run_with_input(SEED "1111111111111111111111111111111111111111111111111111111111"
                                      "111111",
                                 "import --secret-fd 0 --scheme ed25519 --wallet.hotkey e"),
                  2, "", "give the seed");
#undef SEED
}

static void signatures_are_made_and_told_from_others(void **state)
{
    (void)state;
    expect_output(run_with_input(WORDS "//Alice", "import --secret-fd 0"), 0, ALICE, "");
    struct output output = RUN("sign", "auth:1700000000");
    assert_int_equal(output.status, 0);
    output.out[strcspn(output.out, "\n")] = '\0';
    assert_int_equal(strlen(output.out), 128);
    expect_output(RUN("verify", ALICE, "auth:1700000000", output.out), 0, "good", "");
    expect_output(RUN("verify", ALICE, "auth:1700000001", output.out), 1, "", "does not belong");
    expect_output(RUN("verify", ALICE, "auth:1700000000", output.out, "--scheme", "ed25519"), 1, "",
                  "ED25519");
    output_clear(&output);
    expect_output(RUN("verify", ALICE, "text"), 2, "", "ADDRESS TEXT SIGNATURE");
    expect_output(RUN("sign"), 2, "", "wallet sign TEXT");
    expect_output(RUN("sign", "two", "words"), 2, "", "one argument too many");
}

static void an_encrypted_key_opens_with_its_password_only(void **state)
{
    (void)state;
    expect_output(run_with_input("open sesame", "create --encrypt --password-fd 0"), 0,
                  "(encrypted)", "");
    expect_output(run_with_input("open sesame", "show --password-fd 0"), 0, "scheme   SR25519", "");
    expect_output(run_with_input("closed sesame", "show --password-fd 0"), 2, "", "wrong password");
    expect_output(run_with_input("x", "create --password-fd 0 --wallet.hotkey b"), 2, "",
                  "only with --encrypt");
}

static void mistakes_are_told(void **state)
{
    (void)state;
    expect_output(RUN("show", "--wallet.name", "nobody"), 1, "", "no such hotkey");
    expect_output(RUN("show"), 1, "", "/poolminer/hotkey: there is no key yet; `poolminer mine`");
    expect_output(RUN("list"), 1, "", "wallet create");
    expect_output(RUN("dance"), 2, "", "create, import, list, show, sign and verify");
    expect_output(RUN("--json"), 2, "", "say what to do");
    expect_output(RUN("create", "--words", "13"), 2, "", "12, 15, 18, 21 or 24");
    expect_output(RUN("create", "--wallet.name", "../x"), 2, "", "is no name");
}

int main(void)
{
#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, test_home_set_up, test_home_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_key_is_private_and_never_overwritten),
        TEST(a_list_has_keys_alone),
        TEST(words_and_a_path_become_their_key),
        TEST(an_imported_key_is_of_the_scheme_that_was_asked_for),
        TEST(signatures_are_made_and_told_from_others),
        TEST(an_encrypted_key_opens_with_its_password_only),
        TEST(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
