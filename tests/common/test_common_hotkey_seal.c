/* Key files under a password: the network's own, and ours. */
#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>

struct directory {
    char path[64];
    char file[96];
};

static void make_directory(struct directory *directory)
{
    strcpy(directory->path, "/tmp/poolminer-seal-XXXXXX");
    assert_non_null(mkdtemp(directory->path));
    snprintf(directory->file, sizeof directory->file, "%s/key", directory->path);
}

static void remove_directory(const struct directory *directory)
{
    unlink(directory->file);
    assert_int_equal(rmdir(directory->path), 0);
}

static bool answer(void *context, const char *path, char password[PM_PASSWORD_SIZE],
                   struct pm_error *error)
{
    (void)error;
    assert_non_null(strstr(path, "/key"));
    snprintf(password, PM_PASSWORD_SIZE, "%s", (const char *)context);
    return true;
}

static bool load_with(const char *path, const char *password, struct pm_hotkey **out,
                      struct pm_error *error)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", password);
    const struct pm_password_source source = {.context = copy, .ask = answer};
    return pm_hotkey_load(path, &source, out, error);
}

static void assert_opens(const cJSON *vectors, const char *blob_path)
{
    uint8_t blob[4096];
    struct directory directory;
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    size_t size = vectors_bytes(vectors, blob_path, blob, sizeof blob);
    make_directory(&directory);
    assert_true(pm_file_write_atomic(directory.file, blob, size, 0600, false, NULL));
    if (!load_with(directory.file, vectors_text(vectors, "bittensorKeyfile.encrypted.password"),
                   &hotkey, &error)) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(pm_hotkey_address(hotkey),
                        vectors_text(vectors, "bittensorKeyfile.hotkeyJson.ss58Address"));
    pm_hotkey_destroy(hotkey);
    remove_directory(&directory);
}

static void the_networks_files_open(void **state)
{
    assert_opens(*state, "bittensorKeyfile.encrypted.blob");
}

static void those_of_weaker_limits_open_too(void **state)
{
    assert_opens(*state, "bittensorKeyfile.encryptedBitsotaVariant.blob");
}

static void without_the_password_nothing_opens(void **state)
{
    uint8_t blob[4096];
    struct directory directory;
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    size_t size = vectors_bytes(*state, "bittensorKeyfile.encrypted.blob", blob, sizeof blob);
    make_directory(&directory);
    assert_true(pm_file_write_atomic(directory.file, blob, size, 0600, false, NULL));
    assert_false(load_with(directory.file, "incorrect horse", &hotkey, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(error.message, "wrong password"));
    assert_null(strstr(error.message, "incorrect horse"));
    assert_false(pm_hotkey_load(directory.file, NULL, &hotkey, &error));
    assert_non_null(strstr(error.message, "encrypted"));
    assert_true(pm_file_write_atomic(directory.file, blob, 40, 0600, true, NULL));
    assert_false(load_with(directory.file, "x", &hotkey, &error));
    assert_non_null(strstr(error.message, "cut off"));
    assert_null(hotkey);
    remove_directory(&directory);
}

static void what_is_sealed_here_opens_here_and_shows_nothing(void **state)
{
    (void)state;
    struct directory directory;
    struct pm_hotkey *made = NULL, *loaded = NULL;
    struct pm_error error = {0};
    char mnemonic[PM_MNEMONIC_SIZE], *text = NULL;
    size_t length = 0;
    make_directory(&directory);
    assert_true(pm_hotkey_generate_scheme(PM_KEY_ED25519, 24, &made, mnemonic, &error));
    assert_true(pm_hotkey_save_sealed(made, "open sesame", directory.file, &error));
    assert_true(pm_file_read(directory.file, PM_HOTKEY_FILE_MAX, &text, &length, &error));
    assert_memory_equal(text, "$NACL", 5);
    *strchr(mnemonic, ' ') = '\0';
    assert_null(memmem(text, length, "secret", 6));
    free(text);
    assert_true(load_with(directory.file, "open sesame", &loaded, &error));
    assert_string_equal(pm_hotkey_address(loaded), pm_hotkey_address(made));
    assert_int_equal(pm_hotkey_scheme(loaded), PM_KEY_ED25519);
    pm_hotkey_destroy(loaded);
    pm_hotkey_destroy(made);
    remove_directory(&directory);
}

static void the_public_half_has_no_secret(void **state)
{
    const cJSON *file = vectors_at(*state, "bittensorKeyfile.hotkeyJson");
    struct directory directory;
    struct pm_hotkey *hotkey = NULL, *again = NULL;
    struct pm_error error = {0};
    char *text = NULL;
    size_t length = 0;
    make_directory(&directory);
    assert_true(
        pm_hotkey_from_phrase(PM_KEY_SR25519, vectors_text(file, "secretPhrase"), &hotkey, &error));
    assert_true(pm_hotkey_save_public(hotkey, directory.file, &error));
    assert_true(pm_file_read(directory.file, PM_HOTKEY_FILE_MAX, &text, &length, &error));
    cJSON *written = cJSON_Parse(text);
    assert_string_equal(vectors_text(written, "ss58Address"), vectors_text(file, "ss58Address"));
    assert_string_equal(vectors_text(written, "publicKey"), vectors_text(file, "publicKey"));
    assert_int_equal(cJSON_GetArraySize(written), 4); /* and accountId, cryptoType */
    assert_false(pm_hotkey_parse(text, length, &again, &error));
    cJSON_Delete(written);
    free(text);
    pm_hotkey_destroy(hotkey);
    remove_directory(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_networks_files_open),
        cmocka_unit_test(those_of_weaker_limits_open_too),
        cmocka_unit_test(without_the_password_nothing_opens),
        cmocka_unit_test(what_is_sealed_here_opens_here_and_shows_nothing),
        cmocka_unit_test(the_public_half_has_no_secret),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
