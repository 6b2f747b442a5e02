/* Any text as an address; what is accepted must encode back to itself. */
#include <stdlib.h>
#include <string.h>

#include <poolminer/ss58.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    uint8_t key[PM_PUBLIC_KEY_SIZE];
    char again[PM_ADDRESS_SIZE];
    struct pm_error error = {0};
    if (pm_ss58_decode_hotkey(text, key, &error) &&
        (!pm_ss58_encode(key, 42, again, &error) || strcmp(again, text) != 0)) {
        abort();
    }
    free(text);
    return 0;
}
