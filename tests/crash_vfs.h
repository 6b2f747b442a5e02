/* A file system under SQLite that fails or dies at a chosen write, and can lose what was written
 * but not synced, as a machine does whose power goes. Several threads may write and sync; arming,
 * recovering and losing power are for one, while the others do nothing. */
#ifndef TESTS_CRASH_VFS_H
#define TESTS_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Tests try every so many-th operation: where memory is looked at, each takes ten times as long,
 * and sees the same. */
#ifdef __SANITIZE_ADDRESS__
enum { CRASH_STRIDE = 4 };
#else
enum { CRASH_STRIDE = 1 };
#endif

enum crash_kind {
    CRASH_ERROR,        /* this one operation fails with an I/O error; the next ones work */
    CRASH_SHORT,        /* the same, and of a write half has happened */
    CRASH_FULL,         /* from here on writes fail: the disk is full */
    CRASH_KILL,         /* the process dies: this operation and all later ones do not happen */
    CRASH_TORN,         /* it dies in the middle of this write */
    CRASH_POWER,        /* it dies, and so does the machine: unsynced writes are lost */
    CRASH_POWER_PARTLY, /* the same, and some of the unsynced writes are lost, others not */
    CRASH_KINDS
};

/* Makes it SQLite's default, over the one that was. */
void crash_vfs_install(void);
/* The operation (write, sync, truncate) number `at` from 1 meets its end; 0: none. */
void crash_vfs_arm(enum crash_kind kind, int64_t at);
/* From now on only files whose names end so are counted, and fail; NULL: all. */
void crash_vfs_only(const char *suffix);
/* How many operations there were since it was armed. */
int64_t crash_vfs_operations(void);
/* From now on, where the process is to die it ends with this status, files as they are then found.
 */
enum { CRASH_EXIT_STATUS = 42 };
void crash_vfs_die_in_earnest(void);
/* True when it has happened. */
bool crash_vfs_happened(void);
/* After everything was closed: the files as the next process finds them. Everything works again. */
void crash_vfs_recover(void);
/* The same, and the machine's power goes, whatever kind was armed. What was written before a sync
 * that failed is lost for good then, unless it was written once more. */
void crash_vfs_lose_power(void);

#endif
