#include "algorithm/score_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* One room is kept; whoever finds it taken, for batches may be scored at the same time, has one of
 * their own. */
struct pm_score_memory {
    _Atomic(struct pm_score_room *) kept;
};

struct pm_score_memory *pm_score_memory_create(void)
{
    struct pm_score_memory *memory = malloc(sizeof *memory);
    if (memory != NULL) {
        atomic_init(&memory->kept, NULL);
    }
    return memory;
}

static void forget_programs(struct pm_score_room *room)
{
    for (size_t i = 0; i < PM_SCORE_BATCH_MAX; i++) {
        pm_lane_program_destroy(room->programs[i]);
        room->programs[i] = NULL;
    }
}

static void destroy_room(struct pm_score_room *room)
{
    if (room == NULL) {
        return;
    }
    forget_programs(room);
    for (size_t i = 0; i < room->desk_count; i++) {
        pm_score_desk_clear(&room->desks[i]);
    }
    free(room->desks);
    free(room);
}

void pm_score_memory_destroy(struct pm_score_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    destroy_room(atomic_load(&memory->kept));
    free(memory);
}

static bool add_desks(struct pm_score_room *room, size_t count)
{
    if (count <= room->desk_count) {
        return true;
    }
    struct pm_score_desk *desks = reallocarray(room->desks, count, sizeof *desks);
    if (desks == NULL) {
        return false;
    }
    memset(desks + room->desk_count, 0, (count - room->desk_count) * sizeof *desks);
    room->desks = desks;
    room->desk_count = count;
    return true;
}

struct pm_score_room *pm_score_room_take(struct pm_score_memory *memory, size_t threads,
                                         enum pm_simd_level level)
{
    struct pm_score_room *room = memory != NULL ? atomic_exchange(&memory->kept, NULL) : NULL;
    if (room == NULL) {
        room = calloc(1, sizeof *room);
    }
    if (room == NULL || !add_desks(room, threads)) {
        destroy_room(room);
        return NULL;
    }
    if (room->level != level) {
        forget_programs(room);
        room->level = level;
    }
    for (size_t i = 0; i < room->desk_count; i++) {
        if (room->desks[i].code != NULL) {
            pm_lane_code_reset(room->desks[i].code);
        }
    }
    return room;
}

void pm_score_room_give(struct pm_score_memory *memory, struct pm_score_room *room)
{
    destroy_room(memory != NULL ? atomic_exchange(&memory->kept, room) : room);
}
