#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/processors.h>
#include <poolminer/sysfs.h>

enum { LINE_SIZE = 128, MEMBERSHIP_SIZE = 4096 };

static double share(const char *quota, const char *period)
{
    double quota_us = strtod(quota, NULL), period_us = strtod(period, NULL);
    return quota_us > 0 && period_us > 0 ? quota_us / period_us : 0;
}

/* "max 100000" or "150000 100000"; 0: no limit. */
static double limit_version_2(const char *directory)
{
    char line[LINE_SIZE];
    if (!pm_sysfs_line(directory, "cpu.max", line, sizeof line)) {
        return 0;
    }
    char *blank = strchr(line, ' ');
    return blank != NULL ? share(line, blank) : 0;
}

static double limit_version_1(const char *directory)
{
    char quota[LINE_SIZE], period[LINE_SIZE];
    return pm_sysfs_line(directory, "cpu.cfs_quota_us", quota, sizeof quota) &&
                   pm_sysfs_line(directory, "cpu.cfs_period_us", period, sizeof period)
               ? share(quota, period)
               : 0;
}

/* From the group `path` below `root` up to the root itself. */
static double smallest(const char *root, const char *path, double (*limit)(const char *))
{
    char directory[PM_SYSFS_PATH_SIZE];
    size_t root_length = strlen(root);
    double result = 0;
    if ((size_t)snprintf(directory, sizeof directory, "%s%s", root, path) >= sizeof directory) {
        return 0;
    }
    for (;;) {
        double found = limit(directory);
        if (found > 0 && (result == 0 || found < result)) {
            result = found;
        }
        char *slash = strrchr(directory + root_length, '/');
        if (slash == NULL) {
            return result;
        }
        *slash = '\0';
    }
}

/* Whether a list with commas has this word. */
static bool has_word(const char *list, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    while (length > 0) {
        const char *comma = memchr(list, ',', length);
        size_t part = comma != NULL ? (size_t)(comma - list) : length;
        if (part == word_length && memcmp(list, word, part) == 0) {
            return true;
        }
        list += comma != NULL ? part + 1 : part;
        length -= comma != NULL ? part + 1 : part;
    }
    return false;
}

/* One line of /proc/self/cgroup, "number:controllers:path". */
static double limit_of_line(const char *sys, const char *line, size_t length)
{
    char root[PM_SYSFS_PATH_SIZE], path[PM_SYSFS_PATH_SIZE];
    const char *first = memchr(line, ':', length);
    const char *second =
        first != NULL ? memchr(first + 1, ':', length - (size_t)(first + 1 - line)) : NULL;
    if (second == NULL) {
        return 0;
    }
    size_t controllers = (size_t)(second - first - 1);
    bool version_2 = controllers == 0, version_1 = has_word(first + 1, controllers, "cpu");
    snprintf(root, sizeof root, "%s/fs/cgroup%s", sys, version_2 ? "" : "/cpu");
    snprintf(path, sizeof path, "%.*s", (int)(length - (size_t)(second + 1 - line)), second + 1);
    if (version_2) {
        return smallest(root, path, limit_version_2);
    }
    return version_1 ? smallest(root, path, limit_version_1) : 0;
}

double pm_processors_cgroup(const char *sys, const char *membership)
{
    double result = 0;
    while (*membership != '\0') {
        size_t length = strcspn(membership, "\n");
        double found = limit_of_line(sys, membership, length);
        if (found > 0 && (result == 0 || found < result)) {
            result = found;
        }
        membership += length + (membership[length] == '\n' ? 1 : 0);
    }
    return result;
}

static int allowed_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static double read_cgroup(const char *root)
{
    char path[PM_SYSFS_PATH_SIZE], membership[MEMBERSHIP_SIZE];
    if ((size_t)snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= sizeof path) {
        return 0;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    membership[fread(membership, 1, sizeof membership - 1, file)] = '\0';
    fclose(file);
    snprintf(path, sizeof path, "%s/sys", root);
    return pm_processors_cgroup(path, membership);
}

void pm_processors_read(const char *root, struct pm_processors *out)
{
    out->allowed = allowed_count();
    out->cgroup = read_cgroup(root);
    out->available =
        out->cgroup > 0 && out->cgroup < out->allowed ? out->cgroup : (double)out->allowed;
}
