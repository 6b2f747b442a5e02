#include "algorithm/suite_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
    char name[256];
    struct timespec used;
    int64_t bytes;
};

struct listing {
    struct entry *entries;
    size_t count, capacity;
    int64_t bytes; /* of all */
};

static bool is_older(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static int compare_used(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return is_older(x->used, y->used) ? -1 : is_older(y->used, x->used);
}

static bool add_file(struct listing *listing, const char *name, const struct stat *status)
{
    if (listing->count == listing->capacity) {
        const size_t capacity = 2 * listing->capacity + 16;
        struct entry *grown = reallocarray(listing->entries, capacity, sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        listing->entries = grown;
        listing->capacity = capacity;
    }
    struct entry *entry = &listing->entries[listing->count++];
    *entry = (struct entry){.used = status->st_mtim, .bytes = status->st_size};
    snprintf(entry->name, sizeof entry->name, "%s", name);
    listing->bytes += entry->bytes;
    return true;
}

void pm_suite_cache_trim(const char *directory, int64_t max_bytes)
{
    struct listing listing = {0};
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        return;
    }
    bool good = true;
    for (const struct dirent *item; good && (item = readdir(stream)) != NULL;) {
        struct stat status;
        if (fstatat(dirfd(stream), item->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode)) {
            good = add_file(&listing, item->d_name, &status);
        }
    }
    if (listing.count > 0) {
        qsort(listing.entries, listing.count, sizeof *listing.entries, compare_used);
    }
    for (size_t i = 0; i < listing.count && listing.bytes > max_bytes; i++) {
        if (unlinkat(dirfd(stream), listing.entries[i].name, 0) == 0) {
            listing.bytes -= listing.entries[i].bytes;
        }
    }
    closedir(stream);
    free(listing.entries);
}
