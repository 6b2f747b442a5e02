#include "crash_journal.h"

#include "cmocka_include.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fate { OPEN, SYNCED, NEVER_SYNCED };

struct change {
    struct change *older, *newer;
    enum fate fate;
    sqlite3_int64 offset, size_before; /* of the file */
    size_t replaced_length, length;
    unsigned char *replaced, *written; /* `written` NULL: cut off at the offset */
};

struct crash_journal {
    struct crash_journal *next;
    struct change *oldest, *newest;
    int failures;
    char path[512];
};

static struct crash_journal *journals;

struct crash_journal *crash_journal_of(const char *path)
{
    for (struct crash_journal *journal = journals; journal != NULL; journal = journal->next) {
        if (strcmp(journal->path, path) == 0) {
            return journal;
        }
    }
    struct crash_journal *journal = calloc(1, sizeof *journal);
    assert_non_null(journal);
    snprintf(journal->path, sizeof journal->path, "%s", path);
    journal->next = journals;
    journals = journal;
    return journal;
}

void crash_journal_write(struct crash_journal *journal, sqlite3_file *file, const void *bytes,
                         size_t length, sqlite3_int64 offset)
{
    struct change *change = calloc(1, sizeof *change);
    sqlite3_int64 size = 0;
    assert_non_null(change);
    file->pMethods->xFileSize(file, &size);
    const sqlite3_int64 rest = size > offset ? size - offset : 0;
    change->offset = offset;
    change->size_before = size;
    change->replaced_length = bytes == NULL || rest < (sqlite3_int64)length ? (size_t)rest : length;
    change->replaced = malloc(change->replaced_length + 1);
    assert_non_null(change->replaced);
    if (change->replaced_length > 0) {
        file->pMethods->xRead(file, change->replaced, (int)change->replaced_length, offset);
    }
    if (bytes != NULL) {
        change->length = length;
        change->written = malloc(length + 1);
        assert_non_null(change->written);
        memcpy(change->written, bytes, length);
    }
    change->older = journal->newest;
    *(journal->newest == NULL ? &journal->oldest : &journal->newest->newer) = change;
    journal->newest = change;
}

void crash_journal_forget(struct crash_journal *journal)
{
    while (journal->newest != NULL) {
        struct change *change = journal->newest;
        journal->newest = change->older;
        free(change->replaced);
        free(change->written);
        free(change);
    }
    journal->oldest = NULL;
}

static void settle(struct crash_journal *journal, enum fate fate)
{
    for (struct change *change = journal->newest; change != NULL; change = change->older) {
        if (change->fate == OPEN) {
            change->fate = fate;
        }
    }
}

void crash_journal_synced(struct crash_journal *journal)
{
    settle(journal, SYNCED);
    if (journal->failures == 0) {
        crash_journal_forget(journal);
    }
}

void crash_journal_sync_failed(struct crash_journal *journal)
{
    settle(journal, NEVER_SYNCED);
    journal->failures++;
}

int crash_journal_failures(const struct crash_journal *journal)
{
    return journal->failures;
}

/* ---- loss of power ---- */

static void undo(int file, const struct change *change)
{
    assert_int_equal(pwrite(file, change->replaced, change->replaced_length, change->offset),
                     change->replaced_length);
    assert_int_equal(ftruncate(file, change->size_before), 0);
}

static void do_again(int file, const struct change *change)
{
    if (change->written == NULL) {
        assert_int_equal(ftruncate(file, change->offset), 0);
    } else {
        assert_int_equal(pwrite(file, change->written, change->length, change->offset),
                         change->length);
    }
}

static bool survives(const struct change *change, uint64_t *seed)
{
    if (change->fate == SYNCED || *seed == 0) {
        return change->fate == SYNCED;
    }
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 63 != 0;
}

static void lose(struct crash_journal *journal, uint64_t *seed)
{
    const int file = open(journal->path, O_WRONLY | O_CLOEXEC);
    for (const struct change *change = journal->newest; file >= 0 && change != NULL;
         change = change->older) {
        undo(file, change);
    }
    for (const struct change *change = journal->oldest; file >= 0 && change != NULL;
         change = change->newer) {
        if (survives(change, seed)) {
            do_again(file, change);
        }
    }
    if (file >= 0) {
        close(file);
    }
    crash_journal_forget(journal);
}

void crash_journal_lose_power(uint64_t seed)
{
    for (struct crash_journal *journal = journals; journal != NULL; journal = journal->next) {
        lose(journal, &seed);
    }
}

void crash_journal_clear(void)
{
    while (journals != NULL) {
        struct crash_journal *journal = journals;
        journals = journal->next;
        crash_journal_forget(journal);
        free(journal);
    }
}
