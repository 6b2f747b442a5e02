#include "algorithm/checkpoint.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/evolution.h>

enum { ENGINE_SIZE = sizeof((struct pm_evolution_checkpoint *)NULL)->engine };

static const char MAGIC[8] = {'P', 'M', 'E', 'V', 'O', 'L', 'V', 'E'};

_Static_assert(PM_CHECKPOINT_IDENTITY_AT == sizeof MAGIC + 4 + ENGINE_SIZE, "as the layout says");

/* ---- identity ---- */

static void hash_bytes(crypto_generichash_state *hash, const void *bytes, size_t size)
{
    uint8_t length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)((uint64_t)size >> 8 * i);
    }
    crypto_generichash_update(hash, length, sizeof length);
    crypto_generichash_update(hash, bytes, size);
}

static void hash_text(crypto_generichash_state *hash, const char *text)
{
    hash_bytes(hash, text, strlen(text));
}

static void hash_config(crypto_generichash_state *hash, const struct pm_evolution_config *config)
{
    char numbers[160];
    snprintf(numbers, sizeof numbers, "%d %d %a %llu %zu", config->generations, config->population,
             config->idiom_probability, (unsigned long long)config->seed, config->budget);
    hash_text(hash, config->engine);
    hash_text(hash, config->profile);
    hash_text(hash, numbers);
}

/* Two suites with the same numbers in them are the same suite, wherever they come from. */
static void hash_suite(crypto_generichash_state *hash, const struct pm_suite *suite)
{
    for (size_t i = 0; i < suite->count; i++) {
        const struct pm_task *task = &suite->tasks[i];
        const size_t examples = (size_t)task->train_count + task->validation_count;
        char shape[64];
        snprintf(shape, sizeof shape, "%d %d %u %u", suite->input_dim, task->regression,
                 task->train_count, task->validation_count);
        hash_text(hash, shape);
        hash_bytes(hash, task->features,
                   examples * (size_t)task->input_dim * sizeof *task->features);
        hash_bytes(hash, task->labels, examples * sizeof *task->labels);
    }
}

bool pm_checkpoint_identify(const struct pm_search *search, const struct pm_algorithm *const *seeds,
                            size_t seed_count, uint8_t out[PM_CHECKPOINT_IDENTITY_SIZE],
                            struct pm_error *error)
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, PM_CHECKPOINT_IDENTITY_SIZE);
    hash_config(&hash, search->config);
    for (size_t i = 0; i < seed_count; i++) {
        char *text = pm_algorithm_write(seeds[i], error);
        if (text == NULL) {
            return false;
        }
        hash_text(&hash, text);
        free(text);
    }
    hash_suite(&hash, search->scorer.suite);
    crypto_generichash_final(&hash, out, PM_CHECKPOINT_IDENTITY_SIZE);
    return true;
}

/* ---- the head ---- */

static bool transfer_head(struct pm_stream *stream, struct pm_evolution_checkpoint *head,
                          uint8_t identity[PM_CHECKPOINT_IDENTITY_SIZE])
{
    char magic[sizeof MAGIC];
    uint64_t version = PM_CHECKPOINT_VERSION;
    memcpy(magic, MAGIC, sizeof magic);
    if (!pm_stream_bytes(stream, magic, sizeof magic)) {
        return false;
    }
    if (memcmp(magic, MAGIC, sizeof magic) != 0) {
        return pm_stream_refuse(stream, "it is none");
    }
    if (!pm_stream_u64(stream, &version, 4, UINT32_MAX)) {
        return false;
    }
    if (version != PM_CHECKPOINT_VERSION) {
        return pm_stream_refuse(stream, "its version is not one this program knows");
    }
    if (!pm_stream_bytes(stream, head->engine, sizeof head->engine) ||
        !pm_stream_bytes(stream, identity, PM_CHECKPOINT_IDENTITY_SIZE) ||
        !pm_stream_u64(stream, &head->seed, 8, UINT64_MAX) ||
        !pm_stream_int(stream, &head->generations, 0, PM_EVOLUTION_GENERATIONS_MAX) ||
        !pm_stream_u64(stream, &head->spent_ms, 8, INT64_MAX)) {
        return false;
    }
    return head->engine[sizeof head->engine - 1] == '\0' ||
           pm_stream_refuse(stream, "its engine has no name");
}

static void find_checksum(const void *bytes, size_t size, uint8_t out[PM_CHECKPOINT_CHECKSUM_SIZE])
{
    crypto_generichash(out, PM_CHECKPOINT_CHECKSUM_SIZE, bytes, size, NULL, 0);
}

/* Whether the bytes are those that were written. */
static bool check_whole(struct pm_stream *stream, const void *bytes, size_t size)
{
    uint8_t checksum[PM_CHECKPOINT_CHECKSUM_SIZE];
    if (size < sizeof checksum) {
        return pm_stream_refuse(stream, "it ends too early");
    }
    stream->source = bytes;
    stream->source_size = size - sizeof checksum;
    find_checksum(bytes, stream->source_size, checksum);
    return sodium_memcmp(checksum, stream->source + stream->source_size, sizeof checksum) == 0 ||
           pm_stream_refuse(stream, "it is damaged, its checksum is wrong");
}

bool pm_evolution_checkpoint_read(const void *bytes, size_t size,
                                  struct pm_evolution_checkpoint *out, struct pm_error *error)
{
    struct pm_stream stream = {.reading = true, .error = error};
    uint8_t identity[PM_CHECKPOINT_IDENTITY_SIZE];
    *out = (struct pm_evolution_checkpoint){0};
    return check_whole(&stream, bytes, size) && transfer_head(&stream, out, identity);
}

/* ---- the search ---- */

static bool transfer_savings(struct pm_stream *stream, struct pm_evolution_savings *savings)
{
    uint64_t *const counts[] = {&savings->known,    &savings->hopeless,     &savings->quick,
                                &savings->complete, &savings->instructions, &savings->alive};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (!pm_stream_u64(stream, counts[i], 8, UINT64_MAX)) {
            return false;
        }
    }
    return true;
}

/* How far it is: every generation has one population's worth of candidates. */
static bool transfer_place(struct pm_stream *stream, struct pm_search *search)
{
    const struct pm_evolution_config *config = search->config;
    const uint64_t population = (uint64_t)config->population;
    if (!pm_stream_int(stream, &search->generation, 1, config->generations + 1) ||
        !pm_stream_size(stream, &search->next, population) ||
        !pm_stream_u64(stream, &search->candidates, 8, UINT64_MAX)) {
        return false;
    }
    return search->candidates == (uint64_t)(search->generation - 1) * population + search->next ||
           pm_stream_refuse(stream, "its candidates do not add up");
}

static bool transfer_search(struct pm_stream *stream, const struct pm_course *course)
{
    struct pm_search *search = course->search;
    return transfer_place(stream, search) && pm_stream_double(stream, &search->best) &&
           transfer_savings(stream, &search->scorer.savings) &&
           pm_stream_candidates(stream, search->elite.members, &search->elite.count,
                                search->elite.capacity) &&
           course->engine->transfer(course->state, stream);
}

static struct pm_stream open_stream(const struct pm_course *course, bool reading,
                                    struct pm_error *error)
{
    const struct pm_search *search = course->search;
    return (struct pm_stream){.reading = reading,
                              .error = error,
                              .profile = search->profile,
                              .input_dim = search->scorer.suite->input_dim,
                              .seed_count = search->seed_count,
                              .cache = reading ? search->scorer.cache : NULL};
}

bool pm_checkpoint_write(struct pm_course *course, void **bytes, size_t *size,
                         struct pm_error *error)
{
    struct pm_search *search = course->search;
    struct pm_stream stream = open_stream(course, false, error);
    struct pm_evolution_checkpoint head = {.seed = search->config->seed,
                                           .generations = search->generation - 1,
                                           .spent_ms = course->spent_ms};
    uint8_t checksum[PM_CHECKPOINT_CHECKSUM_SIZE];
    snprintf(head.engine, sizeof head.engine, "%s", course->engine->name);
    bool done = transfer_head(&stream, &head, course->identity) && transfer_search(&stream, course);
    if (done) {
        find_checksum(stream.bytes, stream.size, checksum);
        done = pm_stream_bytes(&stream, checksum, sizeof checksum);
    }
    pm_stream_clear(&stream);
    if (!done) {
        free(stream.bytes);
        return false;
    }
    *bytes = stream.bytes;
    *size = stream.size;
    return true;
}

static bool read_own(struct pm_stream *stream, struct pm_course *course)
{
    struct pm_evolution_checkpoint head = {0};
    uint8_t identity[PM_CHECKPOINT_IDENTITY_SIZE];
    if (!transfer_head(stream, &head, identity)) {
        return false;
    }
    if (strcmp(head.engine, course->engine->name) != 0 ||
        memcmp(identity, course->identity, sizeof identity) != 0) {
        return pm_stream_refuse(stream, "it is another search's: engine, settings, seeds or tasks "
                                        "are not the same");
    }
    course->spent_ms = head.spent_ms;
    return transfer_search(stream, course) &&
           (stream->at == stream->source_size || pm_stream_refuse(stream, "it goes on too long"));
}

bool pm_checkpoint_read(struct pm_course *course, const void *bytes, size_t size,
                        struct pm_error *error)
{
    struct pm_stream stream = open_stream(course, true, error);
    const bool done = check_whole(&stream, bytes, size) && read_own(&stream, course);
    pm_stream_clear(&stream);
    return done;
}

void pm_checkpoint_seal(void *bytes, size_t size)
{
    uint8_t checksum[PM_CHECKPOINT_CHECKSUM_SIZE];
    if (size >= sizeof checksum) {
        find_checksum(bytes, size - sizeof checksum, checksum);
        memcpy((uint8_t *)bytes + size - sizeof checksum, checksum, sizeof checksum);
    }
}
