#include "pool/tables.h"

#include "pool/store_internal.h"

#include <string.h>

const char pm_table_names[] =
    "miners, epochs, algorithms, evaluations, rewards, payouts or withdrawals";

static const struct pm_table tables[] = {
    {"miners",
     "SELECT hotkey, registered_ms, last_seen_ms, reputation_total, evaluations_submitted,"
     " evaluations_finalised, evaluations_accurate, evolutions_submitted, evolutions_finalised,"
     " evolutions_over_threshold, best_score,"
     " (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM payouts p WHERE p.hotkey = m.hotkey),"
     " (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM withdrawals w"
     "   WHERE w.hotkey = m.hotkey AND w.state < 2),"
     " recipient_coldkey FROM miners m ORDER BY reputation_total DESC, hotkey",
     {{"hotkey", PM_CELL_TEXT, 48},
      {"registered_at", PM_CELL_TIME, 0},
      {"last_seen_at", PM_CELL_TIME, 24},
      {"reputation", PM_CELL_POINTS, 12},
      {"evaluations_submitted", PM_CELL_INTEGER, 0},
      {"evaluations_finalised", PM_CELL_INTEGER, 21},
      {"evaluations_accurate", PM_CELL_INTEGER, 20},
      {"evolutions_submitted", PM_CELL_INTEGER, 0},
      {"evolutions_finalised", PM_CELL_INTEGER, 20},
      {"evolutions_over_threshold", PM_CELL_INTEGER, 0},
      {"best_score", PM_CELL_REAL, 10},
      {"lifetime_rao", PM_CELL_INTEGER, 15},
      {"withdrawn_or_waiting_rao", PM_CELL_INTEGER, 0},
      {"recipient_coldkey", PM_CELL_TEXT, 0}}},
    {"epochs",
     "SELECT number, start_ms, end_ms, settled, settled_ms, reputation, budget_rao, paid_rao,"
     " pool_rao, (SELECT COUNT(*) FROM payouts p WHERE p.epoch = e.number)"
     " FROM epochs e ORDER BY number",
     {{"epoch", PM_CELL_INTEGER, 8},
      {"start_at", PM_CELL_TIME, 24},
      {"end_at", PM_CELL_TIME, 24},
      {"settled", PM_CELL_INTEGER, 7},
      {"settled_at", PM_CELL_TIME, 0},
      {"reputation", PM_CELL_POINTS, 14},
      {"budget_rao", PM_CELL_INTEGER, 15},
      {"paid_rao", PM_CELL_INTEGER, 15},
      {"pool_rao", PM_CELL_INTEGER, 15},
      {"miners_paid", PM_CELL_INTEGER, 11}}},
    {"algorithms",
     "SELECT id, author, in_population, evaluation_count, score, created_ms, agreed_ms,"
     " verified_ms, input_dim, dsl FROM algorithms ORDER BY id",
     {{"algorithm_id", PM_CELL_INTEGER, 12},
      {"author", PM_CELL_TEXT, 48},
      {"in_population", PM_CELL_INTEGER, 13},
      {"evaluations", PM_CELL_INTEGER, 11},
      {"score", PM_CELL_REAL, 10},
      {"created_at", PM_CELL_TIME, 24},
      {"agreed_at", PM_CELL_TIME, 24},
      {"verified_at", PM_CELL_TIME, 0},
      {"input_dim", PM_CELL_INTEGER, 0},
      {"algorithm_dsl", PM_CELL_TEXT, 0}}},
    {"evaluations",
     "SELECT algorithm_id, hotkey, score, submitted_ms, accurate FROM evaluations"
     " ORDER BY algorithm_id, submitted_ms, hotkey",
     {{"algorithm_id", PM_CELL_INTEGER, 12},
      {"hotkey", PM_CELL_TEXT, 48},
      {"score", PM_CELL_REAL, 10},
      {"submitted_at", PM_CELL_TIME, 24},
      {"accurate", PM_CELL_INTEGER, 8}}},
    {"rewards",
     "SELECT epoch, CASE WHEN kind = 0 THEN 'evaluation' ELSE 'evolution' END, algorithm_id,"
     " hotkey, micro, booked_ms FROM rewards ORDER BY booked_ms, algorithm_id, kind, hotkey",
     {{"epoch", PM_CELL_INTEGER, 8},
      {"kind", PM_CELL_TEXT, 10},
      {"algorithm_id", PM_CELL_INTEGER, 12},
      {"hotkey", PM_CELL_TEXT, 48},
      {"reputation", PM_CELL_POINTS, 12},
      {"booked_at", PM_CELL_TIME, 24}}},
    {"payouts",
     "SELECT epoch, hotkey, reputation, rao FROM payouts ORDER BY epoch, hotkey",
     {{"epoch", PM_CELL_INTEGER, 8},
      {"hotkey", PM_CELL_TEXT, 48},
      {"reputation", PM_CELL_POINTS, 12},
      {"amount_rao", PM_CELL_INTEGER, 15}}},
    {"withdrawals",
     "SELECT id, CASE WHEN state = 0 THEN 'pending' WHEN state = 1 THEN 'approved'"
     " ELSE 'rejected' END, hotkey, recipient_coldkey, rao, requested_ms, decided_ms"
     " FROM withdrawals ORDER BY id",
     {{"withdrawal_id", PM_CELL_INTEGER, 13},
      {"state", PM_CELL_TEXT, 8},
      {"hotkey", PM_CELL_TEXT, 48},
      {"recipient_coldkey", PM_CELL_TEXT, 48},
      {"amount_rao", PM_CELL_INTEGER, 15},
      {"requested_at", PM_CELL_TIME, 24},
      {"decided_at", PM_CELL_TIME, 24}}},
};
enum { TABLE_COUNT = sizeof tables / sizeof *tables };

const struct pm_table *pm_table_find(const char *name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return &tables[i];
        }
    }
    return NULL;
}

size_t pm_table_column_count(const struct pm_table *table)
{
    size_t count = 0;
    while (count < PM_TABLE_COLUMNS_MAX && table->columns[count].name != NULL) {
        count++;
    }
    return count;
}

static struct pm_cell read_cell(struct pm_sql_cursor *cursor, int column, enum pm_cell_kind kind)
{
    struct pm_cell cell = {.empty = pm_sql_is_null(cursor, column)};
    if (cell.empty) {
        return cell;
    }
    switch (kind) {
    case PM_CELL_REAL:
        cell.real = pm_sql_column_real(cursor, column);
        break;
    case PM_CELL_TEXT:
        cell.text = pm_sql_column_text(cursor, column);
        break;
    default:
        cell.integer = pm_sql_column_integer(cursor, column);
        cell.empty = kind == PM_CELL_TIME && cell.integer == 0;
    }
    return cell;
}

bool pm_store_table_visit(struct pm_pool_store *store, const struct pm_table *table,
                          pm_table_visit *visit, void *context, struct pm_error *error)
{
    struct pm_cell cells[PM_TABLE_COLUMNS_MAX];
    struct pm_sql_cursor *cursor;
    size_t count = pm_table_column_count(table);
    bool row = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok = pm_sql_select(store->sql, table->query, PM_SQL_NO_VALUES, &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        for (size_t i = 0; i < count; i++) {
            cells[i] = read_cell(cursor, (int)i, table->columns[i].kind);
        }
        if (!visit(context, table, cells)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}
