/* Whether the data directory has room, and whether the queue in it can be written. */
#include "cli/doctor.h"
#include "cli/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB ((uint64_t)1024 * 1024)

/* Prepared tasks take up to 512 MiB, the queue some tens of them. */
enum { ROOM_WARN_MIB = 1024, ROOM_FAIL_MIB = 64, PROBE_BYTES = 4096 };

/* The directory itself, or the nearest one above it: `mine` makes what is missing. */
static char *existing_part(const char *directory)
{
    char *path = strdup(directory);
    while (path != NULL && access(path, F_OK) != 0) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash == path) {
            free(path);
            return strdup(directory[0] == '/' ? "/" : ".");
        }
        *slash = '\0';
    }
    return path;
}

static void check_room(struct doctor *doctor, const char *place)
{
    struct statvfs disk;
    if (statvfs(place, &disk) != 0) {
        doctor_say(doctor, "disk", DOCTOR_FAIL, "choose another with --data-dir", "%s: %s", place,
                   strerror(errno));
        return;
    }
    uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize / MIB;
    enum doctor_state state = free_mib >= ROOM_WARN_MIB   ? DOCTOR_PASS
                              : free_mib >= ROOM_FAIL_MIB ? DOCTOR_WARN
                                                          : DOCTOR_FAIL;
    doctor_say(doctor, "disk", state,
               state == DOCTOR_PASS ? NULL : "make room, or choose another place with --data-dir",
               "%llu MiB free for %s", (unsigned long long)free_mib, doctor->data_directory);
}

/* Rights alone do not tell of a full or read-only disk: so a file is written, and taken away. */
static bool try_writing(const char *place, struct pm_error *error)
{
    static const char nothing[PROBE_BYTES];
    char *path = path_join(place, ".poolminer-doctor-XXXXXX", error);
    if (path == NULL) {
        return false;
    }
    int file = mkostemp(path, O_CLOEXEC);
    bool done = file >= 0 && write(file, nothing, sizeof nothing) == (ssize_t)sizeof nothing &&
                fsync(file) == 0;
    int reason = errno;
    if (file >= 0) {
        close(file);
        unlink(path);
    }
    free(path);
    return done || pm_fail(error, PM_ERROR_IO, "%s: no file can be written there: %s", place,
                           strerror(reason));
}

/* The sidecar's database, where there is one already. */
static bool check_store(const char *directory, struct pm_error *error)
{
    char *store = path_join(directory, "sidecar.db", error);
    if (store == NULL) {
        return false;
    }
    int file = open(store, O_RDWR | O_CLOEXEC);
    bool done = file >= 0 || errno == ENOENT || errno == ENOTDIR ||
                pm_fail(error, PM_ERROR_IO, "%s: %s", store, strerror(errno));
    if (file >= 0) {
        close(file);
    }
    free(store);
    return done;
}

static void check_writing(struct doctor *doctor, const char *place)
{
    struct pm_error error = {0};
    struct stat what;
    if (stat(place, &what) == 0 && !S_ISDIR(what.st_mode)) {
        doctor_say(doctor, "queue", DOCTOR_FAIL,
                   "move it away, or choose another place with --data-dir", "%s is no directory",
                   place);
    } else if (try_writing(place, &error) && check_store(doctor->data_directory, &error)) {
        doctor_say(doctor, "queue", DOCTOR_PASS, NULL, "%s can be written to", place);
    } else {
        doctor_say(doctor, "queue", DOCTOR_FAIL,
                   "make it yours (chown, chmod u+rwx), or choose another place with --data-dir",
                   "%s", error.message);
    }
}

void doctor_check_data(struct doctor *doctor)
{
    char *place = existing_part(doctor->data_directory);
    if (place == NULL) {
        pm_fail(&doctor->error, PM_ERROR_MEMORY, "doctor: no memory");
        return;
    }
    check_room(doctor, place);
    check_writing(doctor, place);
    free(place);
}
