/* ARFF as OpenML publishes image datasets: dense rows of 3072 or 784 whole numbers 0..255 and a
 * class 0..9 as the last attribute. Private to algorithm/. */
#ifndef POOLMINER_ARFF_H
#define POOLMINER_ARFF_H

#include "algorithm/byte_source.h"
#include "algorithm/dataset_builder.h"

#include <stdbool.h>

#include <poolminer/error.h>

/* Adds the file's rows, in their order. Errors name the line. */
bool pm_arff_read(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                  struct pm_error *error);

#endif
