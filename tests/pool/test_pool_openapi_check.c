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
    bool allowed;
    const char *answer;
} cases[] = {
    {"GET", "/a", 200, true, "{\"n\":0.5,\"s\":null}"},
    {"GET", "/a?x=1", 200, true, "{\"n\":1,\"s\":\"\",\"e\":\"y\",\"c\":\"k\"}"},
    {"GET", "/a", 200, false, "{\"n\":0.5}"},
    {"GET", "/a", 200, false, "{\"n\":1.5,\"s\":null}"},
    {"GET", "/a", 200, false, "{\"n\":-1,\"s\":null}"},
    {"GET", "/a", 200, false, "{\"n\":\"1\",\"s\":null}"},
    {"GET", "/a", 200, false, "{\"n\":1,\"s\":5}"},
    {"GET", "/a", 200, false, "{\"n\":1,\"s\":null,\"e\":\"z\"}"},
    {"GET", "/a", 200, false, "{\"n\":1,\"s\":null,\"c\":\"l\"}"},
    {"GET", "/a", 200, false, "{\"n\":1,\"s\":null,\"extra\":1}"},
    {"GET", "/a", 200, false, "[]"},
    {"GET", "/a", 400, true, "{\"detail\":\"no\"}"},
    {"GET", "/a", 400, false, "{\"error\":\"no\"}"},
    {"GET", "/a", 500, false, "{\"detail\":\"no\"}"},
    {"POST", "/a", 405, true, "{\"detail\":\"no\"}"},
    {"POST", "/a", 200, false, "{\"n\":0.5,\"s\":null}"},
    {"GET", "/b", 404, true, "{\"detail\":\"no\"}"},
    {"GET", "/b", 200, false, "{}"},
    {"POST", "/a/17/b", 200, true, "[1,2]"},
    {"POST", "/a/17/b", 200, false, "[1,2.5]"},
    {"POST", "/a/1/7/b", 200, false, "[1]"},
    {"POST", "/a//b", 200, false, "[1]"},
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
                           &complaint) != cases[i].allowed) {
            fail_msg("%s %s %d %s: %s", cases[i].method, cases[i].path, cases[i].status, text,
                     complaint.text);
        }
        cJSON_Delete(answer);
    }
    cJSON_Delete(description);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
