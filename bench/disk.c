#include "bench/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/temporary.h>

enum { BLOCKS = 512 };
static const char block[BENCH_DISK_BYTES];

static bool fail(const struct bench_disk *disk, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_IO, "%s: %s", disk->path, strerror(errno));
}

bool bench_disk_open(struct bench_disk *disk, struct pm_error *error)
{
    *disk = (struct bench_disk){.file = -1};
    if (!pm_temporary_make(&disk->directory, error)) {
        return false;
    }
    disk->path = pm_path_join(disk->directory, "disk", "", error);
    if (disk->path == NULL) {
        bench_disk_close(disk);
        return false;
    }
    disk->file = open(disk->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool good = disk->file >= 0;
    for (int i = 0; good && i < BLOCKS; i++) {
        good = write(disk->file, block, sizeof block) == (ssize_t)sizeof block;
    }
    if (!good || fsync(disk->file) != 0) {
        fail(disk, error);
        bench_disk_close(disk);
        return false;
    }
    return true;
}

bool bench_disk_sync(struct bench_disk *disk, struct pm_error *error)
{
    const off_t offset = (off_t)(disk->next++ % BLOCKS) * BENCH_DISK_BYTES;
    return (pwrite(disk->file, block, sizeof block, offset) == (ssize_t)sizeof block &&
            fdatasync(disk->file) == 0) ||
           fail(disk, error);
}

void bench_disk_close(struct bench_disk *disk)
{
    if (disk->file >= 0) {
        close(disk->file);
    }
    if (disk->directory != NULL) {
        pm_temporary_remove(disk->directory);
    }
    free(disk->path);
    free(disk->directory);
    *disk = (struct bench_disk){.file = -1};
}
