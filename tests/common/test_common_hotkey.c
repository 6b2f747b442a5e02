#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/ss58.h>

static struct pm_hotkey *parse(const char *text)
{
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    if (!pm_hotkey_parse(text, strlen(text), &hotkey, &error)) {
        fail_msg("%s", error.message);
    }
    return hotkey;
}

/* Asserts a refusal whose reason has `reason` in it. */
static void refuse(const char *text, const char *reason)
{
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    assert_false(pm_hotkey_parse(text, strlen(text), &hotkey, &error));
    assert_null(hotkey);
    if (strstr(error.message, reason) == NULL) {
        fail_msg("expected \"%s\" in: %s", reason, error.message);
    }
}

static void parse_all(const cJSON *list)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct pm_hotkey *hotkey = NULL;
        struct pm_error error = {0};
        assert_true(pm_hotkey_from_mnemonic(vectors_text(item, "mnemonic"),
                                            vectors_text(item, "password"), &hotkey, &error));
        assert_string_equal(pm_hotkey_address(hotkey), vectors_text(item, "ss58_42"));
        pm_hotkey_destroy(hotkey);
    }
}

static void mnemonics_and_passwords_give_addresses(void **state)
{
    parse_all(vectors_at(*state, "mnemonics"));
    parse_all(vectors_at(*state, "mnemonicPasswords"));
}

static void seeds_give_addresses(void **state)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_at(*state, "signTraces.cases"))
    {
        uint8_t seed[PM_SEED_SIZE];
        struct pm_hotkey *hotkey = NULL;
        vectors_bytes(item, "miniSecret", seed, sizeof seed);
        assert_true(pm_hotkey_from_seed(seed, &hotkey, NULL));
        assert_string_equal(pm_hotkey_address(hotkey), vectors_text(item, "ss58_42"));
        pm_hotkey_destroy(hotkey);
    }
}

static void wallet_files_are_read(void **state)
{
    static const char *const names[] = {"hotkeyJson", "hotkeyJsonV4_1", "hotkeyJson24",
                                        "ed25519HotkeyJson"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "bittensorKeyfile.%s", names[i]);
        const cJSON *file = vectors_at(*state, path);
        char *text = cJSON_Print(file);
        struct pm_hotkey *hotkey = parse(text);
        assert_string_equal(pm_hotkey_address(hotkey), vectors_text(file, "ss58Address"));
        pm_hotkey_destroy(hotkey);
        free(text);
    }
}

/* As editors of other systems write files. */
static void a_byte_order_mark_is_no_part_of_the_secret(void **state)
{
    (void)state;
    static const char seed[] = "\xef\xbb\xbf"
                               "0x1111111111111111111111111111111111111111111111111111111111111111";
    struct pm_hotkey *plain = parse(seed + 3), *marked = parse(seed);
    assert_string_equal(pm_hotkey_address(marked), pm_hotkey_address(plain));
    pm_hotkey_destroy(plain);
    pm_hotkey_destroy(marked);
}

static void any_one_secret_is_enough(void **state)
{
    static const char *const secrets[] = {"secretPhrase", "secretSeed", "privateKey"};
    const cJSON *file = vectors_at(*state, "bittensorKeyfile.hotkeyJson");
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        char text[512];
        const char *secret = vectors_text(file, secrets[i]);
        snprintf(text, sizeof text,
                 "{\"%s\":\"%s\",\"accountId\":null,\"cryptoType\":null,\" ss58Address\":\"%s\"}",
                 secrets[i], secret, vectors_text(file, "ss58Address"));
        struct pm_hotkey *hotkey = parse(text);
        assert_string_equal(pm_hotkey_address(hotkey), vectors_text(file, "ss58Address"));
        pm_hotkey_destroy(hotkey);
        snprintf(text, sizeof text, "\n %s \n", secret); /* and bare */
        hotkey = parse(text);
        assert_string_equal(pm_hotkey_address(hotkey), vectors_text(file, "ss58Address"));
        pm_hotkey_destroy(hotkey);
    }
}

static void what_cannot_be_read_is_refused_with_its_reason(void **state)
{
    const cJSON *files = vectors_at(*state, "bittensorKeyfile");
    char *public_half = cJSON_Print(vectors_at(files, "pubTxt"));
    refuse(public_half, "pub.txt");
    free(public_half);
    refuse(vectors_text(files, "encryptedAnsibleVault.text"), "Ansible");
    refuse(vectors_text(files, "encryptedLegacyFernet.text"), "Fernet");
    refuse("$NACLxxxxxxxxxxxxxxxxxxxxxxxxxxx", "encrypted");
    refuse("", "empty");
    refuse(" \n", "empty");
    refuse("{\"secretSeed\":", "not valid JSON");
    refuse("{}", "no secretPhrase");
    refuse("{\"cryptoType\":2}", "cryptoType");
    refuse("{\"cryptoType\":\"1\"}", "cryptoType");
    refuse("{\"secretSeed\":7}", "secretSeed");
    refuse("{\"secretSeed\":\"0x12\"}", "secretSeed");
    refuse("{\"privateKey\":\"0x00\"}", "privateKey");
    refuse("0x1234", "seed");
    refuse("{\"cryptoType\":0,\"privateKey\":\"0x00\"}", "privateKey");
    refuse("not a phrase", "word 1");
}

static void a_secret_that_is_not_the_stated_keys_is_refused(void **state)
{
    (void)state;
    refuse("{\"secretSeed\":\"0x19c2c8c06c6c8dfaecfa43c8bd075c4b18ef08d97aafa8b136d71735bb274ddf\","
           "\"ss58Address\":\"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"}",
           "ss58Address");
    refuse("{\"secretSeed\":\"0x19c2c8c06c6c8dfaecfa43c8bd075c4b18ef08d97aafa8b136d71735bb274ddf\","
           "\"accountId\":"
           "\"0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d\"}",
           "accountId");
}

static void signatures_as_text_are_checked(void **state)
{
    const cJSON *item = NULL;
    int tried = 0;
    cJSON_ArrayForEach(item, vectors_at(*state, "verification.cases"))
    {
        uint8_t key[PM_PUBLIC_KEY_SIZE];
        char message[4096];
        size_t size = vectors_bytes(item, "message", (uint8_t *)message, sizeof message - 1);
        message[size] = '\0';
        vectors_bytes(item, "publicKey", key, sizeof key);
        const cJSON *expected = vectors_at(item, "expected");
        char address[PM_ADDRESS_SIZE];
        assert_true(pm_ss58_encode(key, 42, address, NULL));
        if (cJSON_IsNull(expected) || strlen(message) != size) {
            continue; /* not settled, or a message that is no text */
        }
        assert_int_equal(
            pm_hotkey_verify_hex(address, message, vectors_text(item, "signature"), NULL),
            cJSON_IsTrue(expected));
        tried++;
    }
    assert_int_equal(tried, 36);
}

static void hex_is_lenient_in_case_and_prefix_only(void **state)
{
    (void)state;
    struct pm_hotkey *hotkey = NULL;
    char hex[2 + PM_SIGNATURE_HEX_SIZE] = "0x";
    struct pm_error error = {0};
    assert_true(pm_hotkey_generate(&hotkey, NULL, &error));
    const char *address = pm_hotkey_address(hotkey);
    assert_true(pm_hotkey_sign_hex(hotkey, "auth:1700000000", hex + 2, &error));
    assert_int_equal(strlen(hex), 130);
    assert_int_equal(strspn(hex + 2, "0123456789abcdef"), 128);
    assert_true(pm_hotkey_verify_hex(address, "auth:1700000000", hex, &error));
    assert_true(pm_hotkey_verify_hex(address, "auth:1700000000", hex + 2, &error));
    assert_false(pm_hotkey_verify_hex(address, "auth:1700000001", hex, &error));
    for (size_t i = 2; hex[i] != '\0'; i++) {
        hex[i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
    }
    assert_true(pm_hotkey_verify_hex(address, "auth:1700000000", hex, &error));
    hex[50] = ' ';
    assert_false(pm_hotkey_verify_hex(address, "auth:1700000000", hex, &error));
    hex[50] = '\0';
    assert_false(pm_hotkey_verify_hex(address, "auth:1700000000", hex, &error));
    assert_false(pm_hotkey_verify_hex(address, "auth:1700000000", "", &error));
    assert_false(pm_hotkey_verify_hex("", "auth:1700000000", hex, &error));
    pm_hotkey_destroy(hotkey);
}

/* ---- files ---- */

struct directory {
    char path[64];
    char file[96];
};

static void make_directory(struct directory *directory)
{
    strcpy(directory->path, "/tmp/poolminer-hotkey-XXXXXX");
    assert_non_null(mkdtemp(directory->path));
    snprintf(directory->file, sizeof directory->file, "%s/key", directory->path);
}

static void remove_directory(const struct directory *directory)
{
    unlink(directory->file);
    assert_int_equal(rmdir(directory->path), 0);
}

static void a_saved_key_is_private_and_comes_back(void **state)
{
    (void)state;
    struct directory directory;
    struct pm_hotkey *made = NULL;
    struct pm_hotkey *loaded = NULL;
    struct pm_error error = {0};
    char mnemonic[PM_MNEMONIC_SIZE];
    struct stat status;
    make_directory(&directory);
    assert_true(pm_hotkey_generate(&made, mnemonic, &error));
    assert_true(pm_hotkey_save(made, directory.file, &error));
    assert_int_equal(stat(directory.file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(pm_hotkey_load(directory.file, NULL, &loaded, &error));
    assert_string_equal(pm_hotkey_address(loaded), pm_hotkey_address(made));
    assert_false(pm_hotkey_save(made, directory.file, &error)); /* never over a key */
    pm_hotkey_destroy(loaded);
    assert_true(pm_hotkey_from_mnemonic(mnemonic, "", &loaded, &error));
    assert_string_equal(pm_hotkey_address(loaded), pm_hotkey_address(made));
    pm_hotkey_destroy(loaded);
    pm_hotkey_destroy(made);
    remove_directory(&directory);
}

static void a_saved_file_has_the_networks_members(void **state)
{
    const cJSON *file = vectors_at(*state, "bittensorKeyfile.hotkeyJsonV4_1");
    struct directory directory;
    char *text = cJSON_Print(file);
    struct pm_hotkey *hotkey = parse(text);
    free(text);
    size_t length = 0;
    struct pm_error error = {0};
    make_directory(&directory);
    assert_true(pm_hotkey_save(hotkey, directory.file, &error));
    assert_true(pm_file_read(directory.file, PM_HOTKEY_FILE_MAX, &text, &length, &error));
    cJSON *written = cJSON_Parse(text);
    assert_true(cJSON_Compare(written, file, true));
    cJSON_Delete(written);
    free(text);
    pm_hotkey_destroy(hotkey);
    remove_directory(&directory);
}

static void a_private_key_alone_survives_saving(void **state)
{
    const cJSON *file = vectors_at(*state, "bittensorKeyfile.hotkeyJson");
    struct directory directory;
    struct pm_hotkey *hotkey = parse(vectors_text(file, "privateKey"));
    struct pm_hotkey *loaded = NULL;
    make_directory(&directory);
    assert_true(pm_hotkey_save(hotkey, directory.file, NULL));
    assert_true(pm_hotkey_load(directory.file, NULL, &loaded, NULL));
    assert_string_equal(pm_hotkey_address(loaded), vectors_text(file, "ss58Address"));
    pm_hotkey_destroy(loaded);
    pm_hotkey_destroy(hotkey);
    remove_directory(&directory);
}

static void assert_load_fails(const char *path, enum pm_error_code code, const char *reason)
{
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    assert_false(pm_hotkey_load(path, NULL, &hotkey, &error));
    assert_int_equal(error.code, code);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, reason));
}

static void open_odd_and_missing_files_are_refused(void **state)
{
    (void)state;
    static const char seed[] = "0x19c2c8c06c6c8dfaecfa43c8bd075c4b18ef08d97aafa8b136d71735bb274ddf";
    struct directory directory;
    char *huge = calloc(1, PM_HOTKEY_FILE_MAX + 1);
    make_directory(&directory);
    assert_load_fails(directory.file, PM_ERROR_NOT_FOUND, "No such file");
    assert_load_fails(directory.path, PM_ERROR_INVALID, "regular");
    assert_true(pm_file_write_atomic(directory.file, seed, strlen(seed), 0644, true, NULL));
    assert_int_equal(chmod(directory.file, 0640), 0);
    assert_load_fails(directory.file, PM_ERROR_REFUSED, "chmod 600");
    assert_true(
        pm_file_write_atomic(directory.file, huge, PM_HOTKEY_FILE_MAX + 1, 0600, true, NULL));
    assert_load_fails(directory.file, PM_ERROR_LIMIT, "not a key file");
    assert_true(pm_file_write_atomic(directory.file, huge, 100, 0600, true, NULL));
    assert_load_fails(directory.file, PM_ERROR_INVALID, "zero byte");
    free(huge);
    remove_directory(&directory);
}

/* ---- what is left behind ---- */

/* Whether `secret` is in the heap, freed or not: in that of the C library, which the sanitizers
 * replace. Its first bytes may have become the list's of free memory. */
static bool is_in_heap(const char *secret)
{
    char line[256];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        char *middle = NULL;
        char *start = (char *)strtoull(line, &middle, 16);
        char *end = (char *)strtoull(middle + 1, NULL, 16);
        if (strstr(line, "[heap]") != NULL) {
            found = found || memmem(start, (size_t)(end - start), secret, strlen(secret)) != NULL;
        }
    }
    fclose(maps);
    return found;
}

/* Also of a file that is broken, and wherever in it the secret is. */
static void a_secret_is_not_left_in_memory(void **state)
{
    (void)state;
#define PART "5ec2e77700000000000000000000000000000000005ec2e7"
#define SECRET "0x0123456789abcdef" PART
    static const char *const texts[] = {
        "{\"secretSeed\":\"" SECRET "\"}",
        "{\"secretSeed\":\"" SECRET "\",\"ss58Address\":\"5of somebody else\"}",
        "{\"secretSeed\":\"" SECRET "\",\"secretPhrase\":5}",
        "{\"" SECRET "\":\"secretSeed\"}",
        "{\"a\":[[{\"" SECRET "\":\"" SECRET "\"}]]}",
        "{\"secretSeed\":\"" SECRET "\",}",
        "{\"secretSeed\":\"" SECRET "\"",
        "{\"secretSeed\":\"" SECRET "\"} x",
        "{\"secretSeed\":\"" SECRET "\\q\"}",
        "{\"secretSeed\":\"" SECRET,
    };
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    char *known = strdup("to be found in the heap: 0123456789abcdef0123456789abcdef");
    assert_non_null(known);
    assert_true(is_in_heap("heap: 0123456789abcdef"));
    free(known);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pm_hotkey *hotkey = NULL;
        struct pm_error error = {0};
        const bool good = pm_hotkey_parse(texts[i], strlen(texts[i]), &hotkey, &error);
        assert_int_equal(good, i == 0);
        pm_hotkey_destroy(hotkey);
        assert_null(strstr(error.message, PART));
        if (is_in_heap(PART)) {
            fail_msg("left behind: %s", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnemonics_and_passwords_give_addresses),
        cmocka_unit_test(seeds_give_addresses),
        cmocka_unit_test(wallet_files_are_read),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_secret),
        cmocka_unit_test(any_one_secret_is_enough),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_its_reason),
        cmocka_unit_test(a_secret_that_is_not_the_stated_keys_is_refused),
        cmocka_unit_test(signatures_as_text_are_checked),
        cmocka_unit_test(hex_is_lenient_in_case_and_prefix_only),
        cmocka_unit_test(a_saved_key_is_private_and_comes_back),
        cmocka_unit_test(a_saved_file_has_the_networks_members),
        cmocka_unit_test(a_private_key_alone_survives_saving),
        cmocka_unit_test(a_secret_is_not_left_in_memory),
        cmocka_unit_test(open_odd_and_missing_files_are_refused),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
