/* The write-ahead log of an SQLite database as a file: one call of the system for a transaction,
 * and a sync that another thread may do. */
#ifndef POOLMINER_SQLITE_LOG_H
#define POOLMINER_SQLITE_LOG_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The name of a VFS for sqlite3_open_v2: the default one, but for the log, whose frames SQLite
 * writes in two pieces each. They are gathered, and handed on when the frame comes that commits, so
 * that a failure is still the commit's. NULL: memory is out. Not thread-safe.
 * PM_SQLITE_LOG_ALONE: no other process can open the database, from the first access on; several
 * connections of this one can (one thread each), and keep the log's index in memory. (Over a
 * default VFS that is not the system's own it is like SHARED.) */
enum pm_sqlite_log_kind { PM_SQLITE_LOG_SHARED, PM_SQLITE_LOG_ALONE };
const char *pm_sqlite_log_vfs(enum pm_sqlite_log_kind kind);

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
/* As above: *lost for the syncs of the log by another connection. False: it has no log open. */
bool pm_sqlite_log_watch(sqlite3 *database, atomic_bool *lost);
/* Syncs what has been written to the log; by any one thread at a time. An SQLite result code. */
int pm_sqlite_log_sync(struct pm_sqlite_log *log);

#endif
