/* What the writes to files replace, kept until a sync has made them durable: so that a loss of
 * power can take from the files what no sync has reached. Not thread-safe: crash_vfs.c holds its
 * mutex. */
#ifndef TESTS_CRASH_JOURNAL_H
#define TESTS_CRASH_JOURNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crash_journal; /* of a path; outlives the open file */

struct crash_journal *crash_journal_of(const char *path);
/* Before it happens: a write, or with bytes NULL a truncation to `offset`. */
void crash_journal_write(struct crash_journal *journal, sqlite3_file *file, const void *bytes,
                         size_t length, sqlite3_int64 offset);
/* A sync that succeeded; and one that failed: what was written before it stays in the file for all
 * who read, but no later sync will write it, as on Linux. */
void crash_journal_synced(struct crash_journal *journal);
void crash_journal_sync_failed(struct crash_journal *journal);
/* How many have failed: whoever has the file open is told of each, by his own next sync. */
int crash_journal_failures(const struct crash_journal *journal);
void crash_journal_forget(struct crash_journal *journal);

/* What no sync has reached is lost: all of it with seed 0, else the half of the writes that chance
 * chooses, for a disk writes in what order it likes. The files must be closed, or nobody look. */
void crash_journal_lose_power(uint64_t seed);
/* Forgets all journals. */
void crash_journal_clear(void);

#endif
