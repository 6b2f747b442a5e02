/* How many bytes the store may hold, and who gives way. Closed records are history: they never
 * stand in the way of work, the oldest are dropped as soon as there is no other room. */
#include "sidecar/queue_internal.h"

static int64_t held(struct pm_queue *queue)
{
    return queue->store->verbs->counted(queue->store, 0, PM_COUNTER_BYTES);
}

static int64_t held_by_history(struct pm_queue *queue)
{
    return queue->store->verbs->counted(queue->store, 0, PM_COUNTER_BYTES_CLOSED);
}

int64_t pm_queue_bytes_max(const struct pm_queue *queue, enum pm_queue_room room)
{
    return room == PM_QUEUE_ROOM_NEW ? queue->config.max_bytes : 2 * queue->config.max_bytes;
}

/* What work that is in still needs of a disk that is nearly full. */
static bool check_disk(struct pm_queue *queue, int64_t change, struct pm_error *error)
{
    int64_t left;
    if (!queue->store->verbs->room(queue->store, &left, error)) {
        return false;
    }
    return left - PM_QUEUE_DISK_KEPT_BYTES >= change ||
           pm_fail(error, PM_ERROR_UNAVAILABLE,
                   "the store's disk has %lld MiB left, and the last %d are kept for results: free "
                   "some room on it",
                   (long long)(left >> 20), PM_QUEUE_DISK_KEPT_BYTES >> 20);
}

bool pm_queue_check_bytes(struct pm_queue *queue, enum pm_queue_room room, int64_t change,
                          struct pm_error *error)
{
    int64_t lasting = held(queue) - held_by_history(queue);
    if (room == PM_QUEUE_ROOM_NEW && !check_disk(queue, change, error)) {
        return false;
    }
    return lasting + change <= pm_queue_bytes_max(queue, room) ||
           pm_fail(error, PM_ERROR_UNAVAILABLE,
                   "the store holds %lld MiB of at most %lld: collect results, or raise "
                   "--max-store-mib",
                   (long long)(lasting >> 20), (long long)(pm_queue_bytes_max(queue, room) >> 20));
}

bool pm_queue_drop_history(struct pm_queue *queue, int64_t bytes_max, int64_t keep,
                           struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t records = store->verbs->counted(store, 0, PM_COUNTER_RECORDS_CLOSED);
    for (; records > 0 && held(queue) > bytes_max && held_by_history(queue) > keep; records--) {
        if (!store->verbs->record_drop_oldest(store, 0, error)) {
            return false;
        }
    }
    return true;
}

bool pm_queue_make_room(struct pm_queue *queue, enum pm_queue_room room, int64_t size,
                        struct pm_error *error)
{
    return pm_queue_check_bytes(queue, room, size, error) &&
           pm_queue_drop_history(queue, pm_queue_bytes_max(queue, room) - size, 0, error);
}
