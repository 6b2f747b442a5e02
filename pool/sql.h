/* A database connection: the little of SQL that the store needs, so that the store is written once
 * over whatever database stands behind it.
 *
 * Statements are texts of static storage with parameters $1, $2, ...; a connection prepares each
 * once and knows it again by its address. They keep to what SQLite and PostgreSQL read alike. A
 * connection belongs to one thread at a time, and of one statement one cursor is open at a time. */
#ifndef POOL_SQL_H
#define POOL_SQL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_sql_type { PM_SQL_NULL, PM_SQL_INTEGER, PM_SQL_REAL, PM_SQL_TEXT };

struct pm_sql_value {
    enum pm_sql_type type;
    int64_t integer;
    double real;
    const char *text; /* must live until the statement ends */
};

static inline struct pm_sql_value pm_sql_integer(int64_t integer)
{
    return (struct pm_sql_value){.type = PM_SQL_INTEGER, .integer = integer};
}
static inline struct pm_sql_value pm_sql_real(double real)
{
    return (struct pm_sql_value){.type = PM_SQL_REAL, .real = real};
}
/* NULL text is NULL. */
static inline struct pm_sql_value pm_sql_text(const char *text)
{
    return (struct pm_sql_value){.type = text != NULL ? PM_SQL_TEXT : PM_SQL_NULL, .text = text};
}
static inline struct pm_sql_value pm_sql_null(void)
{
    return (struct pm_sql_value){.type = PM_SQL_NULL};
}

/* Parameters as two arguments: pm_sql_execute(sql, text, PM_SQL_VALUES(pm_sql_integer(1)), error).
 */
#define PM_SQL_VALUES(...)                                                                         \
    (const struct pm_sql_value[]){__VA_ARGS__},                                                    \
        sizeof((const struct pm_sql_value[]){__VA_ARGS__}) / sizeof(struct pm_sql_value)
#define PM_SQL_NO_VALUES NULL, 0

struct pm_sql;
struct pm_sql_cursor;

/* What a database has to do; the functions below say it in full. */
struct pm_sql_driver {
    void (*close)(struct pm_sql *sql);
    bool (*begin)(struct pm_sql *sql, struct pm_error *error);
    bool (*commit)(struct pm_sql *sql, struct pm_error *error);
    void (*rollback)(struct pm_sql *sql);
    bool (*attend)(struct pm_sql *sql, bool *alone, struct pm_error *error);
    bool (*script)(struct pm_sql *sql, const char *text, struct pm_error *error);
    bool (*select)(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                   size_t count, struct pm_sql_cursor **out, struct pm_error *error);
    /* NULL: by a query whose rows nobody looks at */
    bool (*execute)(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                    size_t count, struct pm_error *error);
    bool (*settle)(struct pm_sql *sql, struct pm_error *error); /* NULL: execute puts nothing off */
    bool (*next)(struct pm_sql_cursor *cursor, bool *row, struct pm_error *error);
    void (*end)(struct pm_sql_cursor *cursor);
    bool (*is_null)(struct pm_sql_cursor *cursor, int column);
    int64_t (*column_integer)(struct pm_sql_cursor *cursor, int column);
    double (*column_real)(struct pm_sql_cursor *cursor, int column);
    const char *(*column_text)(struct pm_sql_cursor *cursor, int column);
};
struct pm_sql {
    const struct pm_sql_driver *driver; /* a driver's own struct begins with this one */
    int64_t connections;                /* made so far, the one that is in use among them */
    atomic_bool lost;                   /* what is kept, only a new process can find out */
};
struct pm_sql_cursor {
    struct pm_sql *sql;
};

enum pm_sql_access {
    PM_SQL_WRITE,
    PM_SQL_READ, /* sees what is committed, and waits for no writer */
};

/* SQLite in the file `path` (":memory:": a private one that ends with the connection). A writer
 * makes it with mode 0600 when missing, and refuses a file that another program has its tables in;
 * write-ahead log, fsync before a commit returns. */
bool pm_sql_open_sqlite(const char *path, enum pm_sql_access access, struct pm_sql **out,
                        struct pm_error *error);
/* PostgreSQL at a URL, "postgresql://...", as libpq reads it. Several processes may use it at once:
 * the transactions of their writers follow one another, by an advisory lock, and one whose process
 * dies is undone. A connection that was lost is made anew by the next transaction. */
bool pm_sql_open_postgres(const char *url, enum pm_sql_access access, struct pm_sql **out,
                          struct pm_error *error);
/* Whether a store's name is such a URL, rather than a file. */
bool pm_sql_is_postgres(const char *name);
bool pm_sql_is_sqlite(const struct pm_sql *sql);
void pm_sql_close(struct pm_sql *sql);

/* A transaction that may write. When commit returns true the changes are durable; on false nothing
 * of the transaction has happened (but if PostgreSQL goes away in the very middle of a commit, none
 * or all of it has: what the pool's miners send again gets the same answer either way). */
bool pm_sql_begin(struct pm_sql *sql, struct pm_error *error);
bool pm_sql_commit(struct pm_sql *sql, struct pm_error *error);
void pm_sql_rollback(struct pm_sql *sql);

/* Inside a transaction: from here on this process is at work on the database, until the connection
 * ends, however it does. *alone: no other is. Of two that attend each sees the other, or the first
 * one's transaction is over. */
bool pm_sql_attend(struct pm_sql *sql, bool *alone, struct pm_error *error);

/* Several statements without parameters, for the schema. */
bool pm_sql_script(struct pm_sql *sql, const char *text, struct pm_error *error);

/* Runs a statement to its end, before any that follows. That it failed may show only with a later
 * one, at the latest with the commit, which then fails; true says nothing yet. */
bool pm_sql_execute(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                    size_t count, struct pm_error *error);

/* Whether everything that was executed so far in the transaction succeeded; after false it is only
 * good for a rollback. */
bool pm_sql_settle(struct pm_sql *sql, struct pm_error *error);

/* Starts a query; then pm_sql_next until *row is false or something fails, and pm_sql_end (NULL is
 * allowed) in every case. */
bool pm_sql_select(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                   size_t count, struct pm_sql_cursor **out, struct pm_error *error);
bool pm_sql_next(struct pm_sql_cursor *cursor, bool *row, struct pm_error *error);
void pm_sql_end(struct pm_sql_cursor *cursor);

/* The current row, columns from 0. NULL reads as 0 or as a NULL text; text lives until the next
 * pm_sql_next or pm_sql_end. */
bool pm_sql_is_null(struct pm_sql_cursor *cursor, int column);
int64_t pm_sql_column_integer(struct pm_sql_cursor *cursor, int column);
double pm_sql_column_real(struct pm_sql_cursor *cursor, int column);
const char *pm_sql_column_text(struct pm_sql_cursor *cursor, int column);

/* The integer in the first column of the first row, or *found false. */
bool pm_sql_select_integer(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                           size_t count, int64_t *out, bool *found, struct pm_error *error);

#endif
