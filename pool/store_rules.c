/* The rules that a store's pools go by, kept with the books: processes with different ones would
 * each pay by their own. */
#include "pool/store_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES = 17, VALUE_SIZE = 32, CHANGES_SIZE = 200 };

/* By the name of its option, as one would give it. */
struct rule {
    const char *name;
    char value[VALUE_SIZE];
};

static void add_integer(struct rule **at, const char *name, int64_t value)
{
    (*at)->name = name;
    snprintf((*at)->value, VALUE_SIZE, "%" PRId64, value);
    (*at)++;
}

/* With as many digits as it takes to be read again. */
static void add_number(struct rule **at, const char *name, double value)
{
    (*at)->name = name;
    for (int digits = 1; digits <= 17; digits++) {
        snprintf((*at)->value, VALUE_SIZE, "%.*g", digits, value);
        if (strtod((*at)->value, NULL) == value) {
            break;
        }
    }
    (*at)++;
}

static void write_rules(const struct pm_pool_rules *rules, struct rule out[RULES])
{
    struct rule *at = out;
    add_integer(&at, "epoch-s", rules->epoch_ms / 1000);
    add_integer(&at, "quorum", rules->quorum);
    add_number(&at, "tolerance", rules->tolerance);
    add_number(&at, "evaluation-reward", rules->evaluation_reward);
    add_number(&at, "reward-base", rules->reward_base);
    add_number(&at, "reward-threshold", rules->reward_threshold);
    add_integer(&at, "budget-rao", rules->payout.budget_rao);
    add_number(&at, "fee", (double)rules->payout.fee_ppm / PM_PPM);
    add_number(&at, "cap", (double)rules->payout.cap_ppm / PM_PPM);
    add_integer(&at, "task-timeout-s", rules->task_timeout_ms / 1000);
    add_integer(&at, "minimum-withdrawal-rao", rules->minimum_withdrawal_rao);
    add_integer(&at, "clock-tolerance-s", rules->clock_tolerance_s);
    add_integer(&at, "evolve-budget", rules->evolve_budget);
    add_integer(&at, "seeds-per-evolution", rules->seeds_per_evolution);
    add_integer(&at, "leases-per-window", rules->leases_per_window);
    add_integer(&at, "minimum-iterations", rules->minimum_iterations);
    add_integer(&at, "cost-max", rules->cost_max);
    assert(at == out + RULES);
}

/* *kept is "" when the store has none of that name. */
static bool read_rule(struct pm_sql *sql, const char *name, char kept[VALUE_SIZE],
                      struct pm_error *error)
{
    struct pm_sql_cursor *cursor = NULL;
    bool row = false;
    kept[0] = '\0';
    bool ok = pm_sql_select(sql, "SELECT value FROM rules WHERE name = $1",
                            PM_SQL_VALUES(pm_sql_text(name)), &cursor, error) &&
              pm_sql_next(cursor, &row, error) &&
              (!row || pm_store_copy_text(cursor, 0, kept, VALUE_SIZE, error));
    pm_sql_end(cursor);
    return ok;
}

static bool keep_rule(struct pm_sql *sql, const struct rule *rule, struct pm_error *error)
{
    return pm_sql_execute(sql,
                          "INSERT INTO rules (name, value) VALUES ($1, $2)"
                          " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                          PM_SQL_VALUES(pm_sql_text(rule->name), pm_sql_text(rule->value)), error);
}

static void note_change(const struct rule *rule, const char *kept, char changes[CHANGES_SIZE])
{
    const size_t length = strlen(changes);
    snprintf(changes + length, CHANGES_SIZE - length, "%s--%s is %s, was %s", length ? ", " : "",
             rule->name, rule->value, kept);
}

/* `alone`: these rules are the store's from here on. */
static bool compare(struct pm_pool_store *store, bool alone, struct pm_error *error)
{
    struct rule rules[RULES];
    char changes[CHANGES_SIZE] = "";
    write_rules(&store->rules, rules);
    for (size_t i = 0; i < RULES; i++) {
        char kept[VALUE_SIZE];
        if (!read_rule(store->sql, rules[i].name, kept, error)) {
            return false;
        }
        if (strcmp(kept, rules[i].value) == 0) {
            continue;
        }
        if (!alone && kept[0] != '\0') {
            return pm_fail(error, PM_ERROR_REFUSED,
                           "--%s is %s here and %s with the pools that are at work on this store:"
                           " start this one with the same rules, or stop them first",
                           rules[i].name, rules[i].value, kept);
        }
        if (kept[0] != '\0') {
            note_change(&rules[i], kept, changes);
        }
        if (!keep_rule(store->sql, &rules[i], error)) {
            return false;
        }
    }
    if (changes[0] != '\0') {
        pm_store_log(store, "POOL-RULES-CHANGED", "%s", changes);
    }
    return true;
}

bool pm_store_rules_adopt(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                          struct pm_error *error)
{
    bool alone;
    store->rules = *rules;
    if (!pm_sql_attend(store->sql, &alone, error) || !compare(store, alone, error)) {
        return false;
    }
    store->adopted_on = store->sql->connections;
    return true;
}

/* While this process was away from the database, it counted as none that is at work, and another
 * may have brought other rules. */
bool pm_store_rules_confirm(struct pm_pool_store *store, struct pm_error *error)
{
    bool alone;
    if (store->adopted_on == 0 || store->adopted_on == store->sql->connections) {
        return true;
    }
    if (!pm_sql_attend(store->sql, &alone, error) || !compare(store, false, error)) {
        return false;
    }
    store->adopted_on = store->sql->connections;
    return true;
}
