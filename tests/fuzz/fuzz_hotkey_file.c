/* Any bytes as a key file; what is accepted must be able to sign. */
#include <stdlib.h>
#include <string.h>

#include <poolminer/hotkey.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    struct pm_hotkey *hotkey = NULL;
    struct pm_error error = {0};
    if (pm_hotkey_parse(text, size, &hotkey, &error)) {
        char hex[PM_SIGNATURE_HEX_SIZE];
        if (!pm_hotkey_sign_hex(hotkey, "auth:1", hex, &error) ||
            !pm_hotkey_verify_scheme(pm_hotkey_scheme(hotkey), pm_hotkey_address(hotkey), "auth:1",
                                     hex, &error)) {
            abort();
        }
        pm_hotkey_destroy(hotkey);
    } else if (error.message[0] == '\0') {
        abort(); /* every refusal has a reason */
    }
    free(text);
    return 0;
}
