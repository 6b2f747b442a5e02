/* What one append and its sync take the disk: the yardstick for what is synced. */
#ifndef BENCH_DISK_H
#define BENCH_DISK_H

#include <stdbool.h>

#include <poolminer/error.h>

enum { BENCH_DISK_BYTES = 4096 };

struct bench_disk {
    char *directory, *path;
    int file, next;
};

/* A file below the directory for temporary ones, with room for what is written: as servers do, what
 * is synced is written where the file has room already. */
bool bench_disk_open(struct bench_disk *disk, struct pm_error *error);
/* Writes BENCH_DISK_BYTES and waits for them (fdatasync). */
bool bench_disk_sync(struct bench_disk *disk, struct pm_error *error);
void bench_disk_close(struct bench_disk *disk);

#endif
