/* When somebody last used this machine, as far as a program without rights can see it: what was
 * typed at terminals, and the keyboards and touchpads that have an interrupt of their own. Nothing
 * of what is typed is looked at. */
#ifndef WORKER_USE_H
#define WORKER_USE_H

#include <stdbool.h>
#include <stdint.h>

struct pm_use {
    const char *root;    /* below which /dev, /proc, /run and /tmp are; "" as a rule */
    bool counted;        /* the interrupts have been counted before */
    uint64_t interrupts; /* of keyboards and touchpads, as counted last */
    bool has_moved;      /* the count was seen to grow */
    bool has_terminal;   /* there was a terminal */
    int64_t terminal_s;  /* when a key was last read from one: the file's access time, unix */
    int64_t used_s;      /* when the machine was last used, monotonic */
};

struct pm_use_seen {
    bool known;     /* there is a terminal or a device that shows use */
    int64_t idle_s; /* since the machine was last used */
    bool blind;     /* there is a desktop, but its keyboard and mouse cannot be seen so far */
};

void pm_use_init(struct pm_use *use, const char *root);
/* `now_s`: unix, as the times of terminals are. `at_s`: monotonic; idleness is counted by it, so
 * that a clock that is set makes nobody busy or idle. */
void pm_use_look(struct pm_use *use, int64_t now_s, int64_t at_s, struct pm_use_seen *out);

#endif
