#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/log_file.h>

enum { MODE = 0600, DIRECTORY_MODE = 0700 };

struct pm_log_file {
    char *path;
    int64_t size_bytes;
    int files;
    int descriptor; /* -1: could not be opened again so far */
    pthread_mutex_t mutex;
};

static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, MODE);
}

/* Is what is open still what bears the name? */
static bool is_current(const struct pm_log_file *file, struct stat *opened)
{
    struct stat named;
    return file->descriptor >= 0 && fstat(file->descriptor, opened) == 0 &&
           stat(file->path, &named) == 0 && named.st_dev == opened->st_dev &&
           named.st_ino == opened->st_ino;
}

static bool reopen(struct pm_log_file *file)
{
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    file->descriptor = open_path(file->path);
    return file->descriptor >= 0;
}

static void name_older(const struct pm_log_file *file, int age, char *out, size_t size)
{
    snprintf(out, size, age == 0 ? "%s" : "%s.%d", file->path, age);
}

/* Everything a place further, the newest last: until then nobody finds that the name is free. */
static void move_all(const struct pm_log_file *file, char *from, char *to, size_t size)
{
    for (int age = file->files - 1; age >= 1; age--) {
        name_older(file, age - 1, from, size);
        name_older(file, age, to, size);
        rename(from, to);
    }
    if (file->files == 1) {
        unlink(file->path);
    }
}

/* Of the processes that see at the same time that it is full, one moves it: who has the lock, and
 * finds the name where it was. */
static void rotate(struct pm_log_file *file)
{
    struct stat opened;
    const size_t size = strlen(file->path) + sizeof ".2147483647";
    char *names = malloc(2 * size);
    if (names != NULL && flock(file->descriptor, LOCK_EX) == 0) {
        if (is_current(file, &opened)) {
            move_all(file, names, names + size, size);
        }
        flock(file->descriptor, LOCK_UN);
    }
    free(names);
}

static bool is_full(const struct pm_log_file *file, const struct stat *opened, size_t length)
{
    return S_ISREG(opened->st_mode) && opened->st_size > 0 &&
           opened->st_size + (int64_t)length > file->size_bytes;
}

/* Another process may have filled the new file meanwhile, and another the next; not for ever. */
static bool make_room(struct pm_log_file *file, size_t length)
{
    enum { TRIES = 8 };
    for (int i = 0; i < TRIES; i++) {
        struct stat opened;
        if (!is_current(file, &opened)) {
            if (!reopen(file)) {
                return false;
            }
        } else if (is_full(file, &opened, length)) {
            rotate(file);
        } else {
            return true;
        }
    }
    return file->descriptor >= 0;
}

bool pm_log_file_write(struct pm_log_file *file, const char *bytes, size_t length)
{
    pthread_mutex_lock(&file->mutex);
    const bool done =
        make_room(file, length) && write(file->descriptor, bytes, length) == (ssize_t)length;
    pthread_mutex_unlock(&file->mutex);
    return done;
}

static bool open_first(struct pm_log_file *file, struct pm_error *error)
{
    char *slash = strrchr(file->path, '/');
    if (slash != NULL && slash != file->path) {
        *slash = '\0';
        const bool made = pm_file_make_directories(file->path, DIRECTORY_MODE, error);
        *slash = '/';
        if (!made) {
            return false;
        }
    }
    return reopen(file) ||
           pm_fail(error, PM_ERROR_IO, "%s: cannot be written: %s", file->path, strerror(errno));
}

struct pm_log_file *pm_log_file_open(const struct pm_log_file_config *config,
                                     struct pm_error *error)
{
    struct pm_log_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: no memory for the log", config->path);
        return NULL;
    }
    *file = (struct pm_log_file){.path = strdup(config->path),
                                 .size_bytes = config->size_bytes,
                                 .files = config->files,
                                 .descriptor = -1};
    pthread_mutex_init(&file->mutex, NULL);
    if (file->path == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "%s: no memory for the log", config->path);
    } else if (open_first(file, error)) {
        return file;
    }
    pm_log_file_close(file);
    return NULL;
}

void pm_log_file_close(struct pm_log_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    pthread_mutex_destroy(&file->mutex);
    free(file->path);
    free(file);
}
