/* The write-ahead log of an SQLite database as a file: one call of the system for a transaction,
 * and a sync that another thread may do. */
#ifndef POOLMINER_SQLITE_LOG_H
#define POOLMINER_SQLITE_LOG_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The name of a VFS for sqlite3_open_v2: the default one, but for the log, whose frames SQLite
 * writes in two pieces each. They are gathered, and handed on when the frame comes that commits, so
 * that a failure is still the commit's. NULL: memory is out. Not thread-safe. */
const char *pm_sqlite_log_vfs(void);

/* SQLite's own file of the log of an open database, which is of that VFS; NULL when there is none.
 */
sqlite3_file *pm_sqlite_log_file(sqlite3 *database);
/* After a commit: nothing of it is held, whatever the way in which this SQLite writes its frames.
 * An SQLite result code; after a failure the file lacks what SQLite takes for committed. */
int pm_sqlite_log_flush(sqlite3_file *log);

/* The log of an open database, a second time: its descriptor is for syncing only. */
struct pm_sqlite_log;
/* *lost is set when a sync of the log fails, by whichever handle, and no sync of it succeeds from
 * then on: after a failure the system takes what it could not write for written, so that a second
 * sync would tell nothing. NULL when it cannot be opened. */
struct pm_sqlite_log *pm_sqlite_log_open(sqlite3 *database, atomic_bool *lost);
void pm_sqlite_log_close(struct pm_sqlite_log *log);
/* Syncs what has been written to the log; by any one thread at a time. An SQLite result code. */
int pm_sqlite_log_sync(struct pm_sqlite_log *log);

#endif
