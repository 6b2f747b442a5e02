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
    uint64_t interrupts; /* of keyboards and touchpads */
    bool has_moved;      /* and they were seen to come in */
    int64_t input_at_s;  /* the last time they did, unix */
};

struct pm_use_seen {
    bool known;     /* something tells of use */
    int64_t idle_s; /* since the last */
    bool blind;     /* there is a desktop, and nothing seen of its keyboard and mouse so far */
};

void pm_use_init(struct pm_use *use, const char *root);
void pm_use_look(struct pm_use *use, int64_t now_s, struct pm_use_seen *out);

#endif
