/* The checker of answers itself: it must not wave everything through. */
#include "cmocka_include.h"
#include "pool/openapi_check.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

static const char DESCRIPTION[] =
    "{\"paths\":{\"/a\":{\"get\":{\"responses\":{\"200\":{\"content\":{\"application/json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/A\"}}}},\"400\":{\"$ref\":\"#/components/"
    "responses/404\"}}}},\"/a/{id}/b\":{\"post\":{\"responses\":{\"200\":{\"content\":{"
    "\"application/json\":{\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}}}}}}},"
    "\"components\":{\"responses\":{\"405\":{\"$ref\":\"#/components/responses/"
    "404\"},\"404\":{\"content\":{\"application/json\":{\"schema\":{"
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

static cJSON *parse(const char *text)
{
    cJSON *json;
    struct pm_error error = {0};
    if (!pm_json_parse(text, strlen(text), 65536, &json, &error)) {
        fail_msg("%s: %s", text, error.message);
    }
    return json;
}

/* A description with one operation, whose query, body, answer and headers have this schema. */
static cJSON *describe(const char *schema)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{\"paths\":{\"/p\":{\"post\":{\"parameters\":[{\"name\":\"q\",\"in\":\"query\","
             "\"schema\":%s}],\"requestBody\":{\"required\":true,\"content\":{\"application/json\":"
             "{\"schema\":%s}}},\"responses\":{\"200\":{\"headers\":{\"Retry-After\":{\"required\":"
             "true,\"schema\":%s}},\"content\":{\"application/json\":{\"schema\":%s}}}}}}},"
             "\"components\":{\"schemas\":{\"N\":{\"type\":\"object\",\"required\":[\"n\"]}}}}",
             schema, schema, schema, schema);
    return parse(text);
}

/* Each word of a schema makes a difference. */
static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *good, *bad;
    } words[] = {
        {"{\"type\":\"string\",\"format\":\"date-time\"}", "\"2026-11-30T18:00:00Z\"", "\"today\""},
        {"{\"type\":\"string\",\"pattern\":\"Z$\"}", "\"aZ\"", "\"Za\""},
        {"{\"exclusiveMinimum\":0}", "0.1", "0"},
        {"{\"minimum\":0}", "0", "-0.1"},
        {"{\"maximum\":2}", "2", "2.1"},
        {"{\"maxItems\":2}", "[1,2]", "[1,2,3]"},
        {"{\"items\":{\"type\":\"null\"}}", "[null]", "[null,1]"},
        {"{\"allOf\":[{\"$ref\":\"#/components/schemas/N\"},{\"required\":[\"m\"]}]}",
         "{\"n\":1,\"m\":2}", "{\"m\":2}"},
        {"{\"allOf\":[{\"$ref\":\"#/components/schemas/N\"},{\"required\":[\"m\"]}]}",
         "{\"n\":1,\"m\":2}", "{\"n\":2}"},
        {"{\"enum\":[\"a\",null]}", "null", "\"b\""},
        {"{\"type\":[\"integer\",\"null\"]}", "7", "7.5"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct complaint complaint = {""};
        cJSON *description = describe(words[i].schema), *good = parse(words[i].good),
              *bad = parse(words[i].bad);
        if (!openapi_is_understood(description, &complaint) ||
            !openapi_allows(description, "POST", "/p", 200, good, &complaint) ||
            !openapi_allows_request(description, "POST", "/p", good, &complaint) ||
            openapi_allows(description, "POST", "/p", 200, bad, &complaint) ||
            openapi_allows_request(description, "POST", "/p", bad, &complaint)) {
            fail_msg("%s: %s", words[i].schema, complaint.text);
        }
        cJSON_Delete(description);
        cJSON_Delete(good);
        cJSON_Delete(bad);
    }
}

static void test_words_that_nobody_checks(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{\"minLength\":1}",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"multipleOf\":2}}}",
        "{\"type\":\"array\",\"items\":{\"uniqueItems\":true}}",
        "{\"allOf\":[{\"oneOf\":[]}]}",
        "{\"type\":\"string\",\"format\":\"uuid\"}",
    };
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        struct complaint complaint;
        cJSON *description = describe(schemas[i]);
        assert_false(openapi_is_understood(description, &complaint));
        cJSON_Delete(description);
    }
}

static void test_headers_and_queries(void **state)
{
    (void)state;
    struct complaint complaint;
    cJSON *description = describe("{\"type\":\"integer\",\"minimum\":1}"), *body = parse("5");
    static const char head[] = "HTTP/1.1 200 OK\r\n";
    char headers[128];
    snprintf(headers, sizeof headers, "%sretry-after: 7\r\n\r\n", head);
    assert_true(openapi_allows_headers(description, "POST", "/p", 200, headers, &complaint));
    snprintf(headers, sizeof headers, "%sRetry-After: 0\r\n\r\n", head);
    assert_false(openapi_allows_headers(description, "POST", "/p", 200, headers, &complaint));
    snprintf(headers, sizeof headers, "%sRetry-After: soon\r\n\r\n", head);
    assert_false(openapi_allows_headers(description, "POST", "/p", 200, headers, &complaint));
    assert_false(openapi_allows_headers(description, "POST", "/p", 200, head, &complaint));
    snprintf(headers, sizeof headers, "%sRetry-After: 7\r\nAllow: GET\r\n\r\n", head);
    assert_false(openapi_allows_headers(description, "POST", "/p", 200, headers, &complaint));
    assert_true(openapi_allows_request(description, "POST", "/p?q=3", body, &complaint));
    assert_false(openapi_allows_request(description, "POST", "/p?q=0", body, &complaint));
    assert_false(openapi_allows_request(description, "POST", "/p?q=x", body, &complaint));
    assert_false(openapi_allows_request(description, "POST", "/p?q=3&r=3", body, &complaint));
    assert_false(openapi_allows_request(description, "POST", "/p", NULL, &complaint));
    assert_false(openapi_allows_request(description, "GET", "/p", body, &complaint));
    cJSON_Delete(description);
    cJSON_Delete(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_that_nobody_checks),
        cmocka_unit_test(test_headers_and_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
