#include <string.h>

#include <poolminer/base58.h>

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Digits are kept least significant first; a leading zero byte is one leading '1'. */
bool pm_base58_encode(const uint8_t *bytes, size_t count, char *text, size_t text_size,
                      struct pm_error *error)
{
    if (count > PM_BASE58_BYTES_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "base58: %zu bytes are more than the %d allowed",
                       count, PM_BASE58_BYTES_MAX);
    }
    uint8_t digits[PM_BASE58_TEXT_MAX];
    size_t digit_count = 0;
    size_t zeros = 0;
    while (zeros < count && bytes[zeros] == 0) {
        zeros++;
    }
    for (size_t i = zeros; i < count; i++) {
        unsigned carry = bytes[i];
        for (size_t j = 0; j < digit_count; j++) {
            carry += (unsigned)digits[j] * 256U;
            digits[j] = (uint8_t)(carry % 58U);
            carry /= 58U;
        }
        while (carry > 0) {
            digits[digit_count++] = (uint8_t)(carry % 58U);
            carry /= 58U;
        }
    }
    if (zeros + digit_count + 1 > text_size) {
        return pm_fail(error, PM_ERROR_LIMIT, "base58: %zu characters do not fit in %zu bytes",
                       zeros + digit_count, text_size);
    }
    memset(text, alphabet[0], zeros);
    for (size_t i = 0; i < digit_count; i++) {
        text[zeros + i] = alphabet[digits[digit_count - 1 - i]];
    }
    text[zeros + digit_count] = '\0';
    return true;
}

/* Appends one base-58 digit to a number kept least significant byte first. */
static bool push_digit(uint8_t *number, size_t *length, size_t capacity, unsigned digit)
{
    unsigned carry = digit;
    for (size_t j = 0; j < *length; j++) {
        carry += (unsigned)number[j] * 58U;
        number[j] = (uint8_t)(carry & 0xffU);
        carry >>= 8;
    }
    if (carry > 0) {
        if (*length == capacity) {
            return false;
        }
        number[(*length)++] = (uint8_t)carry;
    }
    return true;
}

bool pm_base58_decode(const char *text, uint8_t *bytes, size_t capacity, size_t *count,
                      struct pm_error *error)
{
    size_t text_length = strnlen(text, PM_BASE58_TEXT_MAX + 1);
    if (text_length > PM_BASE58_TEXT_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "base58: longer than the %d characters allowed",
                       PM_BASE58_TEXT_MAX);
    }
    size_t zeros = 0;
    while (text[zeros] == alphabet[0]) {
        zeros++;
    }
    if (zeros > capacity) {
        return pm_fail(error, PM_ERROR_LIMIT, "base58: decodes to more than %zu bytes", capacity);
    }
    uint8_t number[PM_BASE58_TEXT_MAX];
    size_t length = 0;
    for (size_t i = zeros; i < text_length; i++) {
        const char *found = strchr(alphabet, text[i]);
        if (found == NULL) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "base58: character %zu is not in the alphabet (0, O, I, l and blanks "
                           "are not)",
                           i + 1);
        }
        if (!push_digit(number, &length, capacity - zeros, (unsigned)(found - alphabet))) {
            return pm_fail(error, PM_ERROR_LIMIT, "base58: decodes to more than %zu bytes",
                           capacity);
        }
    }
    memset(bytes, 0, zeros);
    for (size_t i = 0; i < length; i++) {
        bytes[zeros + i] = number[length - 1 - i];
    }
    *count = zeros + length;
    return true;
}
