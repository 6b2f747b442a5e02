/* Any bytes as key, signature and message, raw and as text. When one is accepted (the corpus has a
 * valid signature), the same with a bit flipped must not be. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/hotkey.h>
#include <poolminer/sr25519.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void verify_bytes(const uint8_t *data, size_t size)
{
    const size_t head = PM_PUBLIC_KEY_SIZE + PM_SIGNATURE_SIZE;
    if (size < head) {
        return;
    }
    uint8_t flipped[PM_SIGNATURE_SIZE];
    const uint8_t *signature = data + PM_PUBLIC_KEY_SIZE;
    if (pm_sr25519_verify(data, data + head, size - head, signature, NULL)) {
        memcpy(flipped, signature, sizeof flipped);
        flipped[40] ^= 1;
        if (pm_sr25519_verify(data, data + head, size - head, flipped, NULL)) {
            abort();
        }
    }
}

/* The same bytes as text: address, message and signature apart by line breaks. */
static void verify_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) {
        return;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    char *cursor = text;
    const char *address = strsep(&cursor, "\n");
    const char *message = strsep(&cursor, "\n");
    const char *signature = strsep(&cursor, "\n");
    if (message != NULL && signature != NULL) {
        pm_hotkey_verify_hex(address, message, signature, NULL);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (sodium_init() < 0) {
        abort();
    }
    verify_bytes(data, size);
    verify_text(data, size);
    return 0;
}
