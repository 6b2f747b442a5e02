/* Log lines: kept up to a number, read on from any of them. */
#include "sidecar/history_internal.h"

#include <stdio.h>

#include <poolminer/json.h>

static bool insert_line(sqlite3_stmt *statement, const struct pm_history_line *line)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, line->unix_ms);
    sqlite3_bind_int(statement, 2, (int)line->level);
    sqlite3_bind_text(statement, 3, line->program, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 4, line->id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 5, line->message, -1, SQLITE_TRANSIENT);
    return sqlite3_step(statement) == SQLITE_DONE;
}

static bool insert_lines(struct pm_history *history, const struct pm_history_line *lines,
                         size_t count, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_history_prepare(
        history, "INSERT INTO lines (unix_ms, level, program, id, message) VALUES (?, ?, ?, ?, ?)",
        error);
    bool done = statement != NULL;
    for (size_t i = 0; done && i < count; i++) {
        done =
            insert_line(statement, &lines[i]) || pm_history_fail(history, "adding a line", error);
    }
    sqlite3_finalize(statement);
    return done;
}

static bool drop_old_lines(const struct pm_history *history, struct pm_error *error)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "DELETE FROM lines WHERE number <= (SELECT max(number) FROM lines) - %d",
             PM_HISTORY_LINES_MAX);
    return pm_history_execute(history, sql, error);
}

bool pm_history_add_lines(struct pm_history *history, const struct pm_history_line *lines,
                          size_t count, struct pm_error *error)
{
    pthread_mutex_lock(&history->mutex);
    bool done =
        pm_history_execute(history, "BEGIN", error) &&
        pm_history_end(history,
                       insert_lines(history, lines, count, error) && drop_old_lines(history, error),
                       error);
    if (done) {
        history->last_line = sqlite3_last_insert_rowid(history->database);
    }
    pthread_mutex_unlock(&history->mutex);
    return done;
}

static bool add_line(cJSON *list, sqlite3_stmt *row)
{
    cJSON *item = pm_json_append_object(list);
    const enum pm_log_level level = (enum pm_log_level)sqlite3_column_int(row, 2);
    return pm_json_add_number(item, "cursor", (double)sqlite3_column_int64(row, 0)) &&
           pm_json_add_number(item, "time_ms", (double)sqlite3_column_int64(row, 1)) &&
           pm_json_add_string(item, "level", pm_log_level_name(level)) &&
           pm_json_add_string(item, "program", (const char *)sqlite3_column_text(row, 3)) &&
           pm_json_add_string(item, "id", (const char *)sqlite3_column_text(row, 4)) &&
           pm_json_add_string(item, "message", (const char *)sqlite3_column_text(row, 5));
}

static bool read_lines(const struct pm_history *history, cJSON *list, int64_t after,
                       enum pm_log_level least, size_t limit, struct pm_error *error)
{
    static const char *const sql[] = {
        "SELECT * FROM lines WHERE number > ?1 AND level >= ?2 ORDER BY number LIMIT ?3",
        "SELECT * FROM (SELECT * FROM lines WHERE number > ?1 AND level >= ?2 ORDER BY number DESC "
        "LIMIT ?3) ORDER BY number"};
    sqlite3_stmt *statement = pm_history_prepare(history, sql[after < 0], error);
    bool done = statement != NULL;
    int step = SQLITE_DONE;
    if (done) {
        sqlite3_bind_int64(statement, 1, after);
        sqlite3_bind_int(statement, 2, (int)least);
        sqlite3_bind_int64(statement, 3, (int64_t)limit);
        while (done && (step = sqlite3_step(statement)) == SQLITE_ROW) {
            done =
                add_line(list, statement) || pm_fail(error, PM_ERROR_MEMORY, "history: no memory");
        }
        done = done && (step == SQLITE_DONE || pm_history_fail(history, "reading lines", error));
    }
    sqlite3_finalize(statement);
    return done;
}

/* Where the next one who asks goes on: behind the last line given, or, where there was room for
 * more, behind the last there is. */
static int64_t next_cursor(const struct pm_history *history, const cJSON *list, size_t limit)
{
    size_t count = (size_t)cJSON_GetArraySize(list);
    if (count == 0 || count < limit) {
        return history->last_line;
    }
    const cJSON *last = cJSON_GetArrayItem(list, (int)count - 1);
    return (int64_t)cJSON_GetObjectItemCaseSensitive(last, "cursor")->valuedouble;
}

cJSON *pm_history_lines(struct pm_history *history, int64_t after, enum pm_log_level least,
                        size_t limit, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "lines");
    pthread_mutex_lock(&history->mutex);
    bool done = (list != NULL || pm_fail(error, PM_ERROR_MEMORY, "history: no memory")) &&
                read_lines(history, list, after, least, limit, error);
    int64_t cursor = done ? next_cursor(history, list, limit) : 0;
    pthread_mutex_unlock(&history->mutex);
    if (done && pm_json_add_number(object, "cursor", (double)cursor)) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}

int64_t pm_history_last_line(struct pm_history *history)
{
    pthread_mutex_lock(&history->mutex);
    int64_t last = history->last_line;
    pthread_mutex_unlock(&history->mutex);
    return last;
}
