#include "pool/sql.h"

void pm_sql_close(struct pm_sql *sql)
{
    if (sql != NULL) {
        sql->driver->close(sql);
    }
}

bool pm_sql_begin(struct pm_sql *sql, struct pm_error *error)
{
    return sql->driver->begin(sql, error);
}

bool pm_sql_commit(struct pm_sql *sql, struct pm_error *error)
{
    return sql->driver->commit(sql, error);
}

void pm_sql_rollback(struct pm_sql *sql)
{
    sql->driver->rollback(sql);
}

bool pm_sql_attend(struct pm_sql *sql, bool *alone, struct pm_error *error)
{
    return sql->driver->attend(sql, alone, error);
}

bool pm_sql_script(struct pm_sql *sql, const char *text, struct pm_error *error)
{
    return sql->driver->script(sql, text, error);
}

bool pm_sql_select(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                   size_t count, struct pm_sql_cursor **out, struct pm_error *error)
{
    *out = NULL;
    return sql->driver->select(sql, text, values, count, out, error);
}

bool pm_sql_next(struct pm_sql_cursor *cursor, bool *row, struct pm_error *error)
{
    return cursor->sql->driver->next(cursor, row, error);
}

void pm_sql_end(struct pm_sql_cursor *cursor)
{
    if (cursor != NULL) {
        cursor->sql->driver->end(cursor);
    }
}

bool pm_sql_is_null(struct pm_sql_cursor *cursor, int column)
{
    return cursor->sql->driver->is_null(cursor, column);
}

int64_t pm_sql_column_integer(struct pm_sql_cursor *cursor, int column)
{
    return cursor->sql->driver->column_integer(cursor, column);
}

double pm_sql_column_real(struct pm_sql_cursor *cursor, int column)
{
    return cursor->sql->driver->column_real(cursor, column);
}

const char *pm_sql_column_text(struct pm_sql_cursor *cursor, int column)
{
    return cursor->sql->driver->column_text(cursor, column);
}

bool pm_sql_execute(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                    size_t count, struct pm_error *error)
{
    if (sql->driver->execute != NULL) {
        return sql->driver->execute(sql, text, values, count, error);
    }
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok = pm_sql_select(sql, text, values, count, &cursor, error);
    do {
        ok = ok && pm_sql_next(cursor, &row, error);
    } while (ok && row);
    pm_sql_end(cursor);
    return ok;
}

bool pm_sql_settle(struct pm_sql *sql, struct pm_error *error)
{
    return sql->driver->settle == NULL || sql->driver->settle(sql, error);
}

bool pm_sql_select_integer(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                           size_t count, int64_t *out, bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok =
        pm_sql_select(sql, text, values, count, &cursor, error) && pm_sql_next(cursor, &row, error);
    if (ok && row) {
        *out = pm_sql_column_integer(cursor, 0);
    }
    *found = row;
    pm_sql_end(cursor);
    return ok;
}
