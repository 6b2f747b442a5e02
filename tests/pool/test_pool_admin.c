/* The operator lists, approves and rejects withdrawals. */
#include "cmocka_include.h"
#include "pool/admin.h"
#include "pool/virtual_pool.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

static struct virtual_pool pool;

/* Two miners with 5 % of an epoch each, who have asked for it. */
static int open_pool(void **state)
{
    (void)state;
    static const char *const miners[] = {"a", "b", "c"};
    struct pm_refusal refusal;
    pool = (struct virtual_pool){.rules = virtual_pool_default_rules(), .now_ms = 1790000000000};
    virtual_pool_open(&pool, ":memory:");
    for (size_t i = 0; i < 3; i++) {
        struct pm_grant grant;
        char *answer;
        virtual_pool_lease(&pool, miners[i], PM_POOL_LEASE_BOTH, 64, 2, &grant, &refusal);
        struct pm_pool_submission submission = {.evaluation_count = grant.evaluate_count};
        for (size_t j = 0; j < grant.evaluate_count; j++) {
            submission.evaluations[j] =
                (struct pm_pool_submitted_evaluation){grant.evaluate[j].id, 0.5};
        }
        assert_int_equal(
            virtual_pool_submit(&pool, miners[i], grant.lease.id, &submission, &answer, &refusal),
            200);
        free(answer);
        pm_grant_clear(&grant);
    }
    pool.now_ms += pool.rules.epoch_ms;
    for (size_t i = 0; i < 2; i++) {
        virtual_pool_set_recipient(&pool, miners[i], "cold");
        assert_int_equal(virtual_pool_withdraw(&pool, miners[i], 20000000, &refusal), 200);
    }
    return 0;
}

static int close_pool(void **state)
{
    (void)state;
    virtual_pool_close(&pool);
    return 0;
}

/* Runs a command (words apart by blanks); what it prints is compared by the caller, who frees it.
 */
static char *admin(const char *command, enum pm_error_code expected)
{
    char words_text[128], *save = NULL, *printed = NULL;
    const char *words[8];
    size_t count = 0, size = 0;
    struct pm_error error = {0};
    snprintf(words_text, sizeof words_text, "%s", command);
    for (char *word = strtok_r(words_text, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        words[count++] = word;
    }
    FILE *out = open_memstream(&printed, &size);
    bool ok = pm_admin_run(pool.store, words, count, out, &error);
    fclose(out);
    assert_int_equal(ok ? PM_ERROR_NONE : error.code, expected);
    return printed;
}

static void test_list(void **state)
{
    (void)state;
    char *printed = admin("payouts list", PM_ERROR_NONE);
    assert_non_null(strstr(printed, "pending"));
    assert_non_null(strstr(printed, "20000000  a -> cold"));
    assert_non_null(strstr(printed, "20000000  b -> cold"));
    free(printed);
}

static void test_approve_and_reject(void **state)
{
    (void)state;
    struct pm_refusal refusal;
    free(admin("payouts approve 1", PM_ERROR_NONE));
    free(admin("payouts reject 2", PM_ERROR_NONE));
    struct pm_pool_balance a = virtual_pool_miner(&pool, "a").balance;
    struct pm_pool_balance b = virtual_pool_miner(&pool, "b").balance;
    assert_int_equal(a.withdrawn_rao, 20000000);
    assert_int_equal(a.pending_rao, 0);
    assert_int_equal(pm_ledger_available_rao(&a), 30000000);
    assert_int_equal(b.withdrawn_rao, 0);
    assert_int_equal(pm_ledger_available_rao(&b), 50000000);
    /* for good */
    free(admin("payouts reject 1", PM_ERROR_REFUSED));
    free(admin("payouts approve 2", PM_ERROR_REFUSED));
    assert_int_equal(virtual_pool_miner(&pool, "a").balance.withdrawn_rao, 20000000);
    /* and now they may ask again, for what is left */
    assert_int_equal(virtual_pool_withdraw(&pool, "a", 30000001, &refusal), 400);
    assert_int_equal(virtual_pool_withdraw(&pool, "a", 0, &refusal), 200);
    assert_int_equal(virtual_pool_miner(&pool, "a").balance.pending_rao, 30000000);
}

static void test_tables_for_people(void **state)
{
    (void)state;
    char *printed = admin("miners", PM_ERROR_NONE);
    assert_non_null(strstr(printed, "hotkey   "));
    assert_non_null(strstr(printed, "\na   "));
    assert_non_null(strstr(printed, "50000000"));
    free(printed);
    printed = admin("epochs", PM_ERROR_NONE);
    assert_non_null(strstr(printed, "      1000000000        150000000        850000000"));
    free(printed);
    printed = admin("algorithms", PM_ERROR_NONE);
    assert_non_null(strstr(printed, "    0.500000"));
    assert_null(strstr(printed, "def Predict")); /* a program has no place in a line */
    free(printed);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++) {
        count++;
    }
    return count;
}

static void test_export_csv(void **state)
{
    (void)state;
    char *printed = admin("export payouts csv", PM_ERROR_NONE);
    assert_string_equal(printed, "epoch,hotkey,reputation,amount_rao\r\n"
                                 "1,a,5.000000,50000000\r\n"
                                 "1,b,5.000000,50000000\r\n"
                                 "1,c,5.000000,50000000\r\n");
    free(printed);
    printed = admin("export algorithms csv", PM_ERROR_NONE); /* line breaks are in quotes */
    assert_non_null(strstr(printed, ",16,\"# meta: scalar_count="));
    assert_int_equal(count_of(printed, "\r\n"), 6);
    free(printed);
}

static void test_export_json(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        int rows;
    } cases[] = {
        {"export miners json", 3},       {"export epochs json", 2},   {"export algorithms json", 5},
        {"export evaluations json", 15}, {"export rewards json", 15}, {"export payouts json", 3},
        {"export withdrawals json", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *printed = admin(cases[i].command, PM_ERROR_NONE);
        cJSON *json;
        assert_true(pm_json_parse(printed, strlen(printed), 1 << 20, &json, NULL));
        assert_int_equal(cJSON_GetArraySize(json), cases[i].rows);
        cJSON_Delete(json);
        free(printed);
    }
    char *printed = admin("export withdrawals json", PM_ERROR_NONE);
    assert_non_null(strstr(printed, "\"withdrawal_id\":1,\"state\":\"pending\",\"hotkey\":\"a\","
                                    "\"recipient_coldkey\":\"cold\",\"amount_rao\":20000000,"));
    assert_non_null(strstr(printed, "\"decided_at\":null"));
    free(printed);
}

static void test_what_is_no_command(void **state)
{
    (void)state;
    static const char *const commands[] = {"",
                                           "payouts",
                                           "payouts list all",
                                           "payouts approve",
                                           "payouts approve x",
                                           "payouts approve 1x",
                                           "payouts pay 1",
                                           "epochs all",
                                           "evaluations",
                                           "export",
                                           "export miners",
                                           "export people csv",
                                           "export miners xml"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        free(admin(commands[i], PM_ERROR_INVALID));
    }
    free(admin("payouts approve 99", PM_ERROR_REFUSED));
    free(admin("payouts reject -1", PM_ERROR_REFUSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_approve_and_reject, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_tables_for_people, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_export_csv, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_export_json, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_what_is_no_command, open_pool, close_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
