#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/sysfs.h>

const char *pm_sysfs_root(const char *root)
{
    return strcmp(root, "/") == 0 ? "" : root;
}

bool pm_sysfs_line(const char *directory, const char *name, char *out, size_t size)
{
    char path[PM_SYSFS_PATH_SIZE];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path) {
        return false;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    const bool done = fgets(out, (int)size, file) != NULL;
    fclose(file);
    if (done) {
        out[strcspn(out, "\n")] = '\0';
    }
    return done;
}

bool pm_sysfs_number(const char *directory, const char *name, double *out)
{
    char line[64], *end = NULL;
    if (!pm_sysfs_line(directory, name, line, sizeof line)) {
        return false;
    }
    *out = strtod(line, &end);
    return end != line && *end == '\0' && isfinite(*out);
}

void pm_sysfs_each(const char *directory,
                   void (*visit)(void *context, const char *path, const char *name), void *context)
{
    char path[PM_SYSFS_PATH_SIZE];
    DIR *entries = opendir(directory);
    if (entries == NULL) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] != '.' &&
            (size_t)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < sizeof path) {
            visit(context, path, entry->d_name);
        }
    }
    closedir(entries);
}
