/* A file system under SQLite that fails or dies at a chosen write, and can lose what was written
 * but not synced, as a machine does whose power goes. */
#ifndef TESTS_CRASH_VFS_H
#define TESTS_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

enum crash_kind {
    CRASH_ERROR, /* this one operation fails with an I/O error; the next ones work */
    CRASH_FULL,  /* from here on writes fail: the disk is full */
    CRASH_KILL,  /* the process dies: this operation and all later ones do not happen */
    CRASH_TORN,  /* it dies in the middle of this write */
    CRASH_POWER, /* it dies, and so does the machine: unsynced writes are lost */
    CRASH_KINDS
};

/* Makes it SQLite's default, over the one that was. */
void crash_vfs_install(void);
/* The operation (write, sync, truncate) number `at` from 1 meets its end; 0: none. */
void crash_vfs_arm(enum crash_kind kind, int64_t at);
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

#endif
