/* Where a test writes what nobody keeps. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

/* A directory of its own for this process under $TMPDIR, made on first use. */
const char *pm_test_directory(void);
/* A path in it; from a small set of rotating buffers. */
const char *pm_test_path(const char *name);
/* Removes the files in it, or the directory as well. */
void pm_test_clean(void);
void pm_test_remove_directory(void);

#endif
