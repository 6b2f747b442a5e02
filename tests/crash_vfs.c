#include "crash_vfs.h"

#include "cmocka_include.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a write that is not synced has replaced. */
struct undo {
    struct undo *older;
    sqlite3_int64 offset, size_before; /* of the file */
    size_t length;
    unsigned char bytes[];
};

/* A path that was written to; outlives the open file. */
struct journal {
    struct journal *next;
    struct undo *newest;
    char path[512];
};

struct crash_file {
    sqlite3_file base;
    struct journal *journal;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs crash_vfs;
static sqlite3_vfs *real_vfs;
static sqlite3_io_methods methods;
static struct journal *journals;
static enum crash_kind kind;
static int64_t crash_at, operations;
static bool happened, in_earnest;

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct crash_file *)file)->real;
}

/* ---- the end ---- */

enum verdict { GOES_ON, FAILS, TEARS };

static void undo_all(struct journal *journal);

/* Where the process does not merely behave as if it had died. */
static void leave_in_earnest(void)
{
    if (!in_earnest || (kind != CRASH_KILL && kind != CRASH_TORN && kind != CRASH_POWER)) {
        return;
    }
    for (struct journal *journal = journals; kind == CRASH_POWER && journal != NULL;
         journal = journal->next) {
        undo_all(journal);
    }
    _exit(CRASH_EXIT_STATUS);
}

static enum verdict judge(void)
{
    operations++;
    bool now = crash_at != 0 && operations == crash_at;
    if (!now && !happened) {
        return GOES_ON;
    }
    bool first = !happened;
    happened = true;
    if (kind == CRASH_ERROR) {
        return first ? FAILS : GOES_ON;
    }
    if (first && kind == CRASH_TORN) {
        return TEARS;
    }
    leave_in_earnest();
    return FAILS;
}

/* An operation that has no halves is torn before it begins. */
static bool fails(void)
{
    const enum verdict verdict = judge();
    if (verdict == TEARS) {
        leave_in_earnest();
    }
    return verdict != GOES_ON;
}

static int failure(void)
{
    return kind == CRASH_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

/* ---- the journal ---- */

static struct journal *journal_of(const char *path)
{
    for (struct journal *journal = journals; journal != NULL; journal = journal->next) {
        if (strcmp(journal->path, path) == 0) {
            return journal;
        }
    }
    struct journal *journal = calloc(1, sizeof *journal);
    assert_non_null(journal);
    snprintf(journal->path, sizeof journal->path, "%s", path);
    journal->next = journals;
    journals = journal;
    return journal;
}

static void forget(struct journal *journal)
{
    while (journal->newest != NULL) {
        struct undo *undo = journal->newest;
        journal->newest = undo->older;
        free(undo);
    }
}

/* Remembers what stands at [offset, offset + length) before it is changed. */
static void remember(struct crash_file *file, sqlite3_int64 offset, size_t length)
{
    struct undo *undo = calloc(1, sizeof *undo + length);
    sqlite3_int64 size = 0;
    assert_non_null(undo);
    file->real->pMethods->xFileSize(file->real, &size);
    undo->offset = offset;
    undo->size_before = size;
    undo->length = offset >= size                          ? 0
                   : (sqlite3_int64)length > size - offset ? (size_t)(size - offset)
                                                           : length;
    if (undo->length > 0) {
        file->real->pMethods->xRead(file->real, undo->bytes, (int)undo->length, offset);
    }
    undo->older = file->journal->newest;
    file->journal->newest = undo;
}

static void undo_all(struct journal *journal)
{
    int file = open(journal->path, O_WRONLY | O_CLOEXEC);
    for (const struct undo *undo = journal->newest; file >= 0 && undo != NULL; undo = undo->older) {
        assert_int_equal(pwrite(file, undo->bytes, undo->length, undo->offset), undo->length);
        assert_int_equal(ftruncate(file, undo->size_before), 0);
    }
    if (file >= 0) {
        close(file);
    }
    forget(journal);
}

/* ---- files ---- */

static int crash_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int crash_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), data, size, offset);
}

static int crash_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    enum verdict verdict = judge();
    if (verdict == FAILS) {
        return failure();
    }
    remember((struct crash_file *)file, offset, (size_t)size);
    if (verdict == TEARS) {
        real(file)->pMethods->xWrite(real(file), data, size / 2, offset);
        leave_in_earnest();
        return failure();
    }
    return real(file)->pMethods->xWrite(real(file), data, size, offset);
}

static int crash_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails()) {
        return failure();
    }
    sqlite3_int64 old = 0;
    real(file)->pMethods->xFileSize(real(file), &old);
    if (size < old) {
        remember((struct crash_file *)file, size, (size_t)(old - size));
    }
    return real(file)->pMethods->xTruncate(real(file), size);
}

/* What is synced cannot be lost here, so the real disk need not be troubled. */
static int crash_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (fails()) {
        return failure();
    }
    forget(((struct crash_file *)file)->journal);
    return SQLITE_OK;
}

static int crash_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int crash_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int crash_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int crash_check_reserved_lock(sqlite3_file *file, int *reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
}

static int crash_control(sqlite3_file *file, int operation, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int crash_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int crash_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int crash_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int crash_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void crash_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int crash_shm_unmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static int crash_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                      int *out_flags)
{
    (void)vfs;
    struct crash_file *crash = (struct crash_file *)file;
    crash->real = (sqlite3_file *)(crash + 1);
    crash->base.pMethods = NULL;
    int result = real_vfs->xOpen(real_vfs, path, crash->real, flags, out_flags);
    if (result == SQLITE_OK && path != NULL) {
        crash->journal = journal_of(path);
        crash->base.pMethods = &methods;
    } else if (result == SQLITE_OK) {
        crash->real->pMethods->xClose(crash->real);
        return SQLITE_CANTOPEN; /* the store uses no temporary files */
    }
    return result;
}

static int crash_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    if (fails()) {
        return SQLITE_IOERR_DELETE;
    }
    forget(journal_of(path));
    (void)sync;
    return real_vfs->xDelete(real_vfs, path, 0);
}

/* ---- control ---- */

void crash_vfs_install(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(real_vfs);
    methods = (sqlite3_io_methods){
        .iVersion = 2, /* shared memory is no file: it is made anew by whoever comes first */
        .xClose = crash_close,
        .xRead = crash_read,
        .xWrite = crash_write,
        .xTruncate = crash_truncate,
        .xSync = crash_sync,
        .xFileSize = crash_file_size,
        .xLock = crash_lock,
        .xUnlock = crash_unlock,
        .xCheckReservedLock = crash_check_reserved_lock,
        .xFileControl = crash_control,
        .xSectorSize = crash_sector_size,
        .xDeviceCharacteristics = crash_characteristics,
        .xShmMap = crash_shm_map,
        .xShmLock = crash_shm_lock,
        .xShmBarrier = crash_shm_barrier,
        .xShmUnmap = crash_shm_unmap,
    };
    crash_vfs = *real_vfs;
    crash_vfs.zName = "crash";
    crash_vfs.pNext = NULL;
    crash_vfs.szOsFile = (int)sizeof(struct crash_file) + real_vfs->szOsFile;
    crash_vfs.xOpen = crash_open;
    crash_vfs.xDelete = crash_delete;
    assert_int_equal(sqlite3_vfs_register(&crash_vfs, 1), SQLITE_OK);
}

int64_t crash_vfs_operations(void)
{
    return operations;
}

void crash_vfs_arm(enum crash_kind chosen, int64_t at)
{
    kind = chosen;
    crash_at = at;
    operations = 0;
    happened = false;
}

void crash_vfs_die_in_earnest(void)
{
    in_earnest = true;
}

bool crash_vfs_happened(void)
{
    return happened;
}

void crash_vfs_recover(void)
{
    bool power = happened && kind == CRASH_POWER;
    crash_at = 0;
    happened = false;
    while (journals != NULL) {
        struct journal *journal = journals;
        journals = journal->next;
        if (power) {
            undo_all(journal);
        }
        forget(journal);
        free(journal);
    }
}
