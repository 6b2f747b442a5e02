/* The checker of answers itself: it must not wave everything through. */
#include "cmocka_include.h"
#include "pool/openapi_check.h"

#include <string.h>

#include <poolminer/json.h>

static const char DESCRIPTION[] =
    "{\"paths\":{\"/a\":{\"get\":{\"responses\":{\"200\":{\"content\":{\"application/json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/A\"}}}},\"400\":{\"$ref\":\"#/components/"
    "responses/404\"}}}},\"/a/{id}/b\":{\"post\":{\"responses\":{\"200\":{\"content\":{"
    "\"application/json\":{\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}}}}}},"
    "\"components\":{\"responses\":{\"404\":{\"content\":{\"application/json\":{\"schema\":{"
    "\"type\":\"object\",\"properties\":{\"detail\":{\"type\":\"string\"}},\"required\":["
    "\"detail\"]"
    ",\"additionalProperties\":false}}}}},\"schemas\":{\"A\":{\"type\":\"object\",\"properties\":{"
    "\"n\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},\"s\":{\"type\":[\"string\",\"null\"]}"
    ","
    "\"e\":{\"enum\":[\"x\",\"y\"]},\"c\":{\"const\":\"k\"}},\"required\":[\"n\",\"s\"],"
    "\"additionalProperties\":false}}}}";

static const struct {
    const char *method, *path;
    int status;
    const char *answer;
    bool allowed;
} cases[] = {
    {"GET", "/a", 200, "{\"n\":0.5,\"s\":null}", true},
    {"GET", "/a?x=1", 200, "{\"n\":1,\"s\":\"\",\"e\":\"y\",\"c\":\"k\"}", true},
    {"GET", "/a", 200, "{\"n\":0.5}", false},
    {"GET", "/a", 200, "{\"n\":1.5,\"s\":null}", false},
    {"GET", "/a", 200, "{\"n\":-1,\"s\":null}", false},
    {"GET", "/a", 200, "{\"n\":\"1\",\"s\":null}", false},
    {"GET", "/a", 200, "{\"n\":1,\"s\":5}", false},
    {"GET", "/a", 200, "{\"n\":1,\"s\":null,\"e\":\"z\"}", false},
    {"GET", "/a", 200, "{\"n\":1,\"s\":null,\"c\":\"l\"}", false},
    {"GET", "/a", 200, "{\"n\":1,\"s\":null,\"extra\":1}", false},
    {"GET", "/a", 200, "[]", false},
    {"GET", "/a", 400, "{\"detail\":\"no\"}", true},
    {"GET", "/a", 400, "{\"error\":\"no\"}", false},
    {"GET", "/a", 500, "{\"detail\":\"no\"}", false},
    {"POST", "/a", 405, "{\"detail\":\"no\"}", true},
    {"POST", "/a", 200, "{\"n\":0.5,\"s\":null}", false},
    {"GET", "/b", 404, "{\"detail\":\"no\"}", true},
    {"GET", "/b", 200, "{}", false},
    {"POST", "/a/17/b", 200, "[1,2]", true},
    {"POST", "/a/17/b", 200, "[1,2.5]", false},
    {"POST", "/a/1/7/b", 200, "[1]", false},
    {"POST", "/a//b", 200, "[1]", false},
};

static void test_cases(void **state)
{
    (void)state;
    cJSON *description, *answer;
    assert_true(pm_json_parse(DESCRIPTION, strlen(DESCRIPTION), 65536, &description, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct complaint complaint = {""};
        const char *text = cases[i].answer;
        assert_true(pm_json_parse(text, strlen(text), 65536, &answer, NULL));
        if (openapi_allows(description, cases[i].method, cases[i].path, cases[i].status, answer,
                           &complaint) != cases[i].allowed)
            fail_msg("%s %s %d %s: %s", cases[i].method, cases[i].path, cases[i].status, text,
                     complaint.text);
        cJSON_Delete(answer);
    }
    cJSON_Delete(description);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
