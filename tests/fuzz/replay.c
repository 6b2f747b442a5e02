/* Feeds every file of the directories named on the command line to the fuzz target once: the
 * corpus as a plain test, in builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/file.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16 * 1024 * 1024 };

static bool replay_file(const char *path)
{
    char *data = NULL;
    size_t size = 0;
    struct pm_error error = {0};
    if (!pm_file_read(path, INPUT_MAX, &data, &size, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    free(data);
    return true;
}

/* The number of files replayed, or -1. */
static int replay_directory(const char *directory)
{
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        perror(directory);
        return -1;
    }
    int replayed = 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (!replay_file(path)) {
            replayed = -1;
            break;
        }
        replayed++;
    }
    closedir(stream);
    return replayed;
}

int main(int argc, char *argv[])
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int replayed = replay_directory(argv[i]);
        if (replayed < 0) {
            return 1;
        }
        total += replayed;
    }
    printf("%d inputs replayed\n", total);
    return total > 0 ? 0 : 1;
}
