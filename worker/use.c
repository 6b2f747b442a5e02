#include "worker/use.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/sysfs.h>

void pm_use_init(struct pm_use *use, const char *root)
{
    *use = (struct pm_use){.root = root};
}

/* ---- terminals ---- */

struct terminals {
    bool pseudo; /* of /dev/pts, else consoles */
    bool found;
    int64_t last_s;
};

/* A terminal's access time is that of the last key read from it, to some seconds. */
static void look_at_terminal(void *context, const char *path, const char *name)
{
    struct terminals *terminals = context;
    struct stat file;
    const char *digits = terminals->pseudo ? name : name + 3;
    if ((!terminals->pseudo && strncmp(name, "tty", 3) != 0) || !isdigit((unsigned char)*digits) ||
        stat(path, &file) != 0) {
        return;
    }
    if (!terminals->found || file.st_atim.tv_sec > terminals->last_s) {
        terminals->last_s = file.st_atim.tv_sec;
    }
    terminals->found = true;
}

static void look_at_terminals(const char *root, struct terminals *terminals)
{
    char directory[PM_SYSFS_PATH_SIZE];
    for (int pseudo = 0; pseudo <= 1; pseudo++) {
        terminals->pseudo = pseudo == 1;
        snprintf(directory, sizeof directory, "%s/dev%s", root, pseudo == 1 ? "/pts" : "");
        pm_sysfs_each(directory, look_at_terminal, terminals);
    }
}

/* ---- interrupts ---- */

/* "i8042" is the keyboard and the pad of most laptops; others are called by their ACPI id, as
 * "ELAN0676:00". */
static bool is_input(const char *word, size_t length)
{
    if (length == 5 && memcmp(word, "i8042", 5) == 0) {
        return true;
    }
    if (length != 11 || word[8] != ':') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)word[i];
        if (i != 8 && (i < 4 ? !isupper(c) : i < 8 ? !isxdigit(c) : !isdigit(c))) {
            return false;
        }
    }
    return true;
}

/* "  1:   12   345   IR-IO-APIC   1-edge   i8042": the sum of the counts when it is an input's. */
static uint64_t count_line(const char *line)
{
    const char *at = strchr(line, ':');
    uint64_t sum = 0;
    if (at == NULL) {
        return 0;
    }
    for (at++;; at += strspn(at, "0123456789")) {
        at += strspn(at, " ");
        const size_t digits = strspn(at, "0123456789");
        if (digits == 0 || (at[digits] != ' ' && at[digits] != '\n')) {
            break;
        }
        sum += strtoull(at, NULL, 10);
    }
    while (*at != '\0') {
        at += strspn(at, " ,\n");
        const size_t length = strcspn(at, " ,\n");
        if (is_input(at, length)) {
            return sum;
        }
        at += length;
    }
    return 0;
}

static bool count_interrupts(const char *root, uint64_t *out)
{
    char path[PM_SYSFS_PATH_SIZE];
    char *line = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/proc/interrupts", root);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    *out = 0;
    while (getline(&line, &size, file) > 0) {
        *out += count_line(line);
    }
    free(line);
    fclose(file);
    return true;
}

/* Nobody can have used it more recently than this moment. */
static void note_use(struct pm_use *use, bool first, int64_t used_s)
{
    if (first || used_s > use->used_s) {
        use->used_s = used_s;
    }
}

/* Input counts from when it is seen to come in: what came before tells nothing of when. */
static void look_at_interrupts(struct pm_use *use, int64_t at_s)
{
    uint64_t count;
    if (!count_interrupts(use->root, &count)) {
        return;
    }
    if (use->counted && count != use->interrupts) {
        note_use(use, !use->has_moved && !use->has_terminal, at_s);
        use->has_moved = true;
    }
    use->counted = true;
    use->interrupts = count;
}

/* ---- the desktop ---- */

static void look_for_socket(void *context, const char *path, const char *name)
{
    bool *found = context;
    (void)path;
    *found = *found || strncmp(name, "wayland-", 8) == 0 ||
             (name[0] == 'X' && isdigit((unsigned char)name[1]));
}

static void look_into_user(void *context, const char *path, const char *name)
{
    (void)name;
    pm_sysfs_each(path, look_for_socket, context);
}

/* X11's sockets are in /tmp, Wayland's in each user's directory in /run, where we may look into our
 * own. */
static bool has_desktop(const char *root)
{
    char directory[PM_SYSFS_PATH_SIZE];
    bool found = false;
    snprintf(directory, sizeof directory, "%s/tmp/.X11-unix", root);
    pm_sysfs_each(directory, look_for_socket, &found);
    snprintf(directory, sizeof directory, "%s/run/user", root);
    pm_sysfs_each(directory, look_into_user, &found);
    return found;
}

/* A terminal's time counts when it is news: read again later it would be another one to a clock
 * that was set meanwhile. */
static void look_for_keys(struct pm_use *use, int64_t now_s, int64_t at_s)
{
    struct terminals terminals = {.found = false};
    look_at_terminals(use->root, &terminals);
    if (terminals.found && (!use->has_terminal || terminals.last_s != use->terminal_s)) {
        const int64_t ago_s = now_s > terminals.last_s ? now_s - terminals.last_s : 0;
        note_use(use, !use->has_moved && !use->has_terminal, at_s - ago_s);
        use->terminal_s = terminals.last_s;
    }
    use->has_terminal = terminals.found;
}

void pm_use_look(struct pm_use *use, int64_t now_s, int64_t at_s, struct pm_use_seen *out)
{
    look_for_keys(use, now_s, at_s);
    look_at_interrupts(use, at_s);
    const bool known = use->has_terminal || use->has_moved;
    *out = (struct pm_use_seen){.known = known,
                                .idle_s = known ? at_s - use->used_s : 0,
                                .blind = !use->has_moved && has_desktop(use->root)};
}
