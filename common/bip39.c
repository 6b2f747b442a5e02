#include <sodium.h>
#include <string.h>

#include <poolminer/bip39.h>

enum { WORD_COUNT = 2048, WORD_BITS = 11, WORDS_MAX = 24, WORD_LENGTH_MAX = 8, ROUNDS = 2048 };

/* Generated from bip39_english.txt: sorted, one string a line. */
static const char *const word_list[] = {
#include "bip39_english.inc"
};
_Static_assert(sizeof word_list / sizeof word_list[0] == WORD_COUNT, "BIP39 has 2048 words");

static bool entropy_size_is_good(size_t size)
{
    return size >= 16 && size <= PM_BIP39_ENTROPY_MAX && size % 4 == 0;
}

/* The index of the word of `length` bytes, or -1. */
static int find_word(const char *word, size_t length)
{
    int low = 0;
    int high = WORD_COUNT - 1;
    while (low <= high) {
        int middle = (low + high) / 2;
        int order = strncmp(word, word_list[middle], length);
        if (order == 0 && word_list[middle][length] != '\0') {
            order = -1; /* `word` is a proper beginning of it */
        }
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            high = middle - 1;
        } else {
            low = middle + 1;
        }
    }
    return -1;
}

static void put_bits(uint8_t *bits, size_t offset, unsigned value)
{
    for (size_t i = 0; i < WORD_BITS; i++) {
        unsigned bit = value >> (WORD_BITS - 1 - i) & 1U;
        bits[(offset + i) / 8] |= (uint8_t)(bit << (7 - (offset + i) % 8));
    }
}

static unsigned get_bits(const uint8_t *bits, size_t offset)
{
    unsigned value = 0;
    for (size_t i = 0; i < WORD_BITS; i++) {
        unsigned byte = bits[(offset + i) / 8];
        value = value << 1 | (byte >> (7 - (offset + i) % 8) & 1U);
    }
    return value;
}

/* The checksum is the first size / 4 bits of SHA-256(entropy): never more than one byte. */
static uint8_t checksum_byte(const uint8_t *entropy, size_t size)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, entropy, size);
    uint8_t mask = (uint8_t)(0xffU << (8 - size / 4));
    uint8_t first = hash[0];
    sodium_memzero(hash, sizeof hash);
    return first & mask;
}

/* Reads words into `bits` (WORDS_MAX * 11 bits, zeroed by the caller). */
static bool read_words(const char *words, uint8_t *bits, size_t *count, struct pm_error *error)
{
    static const char blanks[] = " \t\r\n";
    *count = 0;
    const char *cursor = words + strspn(words, blanks);
    while (*cursor != '\0') {
        size_t length = strcspn(cursor, blanks);
        if (*count == WORDS_MAX) {
            return pm_fail(error, PM_ERROR_INVALID, "mnemonic: more than %d words", WORDS_MAX);
        }
        int index = length <= WORD_LENGTH_MAX ? find_word(cursor, length) : -1;
        if (index < 0) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "mnemonic: word %zu is not in the English BIP39 list (lower case)",
                           *count + 1);
        }
        put_bits(bits, *count * WORD_BITS, (unsigned)index);
        (*count)++;
        cursor += length;
        cursor += strspn(cursor, blanks);
    }
    return true;
}

static bool decode_bits(const uint8_t *bits, size_t count, uint8_t *entropy, size_t *size,
                        struct pm_error *error)
{
    if (count < 12 || count % 3 != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: %zu words; it must be 12, 15, 18, 21 or 24", count);
    }
    size_t entropy_size = count / 3 * 4;
    if (bits[entropy_size] != checksum_byte(bits, entropy_size)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: wrong checksum; a word is mistyped or out of order");
    }
    memcpy(entropy, bits, entropy_size);
    *size = entropy_size;
    return true;
}

bool pm_bip39_decode(const char *words, uint8_t entropy[PM_BIP39_ENTROPY_MAX], size_t *size,
                     struct pm_error *error)
{
    uint8_t bits[WORDS_MAX * WORD_BITS / 8] = {0};
    size_t count = 0;
    bool done =
        read_words(words, bits, &count, error) && decode_bits(bits, count, entropy, size, error);
    sodium_memzero(bits, sizeof bits);
    return done;
}

bool pm_bip39_encode(const uint8_t *entropy, size_t size, char words[PM_MNEMONIC_SIZE],
                     struct pm_error *error)
{
    _Static_assert(WORDS_MAX * (WORD_LENGTH_MAX + 1) <= PM_MNEMONIC_SIZE, "24 words must fit");
    if (!entropy_size_is_good(size)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: entropy of %zu bytes; it must be 16, 20, 24, 28 or 32", size);
    }
    uint8_t bits[PM_BIP39_ENTROPY_MAX + 1];
    memcpy(bits, entropy, size);
    bits[size] = checksum_byte(entropy, size);
    size_t length = 0;
    for (size_t i = 0; i < size / 4 * 3; i++) {
        const char *word = word_list[get_bits(bits, i * WORD_BITS)];
        if (i > 0) {
            words[length++] = ' ';
        }
        memcpy(words + length, word, strlen(word));
        length += strlen(word);
    }
    words[length] = '\0';
    sodium_memzero(bits, sizeof bits);
    return true;
}

/* One round of HMAC-SHA512 under a key that `keyed` has already absorbed. */
static void hmac_once(const crypto_auth_hmacsha512_state *keyed,
                      crypto_auth_hmacsha512_state *scratch, const uint8_t in[64], uint8_t out[64])
{
    *scratch = *keyed;
    crypto_auth_hmacsha512_update(scratch, in, 64);
    crypto_auth_hmacsha512_final(scratch, out);
}

bool pm_bip39_stretch(const uint8_t *entropy, size_t size, const char *password,
                      uint8_t out[PM_BIP39_STRETCHED_SIZE], struct pm_error *error)
{
    static const uint8_t block_number[4] = {0, 0, 0, 1}; /* 64 bytes are one block */
    if (!entropy_size_is_good(size)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "mnemonic: entropy of %zu bytes; it must be 16, 20, 24, 28 or 32", size);
    }
    size_t password_length = password == NULL ? 0 : strnlen(password, PM_BIP39_PASSWORD_MAX + 1);
    if (password_length > PM_BIP39_PASSWORD_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "mnemonic: its password is longer than %d bytes",
                       PM_BIP39_PASSWORD_MAX);
    }
    crypto_auth_hmacsha512_state keyed;
    crypto_auth_hmacsha512_state scratch;
    uint8_t round[64];
    crypto_auth_hmacsha512_init(&keyed, entropy, size);
    scratch = keyed;
    crypto_auth_hmacsha512_update(&scratch, (const uint8_t *)"mnemonic", 8);
    crypto_auth_hmacsha512_update(&scratch, (const uint8_t *)password, password_length);
    crypto_auth_hmacsha512_update(&scratch, block_number, sizeof block_number);
    crypto_auth_hmacsha512_final(&scratch, round);
    memcpy(out, round, sizeof round);
    for (int i = 1; i < ROUNDS; i++) {
        hmac_once(&keyed, &scratch, round, round);
        for (size_t byte = 0; byte < sizeof round; byte++) {
            out[byte] ^= round[byte];
        }
    }
    sodium_memzero(&keyed, sizeof keyed);
    sodium_memzero(&scratch, sizeof scratch);
    sodium_memzero(round, sizeof round);
    return true;
}
