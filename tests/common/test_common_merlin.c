#include "cmocka_include.h"
#include "tests/common/vectors.h"

#include <sodium.h>
#include <string.h>

#include <poolminer/merlin.h>

/* `step` is an object whose "after" holds the whole state. */
static void assert_state(const cJSON *step, const struct pm_strobe *strobe)
{
    vectors_assert_bytes(step, "after.state", strobe->state, PM_KECCAK_STATE_SIZE);
    assert_int_equal(strobe->position, vectors_at(step, "after.pos")->valueint);
    assert_int_equal(strobe->begin, vectors_at(step, "after.posBegin")->valueint);
    assert_int_equal(strobe->flags, vectors_at(step, "after.curFlags")->valueint);
}

static void keccak_of_zero_is_as_published(void **state)
{
    uint8_t lanes[PM_KECCAK_STATE_SIZE] = {0};
    const cJSON *keccak = vectors_at(*state, "merlin.keccakF1600");
    pm_keccak_f1600(lanes);
    vectors_assert_bytes(keccak, "zeroStateOnce", lanes, sizeof lanes);
    pm_keccak_f1600(lanes);
    vectors_assert_bytes(keccak, "zeroStateTwice", lanes, sizeof lanes);
}

static void strobe_conforms(void **state)
{
    const cJSON *steps = vectors_at(*state, "merlin.strobeConformance");
    struct pm_strobe strobe;
    uint8_t message[1024];
    uint8_t out[32];
    memset(message, 99, sizeof message);
    assert_int_equal(cJSON_GetArraySize(steps), 5);

    pm_strobe_init(&strobe, "Conformance Test Protocol");
    assert_state(cJSON_GetArrayItem(steps, 0), &strobe);
    pm_strobe_meta_ad(&strobe, "ms", 2, false);
    pm_strobe_meta_ad(&strobe, "g", 1, true);
    pm_strobe_ad(&strobe, message, sizeof message, false);
    assert_state(cJSON_GetArrayItem(steps, 1), &strobe);
    pm_strobe_meta_ad(&strobe, "prf", 3, false);
    pm_strobe_prf(&strobe, out, sizeof out, false);
    vectors_assert_bytes(cJSON_GetArrayItem(steps, 2), "out", out, sizeof out);
    assert_state(cJSON_GetArrayItem(steps, 2), &strobe);
    pm_strobe_meta_ad(&strobe, "key", 3, false);
    pm_strobe_key(&strobe, out, sizeof out, false);
    assert_state(cJSON_GetArrayItem(steps, 3), &strobe);
    pm_strobe_meta_ad(&strobe, "prf", 3, false);
    pm_strobe_prf(&strobe, out, sizeof out, false);
    vectors_assert_bytes(cJSON_GetArrayItem(steps, 4), "out", out, sizeof out);
    assert_state(cJSON_GetArrayItem(steps, 4), &strobe);
}

static void the_simple_transcript_matches_step_by_step(void **state)
{
    const cJSON *protocol = vectors_at(*state, "merlin.simpleProtocol");
    const cJSON *steps = vectors_at(protocol, "steps");
    struct pm_merlin transcript;
    uint8_t challenge[32];
    assert_int_equal(cJSON_GetArraySize(steps), 4);
    pm_strobe_init(&transcript.strobe, "Merlin v1.0");
    assert_state(cJSON_GetArrayItem(steps, 0), &transcript.strobe);
    pm_merlin_init(&transcript, "test protocol");
    assert_state(cJSON_GetArrayItem(steps, 1), &transcript.strobe);
    pm_merlin_append(&transcript, "some label", "some data", 9);
    assert_state(cJSON_GetArrayItem(steps, 2), &transcript.strobe);
    pm_merlin_challenge(&transcript, "challenge", challenge, sizeof challenge);
    assert_state(cJSON_GetArrayItem(steps, 3), &transcript.strobe);
    vectors_assert_bytes(protocol, "challenge", challenge, sizeof challenge);
}

static void the_complex_transcript_matches(void **state)
{
    const cJSON *protocol = vectors_at(*state, "merlin.complexProtocol");
    const cJSON *first = vectors_at(protocol, "firstThree");
    struct pm_merlin transcript;
    uint8_t challenge[32];
    uint8_t big[1024];
    memset(big, 99, sizeof big);
    pm_merlin_init(&transcript, "test protocol");
    pm_merlin_append(&transcript, "step1", "some data", 9);
    for (int i = 0; i < 32; i++) {
        pm_merlin_challenge(&transcript, "challenge", challenge, sizeof challenge);
        if (i < cJSON_GetArraySize(first)) {
            vectors_assert_bytes(cJSON_GetArrayItem(first, i), "", challenge, sizeof challenge);
        }
        pm_merlin_append(&transcript, "bigdata", big, sizeof big);
        pm_merlin_append(&transcript, "challengedata", challenge, sizeof challenge);
    }
    vectors_assert_bytes(protocol, "last", challenge, sizeof challenge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak_of_zero_is_as_published),
        cmocka_unit_test(strobe_conforms),
        cmocka_unit_test(the_simple_transcript_matches_step_by_step),
        cmocka_unit_test(the_complex_transcript_matches),
    };
    return cmocka_run_group_tests(tests, vectors_open_sr25519, vectors_close);
}
