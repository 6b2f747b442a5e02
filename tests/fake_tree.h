/* A directory that stands for a machine's root: its /sys, /proc and /dev as a test writes them. */
#ifndef TESTS_FAKE_TREE_H
#define TESTS_FAKE_TREE_H

struct fake_tree {
    char root[64];
};

void fake_tree_create(struct fake_tree *tree);
void fake_tree_destroy(struct fake_tree *tree);

/* root/name and the directories above it; replaces what was there. */
void fake_tree_write(const struct fake_tree *tree, const char *name, const char *text);
/* Takes away root/name and what is below. */
void fake_tree_remove(const struct fake_tree *tree, const char *name);

#endif
