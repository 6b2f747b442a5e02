#include "tests/fake_tree.h"

#include "cmocka_include.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>

enum { PATH_SIZE = 320 };

void fake_tree_create(struct fake_tree *tree)
{
    snprintf(tree->root, sizeof tree->root, "/tmp/poolminer-tree-XXXXXX");
    assert_non_null(mkdtemp(tree->root));
}

static int remove_one(const char *path, const struct stat *file, int kind, struct FTW *place)
{
    (void)file;
    (void)kind;
    (void)place;
    return remove(path);
}

void fake_tree_remove(const struct fake_tree *tree, const char *name)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", tree->root, name);
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void fake_tree_destroy(struct fake_tree *tree)
{
    fake_tree_remove(tree, "");
}

void fake_tree_write(const struct fake_tree *tree, const char *name, const char *text)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", tree->root, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_true(pm_file_make_directories(path, 0700, NULL));
    *slash = '/';
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}
