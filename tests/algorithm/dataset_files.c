#include "tests/algorithm/dataset_files.h"

#include "tests/cmocka_include.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <poolminer/file.h>

enum { PATH_SIZE = 256, PATH_COUNT = 8, IMAGE_SIZE = 28 };

static char directory[PATH_SIZE];

const char *files_path(const char *name)
{
    static char paths[PATH_COUNT][PATH_SIZE];
    static int next;
    next = (next + 1) % PATH_COUNT;
    snprintf(paths[next], PATH_SIZE, "%.100s/%.100s", directory, name);
    return paths[next];
}

const char *files_setup(void)
{
    strcpy(directory, "/tmp/test_dataset_files_XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(setenv("XDG_DATA_HOME", files_path("data"), 1), 0);
    assert_int_equal(setenv("SCIKIT_LEARN_DATA", files_path("scikit"), 1), 0);
    return directory;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void files_teardown(void)
{
    assert_int_equal(nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *files_write(const char *name, const void *bytes, size_t size)
{
    const char *path = files_path(name);
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    assert_true(pm_file_make_directories(parent, 0755, NULL));
    assert_true(pm_file_write_atomic(path, bytes, size, 0644, true, NULL));
    return path;
}

const char *files_write_gzip(const char *name, const void *bytes, size_t size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t capacity = deflateBound(&stream, size);
    uint8_t *packed = malloc(capacity);
    assert_non_null(packed);
    stream.next_in = (uint8_t *)(uintptr_t)bytes;
    stream.avail_in = (unsigned)size;
    stream.next_out = packed;
    stream.avail_out = (unsigned)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const char *path = files_write(name, packed, stream.total_out);
    deflateEnd(&stream);
    free(packed);
    return path;
}

struct pm_text files_arff(const struct pm_dataset *dataset, size_t count)
{
    struct pm_text text = {0};
    pm_text_append(&text, "%% A comment.\n\n@RELATION CIFAR_10_small\n");
    for (size_t i = 0; i < dataset->pixel_count; i++) {
        pm_text_append(&text, "@ATTRIBUTE a%zu REAL\n", i);
    }
    pm_text_append(&text, "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n@DATA\n");
    for (size_t i = 0; i < count; i++) {
        const uint8_t *record = pm_dataset_record(dataset, i);
        for (size_t j = 1; j <= dataset->pixel_count; j++) {
            pm_text_append(&text, "%d,", record[j]);
        }
        pm_text_append(&text, "%d\n", record[0]);
    }
    assert_false(text.failed);
    return text;
}

static void put_big_endian(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

uint8_t *files_idx_images(uint32_t count, size_t *size)
{
    size_t pixels = (size_t)count * PM_DATASET_MNIST_PIXELS;
    *size = 16 + pixels;
    uint8_t *bytes = calloc(1, *size);
    assert_non_null(bytes);
    put_big_endian(bytes, 0x803);
    put_big_endian(bytes + 4, count);
    put_big_endian(bytes + 8, IMAGE_SIZE);
    put_big_endian(bytes + 12, IMAGE_SIZE);
    for (size_t i = 0; i < pixels; i++) {
        bytes[16 + i] = (uint8_t)(i * 2654435761U >> 13);
    }
    return bytes;
}

uint8_t *files_idx_labels(uint32_t count, size_t *size)
{
    *size = 8 + count;
    uint8_t *bytes = calloc(1, *size);
    assert_non_null(bytes);
    put_big_endian(bytes, 0x801);
    put_big_endian(bytes + 4, count);
    for (uint32_t i = 0; i < count; i++) {
        bytes[8 + i] = (uint8_t)(i * 7 % 10);
    }
    return bytes;
}
