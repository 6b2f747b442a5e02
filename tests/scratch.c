#include "scratch.h"

#include "cmocka_include.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[PATH_MAX];

const char *pm_test_directory(void)
{
    if (directory[0] == '\0') {
        const char *base = getenv("TMPDIR");
        snprintf(directory, sizeof directory, "%s/pm-test-XXXXXX", base == NULL ? "/tmp" : base);
        assert_non_null(mkdtemp(directory));
    }
    return directory;
}

const char *pm_test_path(const char *name)
{
    static char paths[8][PATH_MAX + 256];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", pm_test_directory(), name);
    return path;
}

void pm_test_clean(void)
{
    DIR *entries = opendir(pm_test_directory());
    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            unlink(pm_test_path(entry->d_name));
        }
    }
    closedir(entries);
}

void pm_test_remove_directory(void)
{
    pm_test_clean();
    rmdir(directory);
    directory[0] = '\0';
}
