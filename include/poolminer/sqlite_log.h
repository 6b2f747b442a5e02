/* The file of an SQLite database's write-ahead log. SQLite by itself makes two write calls for each
 * page that a transaction changed, and syncs the file on the thread that commits. Here
 * a transaction of usual size is one write call, and another thread can do the sync. */
#ifndef POOLMINER_SQLITE_LOG_H
#define POOLMINER_SQLITE_LOG_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

enum pm_sqlite_log_kind {
    PM_SQLITE_LOG_SHARED, /* other processes may open the database too */
    /* From the first access on no other process can open the database. Several connections of this
     * process can, each of them on one thread; they keep the log's index in memory instead of in a
     * file. If SQLite's default VFS is not the system's own, this is the same as SHARED. */
    PM_SQLITE_LOG_ALONE,
};
/* Registers a VFS (SQLite's interface to the file system) and returns its name, for
 * sqlite3_open_v2. It behaves like the default VFS except for the log: what SQLite writes to it is
 * gathered in memory and written when the frame comes that commits the transaction, so that a
 * failed write is still reported as a failed commit. NULL: memory is out. Not thread-safe. */
const char *pm_sqlite_log_vfs(enum pm_sqlite_log_kind kind);

/* The open log of a database that was opened with that VFS, as SQLite's file object; NULL when the
 * database has no log open. It belongs to the database's connection. */
sqlite3_file *pm_sqlite_log_file(sqlite3 *database);
/* To be called after each commit: writes what is still gathered in memory. Normally that is
 * nothing; it makes sure of it for versions of SQLite that write frames in another order. Returns
 * an SQLite result code; after a failure the file lacks a transaction that SQLite believes
 * committed. */
int pm_sqlite_log_flush(sqlite3_file *log);

/* A second handle of an open database's log, used only to sync it. */
struct pm_sqlite_log;
/* Opens such a handle. When a sync of the log fails, through any handle, *lost is set, and every
 * later sync fails too. The reason: after a failed sync the kernel may mark the data as written
 * although it is not, so a second sync could succeed and still mean nothing. `lost` must outlive
 * the handle. NULL when the log cannot be opened. */
struct pm_sqlite_log *pm_sqlite_log_open(sqlite3 *database, atomic_bool *lost);
void pm_sqlite_log_close(struct pm_sqlite_log *log);
/* Makes syncs that SQLite itself does on this connection set *lost in the same way. `lost` must
 * outlive the connection. False: the database has no log open. */
bool pm_sqlite_log_watch(sqlite3 *database, atomic_bool *lost);
/* For a connection that does nothing but write the log back: it syncs the database's file after
 * each MiB that it wrote there, so that the log's own syncs, of another thread, never wait behind
 * more than that on the disk. A sync that fails ends the writing back and sets the `lost` of
 * pm_sqlite_log_watch. False: the database has no log open. */
bool pm_sqlite_log_write_back_in_steps(sqlite3 *database);
/* On such a connection's own thread, after it has written back: syncs what was written since the
 * last step, and fails as a step does. Returns an SQLite result code. */
int pm_sqlite_log_sync_written_back(sqlite3 *database);
/* Waits until everything that was written to the log is on the disk. Any thread may call it, one at
 * a time. Returns an SQLite result code. */
int pm_sqlite_log_sync(struct pm_sqlite_log *log);

#endif
