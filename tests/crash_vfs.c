#include "crash_vfs.h"

#include "cmocka_include.h"
#include "crash_journal.h"

#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

struct crash_file {
    sqlite3_file base;
    struct crash_journal *journal;
    bool counted;
    int failures_seen;  /* of syncs of this path, by whichever file */
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs crash_vfs;
static sqlite3_vfs *real_vfs;
static sqlite3_io_methods methods;
/* Over the journals and all below: an operation happens wholly before or after another one. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static enum crash_kind kind;
static const char *only;
static int64_t crash_at, operations;
static bool happened, in_earnest;

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct crash_file *)file)->real;
}

/* ---- the end ---- */

enum verdict { GOES_ON, FAILS, FAILS_HALFWAY };

static bool is_death(void)
{
    return kind == CRASH_KILL || kind == CRASH_TORN || kind == CRASH_POWER ||
           kind == CRASH_POWER_PARTLY;
}

static void take_power(void)
{
    if (kind == CRASH_POWER || kind == CRASH_POWER_PARTLY) {
        crash_journal_lose_power(kind == CRASH_POWER ? 0 : (uint64_t)operations);
    }
}

/* Where the process does not merely behave as if it had died. */
static void leave_in_earnest(void)
{
    if (in_earnest && is_death()) {
        take_power();
        _exit(CRASH_EXIT_STATUS);
    }
}

/* Whoever dies in the middle of a write has to leave by himself. */
static enum verdict judge(bool counted)
{
    operations += counted ? 1 : 0;
    const bool first = counted && crash_at != 0 && operations == crash_at && !happened;
    happened = happened || first;
    if (!happened || (!counted && !is_death())) {
        return GOES_ON;
    }
    if (first && (kind == CRASH_SHORT || kind == CRASH_TORN)) {
        return FAILS_HALFWAY;
    }
    if (!first && (kind == CRASH_ERROR || kind == CRASH_SHORT)) {
        return GOES_ON;
    }
    leave_in_earnest();
    return FAILS;
}

/* An operation that has no halves fails before it begins. */
static bool fails(const struct crash_file *file)
{
    const enum verdict verdict = judge(file->counted);
    if (verdict == FAILS_HALFWAY) {
        leave_in_earnest();
    }
    return verdict != GOES_ON;
}

/* Before an operation: two threads that write do so in all orders. */
static struct crash_file *enter(sqlite3_file *file)
{
    sched_yield();
    pthread_mutex_lock(&mutex);
    return (struct crash_file *)file;
}

static int leave(int result)
{
    pthread_mutex_unlock(&mutex);
    return result;
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
    struct crash_file *crash = enter(file);
    const enum verdict verdict = judge(crash->counted);
    const int failure = kind == CRASH_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    const int length = verdict == FAILS_HALFWAY ? size / 2 : size;
    if (verdict == FAILS) {
        return leave(failure);
    }
    crash_journal_write(crash->journal, crash->real, data, (size_t)length, offset);
    const int result = real(file)->pMethods->xWrite(real(file), data, length, offset);
    if (verdict == FAILS_HALFWAY) {
        leave_in_earnest();
    }
    return leave(verdict == FAILS_HALFWAY ? failure : result);
}

static int crash_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct crash_file *crash = enter(file);
    if (fails(crash)) {
        return leave(SQLITE_IOERR_TRUNCATE);
    }
    crash_journal_write(crash->journal, crash->real, NULL, 0, size);
    return leave(real(file)->pMethods->xTruncate(real(file), size));
}

/* What is synced cannot be lost here, so the real disk need not be troubled. */
static int crash_sync(sqlite3_file *file, int flags)
{
    struct crash_file *crash = enter(file);
    (void)flags;
    if (fails(crash)) {
        crash_journal_sync_failed(crash->journal);
    }
    if (crash->failures_seen != crash_journal_failures(crash->journal)) {
        crash->failures_seen = crash_journal_failures(crash->journal);
        return leave(SQLITE_IOERR_FSYNC);
    }
    crash_journal_synced(crash->journal);
    return leave(SQLITE_OK);
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

static bool is_counted(const char *path)
{
    const size_t length = strlen(path), end = only == NULL ? 0 : strlen(only);
    return end <= length && strcmp(path + length - end, only == NULL ? "" : only) == 0;
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
        pthread_mutex_lock(&mutex);
        crash->journal = crash_journal_of(path);
        crash->counted = is_counted(path);
        crash->failures_seen = crash_journal_failures(crash->journal);
        pthread_mutex_unlock(&mutex);
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
    (void)sync;
    pthread_mutex_lock(&mutex);
    const struct crash_file whole = {.counted = is_counted(path)};
    if (fails(&whole)) {
        return leave(SQLITE_IOERR_DELETE);
    }
    crash_journal_forget(crash_journal_of(path));
    return leave(real_vfs->xDelete(real_vfs, path, 0));
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
    pthread_mutex_lock(&mutex);
    const int64_t count = operations;
    pthread_mutex_unlock(&mutex);
    return count;
}

void crash_vfs_arm(enum crash_kind chosen, int64_t at)
{
    pthread_mutex_lock(&mutex);
    kind = chosen;
    crash_at = at;
    operations = 0;
    happened = false;
    pthread_mutex_unlock(&mutex);
}

void crash_vfs_only(const char *suffix)
{
    only = suffix;
}

void crash_vfs_die_in_earnest(void)
{
    in_earnest = true;
}

bool crash_vfs_happened(void)
{
    pthread_mutex_lock(&mutex);
    const bool it_has = happened;
    pthread_mutex_unlock(&mutex);
    return it_has;
}

void crash_vfs_recover(void)
{
    if (happened) {
        take_power();
    }
    crash_journal_clear();
    crash_at = 0;
    happened = false;
}

void crash_vfs_lose_power(void)
{
    crash_journal_lose_power(0);
    crash_vfs_recover();
}
