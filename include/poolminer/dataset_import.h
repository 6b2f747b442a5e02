/* Importing datasets: files of several formats, read once and kept in the binary form.
 *
 * Formats, told apart by content, each plain or gzip:
 *   CIFAR-10 binary   data_batch_1.bin, ...: records of 3073 bytes, nothing else
 *   ARFF              OpenML's CIFAR_10_small or mnist_784: dense rows, the class last
 *   MNIST IDX         a file of images and one of labels
 * A directory stands for the known files in it.
 *
 * An imported dataset is two files in $XDG_DATA_HOME/poolminer/datasets (~/.local/share/...): the
 * records in NAME-FINGERPRINT.bin, what they are in NAME.json. Both are written atomically, the
 * description last, so that a name always means one whole dataset. */
#ifndef POOLMINER_DATASET_IMPORT_H
#define POOLMINER_DATASET_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>

enum {
    PM_DATASET_NAME_SIZE = 41, /* 40 of a-z 0-9 _ -, beginning with a letter or digit */
    PM_DATASET_FILES_MAX = 64,
};

/* The name under which the public network's dataset is imported, and the SHA-256 that tells its
 * file, CIFAR_10_small.arff.gz. */
#define PM_DATASET_NETWORK "network"
#define PM_DATASET_NETWORK_SHA256 "8bc18551ba7a01c82b49249d78537c0f08d25136988375435dc5e01397852a90"

enum pm_dataset_format {
    PM_DATASET_FORMAT_SYNTHETIC,
    PM_DATASET_FORMAT_BINARY,
    PM_DATASET_FORMAT_ARFF,
    PM_DATASET_FORMAT_IDX,
};
/* "synthetic", "cifar10-binary", "arff", "mnist-idx". */
const char *pm_dataset_format_name(enum pm_dataset_format format);

struct pm_dataset_info {
    char *name;   /* as opened or imported */
    char *source; /* path of the (first) file it was read from, "" for the synthetic one */
    char *stored; /* path of the imported records; "" when not imported */
    enum pm_dataset_format format; /* of the source */
    size_t records, pixel_count;
    size_t class_counts[PM_DATASET_CLASSES];
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];           /* of all records */
    char fingerprint_first2000[PM_FINGERPRINT_HEX_SIZE]; /* of the first 2000 */
    char source_sha256[PM_FINGERPRINT_HEX_SIZE];         /* of a source that is one file; else "" */
    bool is_network;                                     /* that file is the network's */
};
void pm_dataset_info_clear(struct pm_dataset_info *info);

/* Reads `paths` (one dataset, in this order) and keeps it as `name`; NULL: "network" for the
 * network's file, else "cifar10" or "mnist". A dataset of that name is replaced. "synthetic",
 * "scalar_linear" and, for another file than the network's, "network" are refused. The caller
 * clears *info. */
bool pm_dataset_import(const char *const *paths, size_t path_count, const char *name,
                       struct pm_dataset_info *info, struct pm_error *error);

/* What pm_dataset_open(name) opens, read whole: for an imported dataset that is the check that its
 * records still have the fingerprint they were imported with. The caller clears *info. */
bool pm_dataset_describe(const char *name, struct pm_dataset_info *info, struct pm_error *error);

/* Names of the imported datasets, sorted; free with pm_dataset_names_free. */
bool pm_dataset_imported_names(char ***names, size_t *count, struct pm_error *error);
void pm_dataset_names_free(char **names, size_t count);

/* Finds the network's file where scikit-learn keeps it: below $SCIKIT_LEARN_DATA or
 * ~/scikit_learn_data. NULL when it is not there or memory is out; the caller frees. */
char *pm_dataset_find_network_file(void);

#endif
