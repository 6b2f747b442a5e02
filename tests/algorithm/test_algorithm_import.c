/* Datasets of every format, imported and read directly; every way in which a file can be wrong. */
#include "algorithm/dataset_info.h"
#include "tests/algorithm/dataset_files.h"
#include "tests/cmocka_include.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/dataset_import.h>
#include <poolminer/file.h>
#include <poolminer/task.h>

enum { RECORDS = 12 };

static int setup(void **state)
{
    struct pm_dataset *dataset = NULL;
    files_setup();
    if (!pm_dataset_synthetic(1, RECORDS, &dataset, NULL)) {
        return -1;
    }
    *state = dataset;
    return 0;
}

static int teardown(void **state)
{
    pm_dataset_destroy(*state);
    files_teardown();
    return 0;
}

/* ---- reading what is right ---- */

static void assert_opens_as(const char *name, const struct pm_dataset *expected)
{
    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    if (!pm_dataset_open(name, &dataset, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(dataset->count, expected->count);
    assert_int_equal(dataset->pixel_count, expected->pixel_count);
    assert_memory_equal(dataset->records, expected->records,
                        expected->count * (1 + expected->pixel_count));
    pm_dataset_destroy(dataset);
}

static void test_arff_plain_and_gzip(void **state)
{
    struct pm_text arff = files_arff(*state, RECORDS);
    assert_opens_as(files_write("a.arff", arff.data, arff.length), *state);
    assert_opens_as(files_write_gzip("a.arff.gz", arff.data, arff.length), *state);
    pm_text_clear(&arff);
}

static void test_binary_gzip(void **state)
{
    const struct pm_dataset *dataset = *state;
    size_t size = dataset->count * PM_DATASET_RECORD_SIZE;
    assert_opens_as(files_write_gzip("b.bin.gz", dataset->records, size), dataset);
}

/* gzip allows several members in a row. */
static void test_gzip_of_two_members(void **state)
{
    const struct pm_dataset *dataset = *state;
    size_t size = dataset->count * PM_DATASET_RECORD_SIZE;
    char *first = NULL, *second = NULL;
    size_t first_size = 0, second_size = 0;
    assert_true(pm_file_read(files_write_gzip("1", dataset->records, 5000), 1 << 20, &first,
                             &first_size, NULL));
    assert_true(pm_file_read(files_write_gzip("2", dataset->records + 5000, size - 5000), 1 << 20,
                             &second, &second_size, NULL));
    first = realloc(first, first_size + second_size);
    assert_non_null(first);
    memcpy(first + first_size, second, second_size);
    assert_opens_as(files_write("both.gz", first, first_size + second_size), dataset);
    free(first);
    free(second);
}

static void test_arff_in_other_spellings(void **state)
{
    const struct pm_dataset *dataset = *state;
    struct pm_text text = {0};
    pm_text_append(&text, "@relation 'x y'\r\n");
    for (size_t i = 0; i < dataset->pixel_count; i++) {
        pm_text_append(&text, "  @attribute 'pixel %zu' numeric\r\n", i);
    }
    pm_text_append(&text, "@attribute \"class\" {'0','1'}\r\n%% rows\r\n@data\r\n");
    for (size_t i = 0; i < dataset->count; i++) {
        const uint8_t *record = pm_dataset_record(dataset, i);
        pm_text_append(&text, "\r\n\t");
        for (size_t j = 1; j <= dataset->pixel_count; j++) {
            pm_text_append(&text, j % 3 == 0 ? "%d.0 , " : "%d,", record[j]);
        }
        pm_text_append(&text, "'%d' \r\n", record[0]);
    }
    assert_false(text.failed);
    assert_opens_as(files_write("spelling.arff", text.data, text.length), dataset);
    text.length -= 2; /* the last line without its end */
    assert_opens_as(files_write("unended.arff", text.data, text.length), dataset);
    pm_text_clear(&text);
}

static void write_mnist(const char *images_name, const char *labels_name, uint32_t count)
{
    size_t size = 0;
    uint8_t *images = files_idx_images(count, &size);
    files_write_gzip(images_name, images, size);
    uint8_t *labels = files_idx_labels(count, &size);
    files_write(labels_name, labels, size);
    free(images);
    free(labels);
}

static void assert_mnist(const struct pm_dataset *dataset, uint32_t count)
{
    size_t size = 0;
    uint8_t *images = files_idx_images(count, &size);
    assert_int_equal(dataset->count, count);
    assert_int_equal(dataset->pixel_count, PM_DATASET_MNIST_PIXELS);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(pm_dataset_record(dataset, i)[0], i * 7 % 10);
        assert_memory_equal(pm_dataset_record(dataset, i) + 1,
                            images + 16 + (size_t)i * PM_DATASET_MNIST_PIXELS,
                            PM_DATASET_MNIST_PIXELS);
    }
    free(images);
}

static void test_mnist(void **state)
{
    struct pm_dataset *dataset = NULL;
    (void)state;
    write_mnist("m/train-images-idx3-ubyte", "m/train-labels-idx1-ubyte", 40);
    /* The directory, and the images, whose labels are found beside them. */
    assert_true(pm_dataset_open(files_path("m"), &dataset, NULL));
    assert_mnist(dataset, 40);
    pm_dataset_destroy(dataset);
    assert_true(pm_dataset_open(files_path("m/train-images-idx3-ubyte"), &dataset, NULL));
    assert_mnist(dataset, 40);
    struct pm_task task = {0};
    assert_true(pm_task_build(dataset, PM_EDITION_FIRST2000, 0, 16, &task, NULL));
    assert_int_equal(task.train_count + task.validation_count, 8);
    pm_task_clear(&task);
    pm_dataset_destroy(dataset);
}

static void test_batches_in_a_directory(void **state)
{
    const struct pm_dataset *dataset = *state;
    for (size_t batch = 0; batch < 5; batch++) {
        char name[64];
        size_t first = 2 * batch;
        size_t count = batch < 4 ? 2 : RECORDS - first;
        snprintf(name, sizeof name, "c/cifar-10-batches-bin/data_batch_%zu.bin", batch + 1);
        files_write(name, pm_dataset_record(dataset, first), count * PM_DATASET_RECORD_SIZE);
    }
    assert_opens_as(files_path("c"), dataset);
    assert_opens_as(files_path("c/cifar-10-batches-bin"), dataset);
    unlink(files_path("c/cifar-10-batches-bin/data_batch_3.bin"));
    struct pm_dataset *opened = NULL;
    struct pm_error error = {0};
    assert_false(pm_dataset_open(files_path("c"), &opened, &error));
    assert_non_null(strstr(error.message, "data_batch_3.bin: cannot be opened"));
}

/* ---- refusing what is wrong ---- */

static void assert_refused(const char *path, enum pm_error_code code, const char *part)
{
    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    if (pm_dataset_open(path, &dataset, &error)) {
        fail_msg("%s was read, but should not: %s", path, part);
    }
    assert_null(dataset);
    if (strstr(error.message, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
    }
    assert_int_equal(error.code, code);
}

/* An ARFF whose last row is `row`; NULL: without it. */
static void assert_row_refused(const struct pm_dataset *dataset, const char *row, const char *part)
{
    struct pm_text arff = files_arff(dataset, 1);
    pm_text_append(&arff, "%s", row);
    assert_refused(files_write("row.arff", arff.data, arff.length), PM_ERROR_INVALID, part);
    pm_text_clear(&arff);
}

static void repeat(struct pm_text *text, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pm_text_append(text, "%s", piece);
    }
}

static void test_rows_that_are_refused(void **state)
{
    const struct {
        size_t good;
        const char *rest, *part;
    } cases[] = {
        {3, "300,1\n", "line 3079: value 4 is \"300\", but pixels are whole numbers 0 to 255"},
        {3, "-1,1\n", "value 4 is \"-1\""},
        {3, "1.5,1\n", "value 4 is \"1.5\""},
        {3, "nan,1\n", "value 4 is \"nan\""},
        {3, "0x10,1\n", "value 4 is \"0x10\""},
        {3, "?,1\n", "value 4 is \"?\""},
        {3, ",1\n", "value 4 is \"\""},
        {3, "1e999,1\n", "value 4 is \"1e999\""},
        {3, "1 2,1\n", "value 4 is \"1 2\""},
        {3, "\x01\xff,1\n", "value 4 is \"??\""},
        {3, "11111111111111111111111111111111111111111,1\n",
         "value 4 is \"111111111111111111111111\""},
        {3, "1\n", "line 3079 has 4 values instead of 3073; is the file complete?"},
        {3, "\n", "line 3079 has 3 values"},
        {3072, "10\n", "line 3079: the class is \"10\", but classes are 0 to 9"},
        {3072, "cat\n", "the class is \"cat\""},
        {3072, "'1\n", "the class is \"'1\""},
        {3072, "1,\n", "the class is \"1\""},
        {3072, "1,2\n", "the class is \"1\""},
        {0, "{0 1, 5 7}\n", "line 3079: a sparse row"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pm_text row = {0};
        repeat(&row, "7,", cases[i].good);
        pm_text_append(&row, "%s", cases[i].rest);
        assert_row_refused(*state, row.data, cases[i].part);
        pm_text_clear(&row);
    }
}

static void assert_text_refused(const char *text, enum pm_error_code code, const char *part)
{
    assert_refused(files_write("text.arff", text, strlen(text)), code, part);
}

static void test_headers_that_are_refused(void **state)
{
    (void)state;
    assert_text_refused("@relation x\n@attribute a real\n", PM_ERROR_INVALID,
                        "ends at line 2 without @data");
    assert_text_refused("@relation x\n@attribute a real\n@data\n1\n", PM_ERROR_INVALID,
                        "1 attributes, but images with a class have 3073");
    assert_text_refused("@relation x\n@attribute a string\n", PM_ERROR_INVALID,
                        "line 2: an attribute that is neither numeric");
    assert_text_refused("@relation x\n@attribute a {1,2}\n@attribute b real\n", PM_ERROR_INVALID,
                        "line 3: only the last attribute may be other than numeric");
    assert_text_refused("@relation x\n@attribute 'a real\n", PM_ERROR_INVALID,
                        "line 2: an attribute without a name");
    assert_text_refused("@relation x\n@attribute\n", PM_ERROR_INVALID,
                        "line 2: an attribute without a name");
    assert_text_refused("%\nhello\n", PM_ERROR_INVALID, "line 2: neither @relation");
    struct pm_text text = {0};
    repeat(&text, "@attribute a real\n", 3074);
    assert_text_refused(text.data, PM_ERROR_INVALID, "line 3074: more than 3073 attributes");
    pm_text_clear(&text);
    pm_text_append(&text, "%%");
    repeat(&text, "0123456789abcdef", 8192);
    assert_text_refused(text.data, PM_ERROR_LIMIT, "line 1 is longer than 131072 bytes");
    pm_text_clear(&text);
}

static void test_an_arff_without_rows_is_refused(void **state)
{
    struct pm_text arff = files_arff(*state, 0);
    assert_refused(files_write("empty.arff", arff.data, arff.length), PM_ERROR_INVALID,
                   "there are no records in it");
    pm_text_clear(&arff);
}

static void test_gzip_that_is_refused(void **state)
{
    const struct pm_dataset *dataset = *state;
    size_t size = dataset->count * PM_DATASET_RECORD_SIZE;
    char *packed = NULL;
    size_t packed_size = 0;
    assert_true(pm_file_read(files_write_gzip("g", dataset->records, size), 1 << 20, &packed,
                             &packed_size, NULL));
    char part[64];
    snprintf(part, sizeof part, "the gzip data stops short at byte %zu", packed_size - 9);
    assert_refused(files_write("short.gz", packed, packed_size - 9), PM_ERROR_INVALID, part);
    packed[packed_size - 6] ^= 1; /* the checksum */
    assert_refused(files_write("sum.gz", packed, packed_size), PM_ERROR_INVALID,
                   "incorrect data check");
    packed[packed_size - 6] ^= 1;
    memset(packed + 2000, 0x55, 200);
    assert_refused(files_write("corrupt.gz", packed, packed_size), PM_ERROR_INVALID,
                   "the gzip data is corrupt at byte");
    assert_refused(files_write("header.gz", "\x1f\x8b", 2), PM_ERROR_INVALID,
                   "the gzip data stops short at byte 2");
    free(packed);
}

static void test_other_files_are_refused(void **state)
{
    char tar[512] = "cifar-10-batches-bin/";
    (void)state;
    memcpy(tar + 257, "ustar", sizeof "ustar");
    assert_refused(files_write_gzip("x.tar.gz", tar, sizeof tar), PM_ERROR_INVALID, "an archive");
    assert_refused(files_write("x.zip", "PK\x03\x04zip", 7), PM_ERROR_INVALID, "an archive");
    assert_refused(files_write("x.png", "\x89PNG", 4), PM_ERROR_INVALID,
                   "byte 0 is 137, as in no format");
    assert_refused(files_write("nothing", "", 0), PM_ERROR_INVALID, "the file is empty");
}

static void test_idx_that_is_refused(void **state)
{
    size_t images_size = 0, labels_size = 0;
    uint8_t *images = files_idx_images(5, &images_size);
    uint8_t *labels = files_idx_labels(5, &labels_size);
    (void)state;
    assert_refused(files_write("idx", labels, labels_size), PM_ERROR_INVALID,
                   "labels without images");
    assert_refused(files_write("idx", images, images_size), PM_ERROR_INVALID,
                   "images without labels");
    assert_refused(files_write("idx", images, images_size - 1), PM_ERROR_INVALID,
                   "ends at byte 3935 within an image");
    assert_refused(files_write("idx", images, 10), PM_ERROR_INVALID,
                   "ends at byte 10 within its header");
    files_write("x-images-idx3", images, images_size);
    files_write("x-labels-idx1", labels, labels_size - 1);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_INVALID,
                   "ends at byte 12 within its labels");
    labels[10] = 10;
    files_write("x-labels-idx1", labels, labels_size);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_INVALID, "label 10 at byte 10");
    labels[7] = 4;
    files_write("x-labels-idx1", labels, labels_size);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_INVALID,
                   "4 labels (bytes 4 to 7) for 5 images");
    images[7] = 4;
    files_write("x-images-idx3", images, images_size);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_INVALID,
                   "goes on at byte 3152, after the last");
    images[11] = 32;
    files_write("x-images-idx3", images, images_size);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_INVALID, "images of 32 x 28 pixels");
    unlink(files_path("x-labels-idx1"));
    images[7] = 5;
    images[11] = 28;
    files_write("x-images-idx3", images, images_size);
    assert_refused(files_path("x-images-idx3"), PM_ERROR_NOT_FOUND, "x-labels-idx1");
    free(images);
    free(labels);
}

static void test_files_that_do_not_go_together(void **state)
{
    const struct pm_dataset *dataset = *state;
    size_t size = 0;
    uint8_t *images = files_idx_images(2, &size);
    const char *mnist = files_write("together-idx3", images, size);
    const char *cifar = files_write("together.bin", dataset->records, PM_DATASET_RECORD_SIZE);
    const char *const mixed[] = {cifar, mnist};
    const char *const doubled[] = {mnist, mnist};
    struct pm_dataset_info info = {0};
    struct pm_error error = {0};
    assert_false(pm_dataset_import(mixed, 2, NULL, &info, &error));
    assert_non_null(strstr(error.message, "images of 784 pixels, but the files before it"));
    pm_dataset_info_clear(&info);
    assert_false(pm_dataset_import(doubled, 2, NULL, &info, &error));
    assert_non_null(strstr(error.message, "those before have no labels yet"));
    pm_dataset_info_clear(&info);
    assert_false(pm_dataset_import(NULL, 0, NULL, &info, &error));
    pm_dataset_info_clear(&info);
    free(images);
}

/* ---- keeping ---- */

static struct pm_dataset_info import(const char *path, const char *name)
{
    struct pm_dataset_info info = {0};
    struct pm_error error = {0};
    if (!pm_dataset_import(&path, 1, name, &info, &error)) {
        fail_msg("%s", error.message);
    }
    return info;
}

static void test_importing(void **state)
{
    const struct pm_dataset *dataset = *state;
    struct pm_text arff = files_arff(dataset, RECORDS);
    const char *path = files_write_gzip("i.arff.gz", arff.data, arff.length);
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    assert_true(pm_dataset_fingerprint(dataset, 0, fingerprint, NULL));
    struct pm_dataset_info info = import(path, NULL);
    assert_string_equal(info.name, "cifar10");
    assert_string_equal(info.source, path); /* made absolute, which it is */
    assert_int_equal(info.format, PM_DATASET_FORMAT_ARFF);
    assert_int_equal(info.records, RECORDS);
    assert_string_equal(info.fingerprint, fingerprint);
    assert_string_equal(info.fingerprint_first2000, fingerprint);
    assert_int_equal(strlen(info.source_sha256), 64);
    assert_false(info.is_network);
    assert_opens_as("cifar10", dataset);
    assert_opens_as(info.stored, dataset); /* plain CIFAR-10 records */

    struct pm_dataset_info described = {0};
    assert_true(pm_dataset_describe("cifar10", &described, NULL));
    assert_string_equal(described.name, "cifar10");
    assert_string_equal(described.source, info.source);
    assert_string_equal(described.stored, info.stored);
    assert_string_equal(described.fingerprint, info.fingerprint);
    assert_string_equal(described.source_sha256, info.source_sha256);
    assert_int_equal(described.format, info.format);
    assert_memory_equal(described.class_counts, info.class_counts, sizeof info.class_counts);
    pm_dataset_info_clear(&described);
    pm_dataset_info_clear(&info);
    pm_text_clear(&arff);
}

/* The fingerprint is one of the records as they are long, whatever lies behind them in memory. */
static void test_importing_mnist(void **state)
{
    enum { COUNT = 40 };
    (void)state;
    write_mnist("n/train-images-idx3-ubyte", "n/train-labels-idx1-ubyte", COUNT);
    struct pm_dataset_info info = import(files_path("n"), NULL);
    assert_string_equal(info.name, "mnist");
    assert_int_equal(info.format, PM_DATASET_FORMAT_IDX);

    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    if (!pm_dataset_open("mnist", &dataset, &error)) {
        fail_msg("%s", error.message);
    }
    assert_mnist(dataset, COUNT);
    unsigned char hash[32];
    char expected[PM_FINGERPRINT_HEX_SIZE];
    assert_int_equal(crypto_generichash(hash, sizeof hash, dataset->records,
                                        (size_t)COUNT * (1 + PM_DATASET_MNIST_PIXELS), NULL, 0),
                     0);
    sodium_bin2hex(expected, sizeof expected, hash, sizeof hash);
    assert_string_equal(info.fingerprint, expected);
    assert_string_equal(info.fingerprint_first2000, expected);
    pm_dataset_destroy(dataset);
    pm_dataset_info_clear(&info);
}

/* A name's new dataset takes the old one's place, and its file. */
static void test_importing_again(void **state)
{
    const struct pm_dataset *dataset = *state;
    const char *all =
        files_write("all.bin", dataset->records, (size_t)RECORDS * PM_DATASET_RECORD_SIZE);
    const char *few = files_write("few.bin", dataset->records, (size_t)5 * PM_DATASET_RECORD_SIZE);
    struct pm_dataset_info first = import(all, "twice");
    struct pm_dataset_info same = import(all, "twice");
    assert_string_equal(first.stored, same.stored);
    assert_opens_as("twice", dataset);
    struct pm_dataset_info second = import(few, "twice");
    assert_int_equal(second.records, 5);
    assert_int_equal(access(first.stored, F_OK), -1);
    struct pm_dataset *opened = NULL;
    assert_true(pm_dataset_open("twice", &opened, NULL));
    assert_int_equal(opened->count, 5);
    pm_dataset_destroy(opened);
    pm_dataset_info_clear(&first);
    pm_dataset_info_clear(&same);
    pm_dataset_info_clear(&second);
}

static void test_names_of_imports(void **state)
{
    const struct pm_dataset *dataset = *state;
    const char *path = files_write("n.bin", dataset->records, PM_DATASET_RECORD_SIZE);
    const char *const refused[] = {
        "",          "Upper",   "a/b",
        "-x",        "_x",      "a.b",
        "synthetic", "network", "a234567890b234567890c234567890d234567890e"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct pm_dataset_info info = {0};
        struct pm_error error = {0};
        assert_false(pm_dataset_import(&path, 1, refused[i], &info, &error));
        assert_true(strstr(error.message, "name"));
        pm_dataset_info_clear(&info);
    }
    struct pm_dataset_info b = import(path, "name-b");
    struct pm_dataset_info a = import(path, "name-a");
    char **names = NULL;
    size_t count = 0;
    assert_true(pm_dataset_imported_names(&names, &count, NULL));
    size_t at = 0;
    while (at < count && strcmp(names[at], "name-a") != 0) {
        at++;
    }
    assert_true(at + 1 < count);
    assert_string_equal(names[at + 1], "name-b");
    pm_dataset_names_free(names, count);
    pm_dataset_info_clear(&a);
    pm_dataset_info_clear(&b);
}

static void overwrite_byte(const char *path, long at, int value)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(value, file), value);
    assert_int_equal(fclose(file), 0);
}

static void test_damage_is_noticed(void **state)
{
    const struct pm_dataset *dataset = *state;
    const char *path =
        files_write("d.bin", dataset->records, (size_t)RECORDS * PM_DATASET_RECORD_SIZE);
    struct pm_dataset_info info = import(path, "damaged");
    overwrite_byte(info.stored, 4000, 1 ^ dataset->records[4000]);
    assert_refused("damaged", PM_ERROR_INVALID, "its fingerprint is");
    overwrite_byte(info.stored, 0, 77);
    assert_refused("damaged", PM_ERROR_INVALID, "record 0 has a label above 9");
    assert_int_equal(truncate(info.stored, 5000), 0);
    assert_refused("damaged", PM_ERROR_INVALID, "5000 bytes instead of 36876");
    assert_int_equal(unlink(info.stored), 0);
    assert_refused("damaged", PM_ERROR_NOT_FOUND, "the imported dataset damaged is damaged");
    /* Importing it again mends it. */
    struct pm_dataset_info mended = import(path, "damaged");
    assert_opens_as("damaged", dataset);
    pm_dataset_info_clear(&mended);
    pm_dataset_info_clear(&info);
}

static void assert_description_refused(const char *text, const char *part)
{
    files_write("data/poolminer/datasets/strange.json", text, strlen(text));
    assert_refused("strange", PM_ERROR_INVALID, part);
}

#define DESCRIPTION(version, records, pixels, file, fingerprint, format)                           \
    "{\"version\":" version ",\"records\":" records ",\"pixels\":" pixels ",\"file\":\"" file      \
    "\",\"fingerprint\":\"" fingerprint "\",\"format\":\"" format                                  \
    "\",\"source\":\"\",\"source_sha256\":\"\"}"
#define HASH "f2dd3684c577f822b808b53ef227782a5363904c7f12806c7599a0e0c42ab5ff"

static void test_descriptions_that_are_refused(void **state)
{
    (void)state;
    assert_description_refused("{", "the imported dataset strange is damaged");
    assert_description_refused("{}", "version: missing");
    assert_description_refused(DESCRIPTION("2", "1", "784", "x", HASH, "arff"), "version 1");
    assert_description_refused(DESCRIPTION("1", "1", "785", "x", HASH, "arff"), "pixels");
    assert_description_refused(DESCRIPTION("1", "0", "784", "x", HASH, "arff"), "records");
    assert_description_refused(DESCRIPTION("1", "-1", "784", "x", HASH, "arff"), "records");
    assert_description_refused(DESCRIPTION("1", "9000000", "784", "x", HASH, "arff"), "records");
    assert_description_refused(DESCRIPTION("1", "1", "784", "../x", HASH, "arff"), "file");
    assert_description_refused(DESCRIPTION("1", "1", "784", "x", "123", "arff"), "64 digits");
    assert_description_refused(DESCRIPTION("1", "1", "784", "x", HASH, "tiff"),
                               "\"tiff\" is unknown");
    assert_int_equal(unlink(files_path("data/poolminer/datasets/strange.json")), 0);
}

/* ---- the network's dataset ---- */

static void test_network_that_is_absent(void **state)
{
    (void)state;
    assert_null(pm_dataset_find_network_file());
    assert_refused("network", PM_ERROR_NOT_FOUND, "poolminer dataset import FILE");
}

/* Without a place for imports there are none, and files are still read. */
static void test_a_user_without_a_home(void **state)
{
    const struct pm_dataset *dataset = *state;
    struct pm_dataset_info info = {0};
    struct pm_error error = {0};
    const char *path =
        files_write("homeless", dataset->records, (size_t)RECORDS * PM_DATASET_RECORD_SIZE);
    const char *data = files_path("data");
    const char *set = getenv("HOME");
    char *home = set != NULL ? strdup(set) : NULL;
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_opens_as(path, dataset);
    assert_refused("nothing-imported", PM_ERROR_NOT_FOUND, "neither imported under this name");
    assert_false(pm_dataset_import(&path, 1, NULL, &info, &error));
    assert_non_null(strstr(error.message, "neither XDG_DATA_HOME nor HOME is set"));
    pm_dataset_info_clear(&info);
    setenv("XDG_DATA_HOME", data, 1);
    if (home != NULL) {
        setenv("HOME", home, 1);
    }
    free(home);
}

static void test_network_file_is_found_and_checked(void **state)
{
    const char *name = "scikit/openml/openml.org/data/v1/download/16797612/CIFAR_10_small.arff.gz";
    struct pm_text arff = files_arff(*state, RECORDS);
    const char *path = files_write_gzip(name, arff.data, arff.length);
    char *found = pm_dataset_find_network_file();
    assert_non_null(found);
    assert_string_equal(found, path);
    free(found);
    /* It has the place and the name, but not the bytes. */
    assert_refused("network", PM_ERROR_REFUSED, "is not the network's file (its SHA-256 is");
    assert_int_equal(unlink(path), 0);
    pm_text_clear(&arff);
}

/* Its bytes cannot be in a test: the hash alone makes it the network's. */
static void test_network_is_told_by_its_hash(void **state)
{
    struct pm_dataset_info info = {0};
    memcpy(info.source_sha256, PM_DATASET_NETWORK_SHA256, sizeof info.source_sha256);
    assert_true(pm_dataset_info_fill(*state, &info, NULL));
    assert_true(info.is_network);
    info.source_sha256[63] ^= 1;
    assert_true(pm_dataset_info_fill(*state, &info, NULL));
    assert_false(info.is_network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arff_plain_and_gzip),
        cmocka_unit_test(test_binary_gzip),
        cmocka_unit_test(test_gzip_of_two_members),
        cmocka_unit_test(test_arff_in_other_spellings),
        cmocka_unit_test(test_mnist),
        cmocka_unit_test(test_batches_in_a_directory),
        cmocka_unit_test(test_rows_that_are_refused),
        cmocka_unit_test(test_headers_that_are_refused),
        cmocka_unit_test(test_an_arff_without_rows_is_refused),
        cmocka_unit_test(test_gzip_that_is_refused),
        cmocka_unit_test(test_other_files_are_refused),
        cmocka_unit_test(test_idx_that_is_refused),
        cmocka_unit_test(test_files_that_do_not_go_together),
        cmocka_unit_test(test_importing),
        cmocka_unit_test(test_importing_mnist),
        cmocka_unit_test(test_importing_again),
        cmocka_unit_test(test_names_of_imports),
        cmocka_unit_test(test_damage_is_noticed),
        cmocka_unit_test(test_descriptions_that_are_refused),
        cmocka_unit_test(test_network_that_is_absent),
        cmocka_unit_test(test_a_user_without_a_home),
        cmocka_unit_test(test_network_file_is_found_and_checked),
        cmocka_unit_test(test_network_is_told_by_its_hash),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
