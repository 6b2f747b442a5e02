#include <stdlib.h>
#include <string.h>

#include <poolminer/sqlite_log.h>

enum {
    HELD_MAX = 96 * 1024, /* SQLite's files take less than 128 KiB at once */
    FRAME_HEADER = 24,    /* before each page; its second word is not 0 in the frame that commits */
    COMMIT_WORD_AT = 4,
    COMMIT_WORD_SIZE = 4,
    STEP = 1024 * 1024, /* few milliseconds of a disk's time */
    NOWHERE = -1,
};

struct log_file {
    sqlite3_file base;
    sqlite3_file *real;    /* behind this struct */
    sqlite3_int64 end;     /* of what was written last, held or not */
    size_t held;           /* bytes before `end` that the file does not have yet */
    bool commits;          /* the frame whose header was written last does */
    unsigned char *buffer; /* HELD_MAX */
    atomic_bool *lost;     /* NULL: nobody has asked to be told */
    sqlite3_file *target;  /* the database's own, synced in steps; NULL: when SQLite wants it */
    sqlite3_int64 step;    /* bytes that were read to be written there, since it was synced */
};

static sqlite3_vfs log_vfs[PM_SQLITE_LOG_ALONE + 1];

static struct log_file *log_of(sqlite3_file *file)
{
    return (struct log_file *)file;
}

static int write_through(struct log_file *log, const void *data, size_t size, sqlite3_int64 offset)
{
    int result = log->real->pMethods->xWrite(log->real, data, (int)size, offset);
    if (result != SQLITE_OK) {
        log->end = NOWHERE; /* SQLite writes all of the transaction again */
    }
    return result;
}

static int hand_on(struct log_file *log)
{
    size_t size = log->held;
    log->held = 0;
    return size == 0 ? SQLITE_OK
                     : write_through(log, log->buffer, size, log->end - (sqlite3_int64)size);
}

/* A frame begins before the end of what was written: after a rollback, and what is held from there
 * on is not wanted any more; or it is given another checksum, and nothing is held, for it was read
 * just before. (A page alone that is written anew in its frame leaves the others as they are.) */
static void go_back(struct log_file *log, sqlite3_int64 offset)
{
    const sqlite3_int64 start = log->end - (sqlite3_int64)log->held;
    log->held = offset > start ? (size_t)(offset - start) : 0;
    log->end = offset > start ? offset : NOWHERE;
}

/* What follows the last write is held; anything else goes straight on. */
static int put(struct log_file *log, const void *data, size_t size, sqlite3_int64 offset)
{
    if (offset != log->end || size > HELD_MAX) {
        int result = hand_on(log);
        if (result != SQLITE_OK) {
            return result;
        }
        log->end = offset + (sqlite3_int64)size;
        return write_through(log, data, size, offset);
    }
    if (log->held + size > HELD_MAX) {
        int result = hand_on(log);
        if (result != SQLITE_OK) {
            return result;
        }
    }
    memcpy(log->buffer + log->held, data, size);
    log->held += size;
    log->end += (sqlite3_int64)size;
    return SQLITE_OK;
}

/* ---- the file ---- */

static int log_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    static const unsigned char none[COMMIT_WORD_SIZE];
    struct log_file *log = log_of(file);
    if (size == FRAME_HEADER && offset < log->end) {
        go_back(log, offset);
    }
    int result = put(log, data, (size_t)size, offset);
    if (size == FRAME_HEADER) {
        log->commits = memcmp((const char *)data + COMMIT_WORD_AT, none, COMMIT_WORD_SIZE) != 0;
    } else if (result == SQLITE_OK && log->commits) {
        result = hand_on(log);
    }
    return result;
}

static int log_close(sqlite3_file *file)
{
    struct log_file *log = log_of(file);
    hand_on(log);
    free(log->buffer);
    log->buffer = NULL;
    return log->real->pMethods->xClose(log->real);
}

static int sync_or_lose(const struct log_file *log, sqlite3_file *file, int flags)
{
    const int result = file->pMethods->xSync(file, flags);
    if (result != SQLITE_OK && log->lost != NULL) {
        atomic_store(log->lost, true);
    }
    return result;
}

static int sync_target(struct log_file *log)
{
    log->step = 0;
    return sync_or_lose(log, log->target, SQLITE_SYNC_NORMAL);
}

/* Each page that is written back is read here first: what was read earlier has been written. */
static int sync_step(struct log_file *log, int size)
{
    return log->target == NULL || (log->step += size) < STEP ? SQLITE_OK : sync_target(log);
}

static int log_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    struct log_file *log = log_of(file);
    int result = hand_on(log);
    if (result == SQLITE_OK) {
        result = sync_step(log, size);
    }
    return result != SQLITE_OK ? result : log->real->pMethods->xRead(log->real, data, size, offset);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct log_file *log = log_of(file);
    int result = hand_on(log);
    return result != SQLITE_OK ? result : log->real->pMethods->xTruncate(log->real, size);
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct log_file *log = log_of(file);
    if (log->lost != NULL && atomic_load(log->lost)) {
        return SQLITE_IOERR_FSYNC;
    }
    int result = hand_on(log);
    return result != SQLITE_OK ? result : sync_or_lose(log, log->real, flags);
}

static int log_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct log_file *log = log_of(file);
    int result = hand_on(log);
    return result != SQLITE_OK ? result : log->real->pMethods->xFileSize(log->real, size);
}

static int log_lock(sqlite3_file *file, int level)
{
    return log_of(file)->real->pMethods->xLock(log_of(file)->real, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
    return log_of(file)->real->pMethods->xUnlock(log_of(file)->real, level);
}

static int log_check_reserved_lock(sqlite3_file *file, int *reserved)
{
    return log_of(file)->real->pMethods->xCheckReservedLock(log_of(file)->real, reserved);
}

static int log_control(sqlite3_file *file, int operation, void *argument)
{
    return log_of(file)->real->pMethods->xFileControl(log_of(file)->real, operation, argument);
}

static int log_sector_size(sqlite3_file *file)
{
    return log_of(file)->real->pMethods->xSectorSize(log_of(file)->real);
}

static int log_characteristics(sqlite3_file *file)
{
    return log_of(file)->real->pMethods->xDeviceCharacteristics(log_of(file)->real);
}

/* ---- the VFS ---- */

static int log_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = log_close,
        .xRead = log_read,
        .xWrite = log_write,
        .xTruncate = log_truncate,
        .xSync = log_sync,
        .xFileSize = log_file_size,
        .xLock = log_lock,
        .xUnlock = log_unlock,
        .xCheckReservedLock = log_check_reserved_lock,
        .xFileControl = log_control,
        .xSectorSize = log_sector_size,
        .xDeviceCharacteristics = log_characteristics,
    };
    sqlite3_vfs *real_vfs = vfs->pAppData;
    if ((flags & SQLITE_OPEN_WAL) == 0) {
        return real_vfs->xOpen(real_vfs, path, file, flags, out_flags);
    }
    struct log_file *log = log_of(file);
    *log = (struct log_file){.real = (sqlite3_file *)(log + 1), .buffer = malloc(HELD_MAX)};
    if (log->buffer == NULL) {
        return SQLITE_NOMEM;
    }
    int result = real_vfs->xOpen(real_vfs, path, log->real, flags, out_flags);
    if (result != SQLITE_OK) {
        free(log->buffer);
        return result;
    }
    log->base.pMethods = &methods;
    return SQLITE_OK;
}

/* The system's own VFS has a sister that locks a file once and for all. */
static sqlite3_vfs *base_of(enum pm_sqlite_log_kind kind)
{
    sqlite3_vfs *usual = sqlite3_vfs_find(NULL), *alone = sqlite3_vfs_find("unix-excl");
    const bool own = usual != NULL && strcmp(usual->zName, "unix") == 0;
    return kind == PM_SQLITE_LOG_ALONE && own && alone != NULL ? alone : usual;
}

const char *pm_sqlite_log_vfs(enum pm_sqlite_log_kind kind)
{
    static const char *const names[] = {
        [PM_SQLITE_LOG_SHARED] = "poolminer", [PM_SQLITE_LOG_ALONE] = "poolminer-alone"};
    sqlite3_vfs *vfs = &log_vfs[kind], *real_vfs = base_of(kind);
    if (real_vfs == NULL) {
        return NULL;
    }
    if (vfs->pAppData != real_vfs) {
        if (vfs->pAppData != NULL) {
            sqlite3_vfs_unregister(vfs);
        }
        *vfs = *real_vfs;
        vfs->pNext = NULL;
        vfs->zName = names[kind];
        vfs->szOsFile = (int)sizeof(struct log_file) + real_vfs->szOsFile;
        vfs->pAppData = real_vfs;
        vfs->xOpen = log_open;
        if (sqlite3_vfs_register(vfs, 0) != SQLITE_OK) {
            vfs->pAppData = NULL;
            return NULL;
        }
    }
    return names[kind];
}

/* ---- the second handle ---- */

struct pm_sqlite_log {
    atomic_bool *lost;
    sqlite3_file file; /* as long as the VFS wants it */
};

sqlite3_file *pm_sqlite_log_file(sqlite3 *database)
{
    sqlite3_file *file = NULL;
    bool there =
        sqlite3_file_control(database, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &file) == SQLITE_OK &&
        file != NULL && file->pMethods != NULL;
    return there ? file : NULL;
}

int pm_sqlite_log_flush(sqlite3_file *log)
{
    const int result = hand_on(log_of(log));
    if (result != SQLITE_OK && log_of(log)->lost != NULL) {
        atomic_store(log_of(log)->lost, true);
    }
    return result;
}

struct pm_sqlite_log *pm_sqlite_log_open(sqlite3 *database, atomic_bool *lost)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    const char *path = sqlite3_filename_wal(sqlite3_db_filename(database, "main"));
    sqlite3_file *first = pm_sqlite_log_file(database);
    struct pm_sqlite_log *log = vfs == NULL || path == NULL || first == NULL
                                    ? NULL
                                    : calloc(1, sizeof *log + (size_t)vfs->szOsFile);
    if (log != NULL && vfs->xOpen(vfs, path, &log->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL,
                                  NULL) != SQLITE_OK) {
        free(log);
        log = NULL;
    }
    if (log != NULL) {
        log->lost = log_of(first)->lost = lost;
    }
    return log;
}

void pm_sqlite_log_close(struct pm_sqlite_log *log)
{
    if (log != NULL) {
        log->file.pMethods->xClose(&log->file);
        free(log);
    }
}

bool pm_sqlite_log_watch(sqlite3 *database, atomic_bool *lost)
{
    sqlite3_file *file = pm_sqlite_log_file(database);
    if (file != NULL) {
        log_of(file)->lost = lost;
    }
    return file != NULL;
}

bool pm_sqlite_log_write_back_in_steps(sqlite3 *database)
{
    sqlite3_file *log = pm_sqlite_log_file(database), *target = NULL;
    const bool there =
        log != NULL &&
        sqlite3_file_control(database, NULL, SQLITE_FCNTL_FILE_POINTER, &target) == SQLITE_OK &&
        target != NULL && target->pMethods != NULL;
    if (there) {
        log_of(log)->target = target;
    }
    return there;
}

int pm_sqlite_log_sync_written_back(sqlite3 *database)
{
    return sync_target(log_of(pm_sqlite_log_file(database)));
}

int pm_sqlite_log_sync(struct pm_sqlite_log *log)
{
    if (atomic_load(log->lost)) {
        return SQLITE_IOERR_FSYNC;
    }
    int result = log->file.pMethods->xSync(&log->file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    if (result != SQLITE_OK) {
        atomic_store(log->lost, true);
    }
    return result;
}
