#include <assert.h>
#include <sodium.h>
#include <string.h>

#include <poolminer/merlin.h>

/* ---- STROBE-128 ---- */

enum { RATE = 166 };

enum { FLAG_I = 1, FLAG_A = 2, FLAG_C = 4, FLAG_T = 8, FLAG_M = 16, FLAG_K = 32 };

static void run_f(struct pm_strobe *strobe)
{
    strobe->state[strobe->position] ^= strobe->begin;
    strobe->state[strobe->position + 1] ^= 0x04;
    strobe->state[RATE + 1] ^= 0x80;
    pm_keccak_f1600(strobe->state);
    strobe->position = 0;
    strobe->begin = 0;
}

static void advance(struct pm_strobe *strobe)
{
    strobe->position++;
    if (strobe->position == RATE) {
        run_f(strobe);
    }
}

static void absorb(struct pm_strobe *strobe, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        strobe->state[strobe->position] ^= data[i];
        advance(strobe);
    }
}

static void begin_operation(struct pm_strobe *strobe, uint8_t flags, bool more)
{
    assert((flags & FLAG_T) == 0); /* transport operations are not part of Merlin */
    if (more) {
        assert(strobe->flags == flags);
        return;
    }
    uint8_t header[2] = {strobe->begin, flags};
    strobe->begin = (uint8_t)(strobe->position + 1);
    strobe->flags = flags;
    absorb(strobe, header, sizeof header);
    if ((flags & (FLAG_C | FLAG_K)) != 0 && strobe->position != 0) {
        run_f(strobe);
    }
}

void pm_strobe_init(struct pm_strobe *strobe, const char *protocol)
{
    static const uint8_t first_block[18] = {1,   RATE + 2, 1,   0,   1,   96,  'S', 'T', 'R',
                                            'O', 'B',      'E', 'v', '1', '.', '0', '.', '2'};
    memset(strobe, 0, sizeof *strobe);
    memcpy(strobe->state, first_block, sizeof first_block);
    pm_keccak_f1600(strobe->state);
    pm_strobe_meta_ad(strobe, protocol, strlen(protocol), false);
}

void pm_strobe_meta_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    begin_operation(strobe, FLAG_M | FLAG_A, more);
    absorb(strobe, data, size);
}

void pm_strobe_ad(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    begin_operation(strobe, FLAG_A, more);
    absorb(strobe, data, size);
}

void pm_strobe_key(struct pm_strobe *strobe, const void *data, size_t size, bool more)
{
    const uint8_t *bytes = data;
    begin_operation(strobe, FLAG_A | FLAG_C, more);
    for (size_t i = 0; i < size; i++) {
        strobe->state[strobe->position] = bytes[i];
        advance(strobe);
    }
}

void pm_strobe_prf(struct pm_strobe *strobe, void *out, size_t size, bool more)
{
    uint8_t *bytes = out;
    begin_operation(strobe, FLAG_I | FLAG_A | FLAG_C, more);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = strobe->state[strobe->position];
        strobe->state[strobe->position] = 0; /* so that the output cannot be run back */
        advance(strobe);
    }
}

/* ---- Merlin ---- */

static void little_endian_32(size_t value, uint8_t out[4])
{
    assert(value <= UINT32_MAX);
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

void pm_merlin_init(struct pm_merlin *transcript, const char *label)
{
    pm_strobe_init(&transcript->strobe, "Merlin v1.0");
    pm_merlin_append(transcript, "dom-sep", label, strlen(label));
}

static void frame(struct pm_strobe *strobe, const char *label, size_t size)
{
    uint8_t length[4];
    little_endian_32(size, length);
    pm_strobe_meta_ad(strobe, label, strlen(label), false);
    pm_strobe_meta_ad(strobe, length, sizeof length, true);
}

void pm_merlin_append(struct pm_merlin *transcript, const char *label, const void *message,
                      size_t size)
{
    frame(&transcript->strobe, label, size);
    pm_strobe_ad(&transcript->strobe, message, size, false);
}

void pm_merlin_challenge(struct pm_merlin *transcript, const char *label, void *out, size_t size)
{
    frame(&transcript->strobe, label, size);
    pm_strobe_prf(&transcript->strobe, out, size, false);
}

void pm_merlin_witness(const struct pm_merlin *transcript, const char *label, const void *secret,
                       size_t secret_size, const uint8_t random[32], void *out, size_t size)
{
    struct pm_strobe fork = transcript->strobe;
    frame(&fork, label, secret_size);
    pm_strobe_key(&fork, secret, secret_size, false);
    pm_strobe_meta_ad(&fork, "rng", 3, false);
    pm_strobe_key(&fork, random, 32, false);
    uint8_t length[4];
    little_endian_32(size, length);
    pm_strobe_meta_ad(&fork, length, sizeof length, false);
    pm_strobe_prf(&fork, out, size, false);
    sodium_memzero(&fork, sizeof fork);
}
