/* Small dataset files, written by tests into a directory of their own. */
#ifndef TESTS_ALGORITHM_DATASET_FILES_H
#define TESTS_ALGORITHM_DATASET_FILES_H

#include <stddef.h>
#include <stdint.h>

#include <poolminer/dataset.h>
#include <poolminer/text.h>

/* Makes a new directory and points XDG_DATA_HOME and SCIKIT_LEARN_DATA into it; the path is valid
 * until files_teardown, which removes everything. */
const char *files_setup(void);
void files_teardown(void);

/* Paths are relative to the directory; directories on the way are made. The path returned is
 * absolute and stays until the next eight calls. */
const char *files_path(const char *name);
const char *files_write(const char *name, const void *bytes, size_t size);
const char *files_write_gzip(const char *name, const void *bytes, size_t size);

/* CIFAR-10's ARFF with the first `count` records of `dataset`. The caller clears. */
struct pm_text files_arff(const struct pm_dataset *dataset, size_t count);

/* `count` images of MNIST, or their labels, whose bytes follow from their place; *size in bytes.
 * The caller frees. */
uint8_t *files_idx_images(uint32_t count, size_t *size);
uint8_t *files_idx_labels(uint32_t count, size_t *size);

#endif
