/* The line of queued jobs: rows of `queued`, and before them the jobs that were put a moment ago,
 * which have no row there (store_sqlite_fresh.h). A job of the newest PM_SQLITE_FRESH_MAX numbers
 * that has no row of any state is queued as it was put; that is how the file tells of them, and how
 * they are found again when it is opened. What is known of the table's edges is remembered, so that
 * the line is looked at without a statement as long as the table is empty. */
#include "sidecar/store_sqlite.h"

static struct pm_sqlite_key key_of(const struct pm_store_job *job)
{
    return (struct pm_sqlite_key){job->run, -job->priority, job->turn, job->id};
}

static void bind_key(sqlite3_stmt *statement, const struct pm_sqlite_key *key)
{
    sqlite3_bind_int64(statement, 1, key->run);
    sqlite3_bind_int64(statement, 2, key->rank);
    sqlite3_bind_int64(statement, 3, key->turn);
    sqlite3_bind_int64(statement, 4, key->id);
}

/* ---- the table's edges ---- */

static void forget_edges(struct pm_sqlite_store *store)
{
    store->head.known = false;
    for (size_t i = 0; i < store->run_count; i++) {
        store->runs[i].head.known = store->runs[i].tail.known = false;
    }
}

static void learn_head(struct pm_sqlite_head *head, const struct pm_sqlite_key *key)
{
    *head = (struct pm_sqlite_head){.known = true, .there = key != NULL};
    if (key != NULL) {
        head->key = *key;
    }
}

static void head_gets(struct pm_sqlite_head *head, const struct pm_sqlite_key *key)
{
    if (head->known && (!head->there || pm_sqlite_key_is_before(key, &head->key))) {
        learn_head(head, key);
    }
}

static void head_loses(struct pm_sqlite_head *head, const struct pm_sqlite_key *key)
{
    head->known = head->known && !(head->there && head->key.id == key->id);
}

static void edges_get(struct pm_sqlite_store *store, const struct pm_sqlite_key *key)
{
    struct pm_sqlite_run *run = pm_sqlite_run_of(store, key->run);
    head_gets(&store->head, key);
    if (run != NULL) {
        struct pm_sqlite_tail *tail = &run->tail;
        head_gets(&run->head, key);
        if (tail->known && tail->rank == key->rank && (!tail->there || tail->turn < key->turn)) {
            tail->there = true;
            tail->turn = key->turn;
        }
    }
}

static void edges_lose(struct pm_sqlite_store *store, const struct pm_sqlite_key *key)
{
    struct pm_sqlite_run *run = pm_sqlite_run_of(store, key->run);
    head_loses(&store->head, key);
    if (run != NULL) {
        struct pm_sqlite_tail *tail = &run->tail;
        head_loses(&run->head, key);
        tail->known =
            tail->known && !(tail->there && tail->rank == key->rank && tail->turn == key->turn);
    }
}

/* For certain. */
static bool table_is_empty(const struct pm_sqlite_store *store)
{
    return store->head.known && !store->head.there;
}

/* ---- rows ---- */

static bool insert_row(struct pm_sqlite_store *store, const struct pm_sqlite_key *key,
                       const struct pm_store_job *job, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_QUEUED_INSERT, error);
    if (statement == NULL) {
        return false;
    }
    bind_key(statement, key);
    sqlite3_bind_int64(statement, 5, job->deadline_ms);
    sqlite3_bind_int64(statement, 6, job->token);
    sqlite3_bind_int64(statement, 7, job->failures);
    sqlite3_bind_int64(statement, 8, job->ended_token);
    sqlite3_bind_int64(statement, 9, job->bytes);
    edges_get(store, key);
    return pm_sqlite_run(store, statement, error);
}

/* Gives a fresh job the row that it has done without. */
static bool write_down(struct pm_sqlite_store *store, const struct pm_sqlite_fresh_job *fresh,
                       struct pm_error *error)
{
    const struct pm_sqlite_key key = fresh->key;
    const struct pm_store_job job = {.deadline_ms = fresh->deadline_ms, .bytes = fresh->bytes};
    pm_sqlite_fresh_remove(store->fresh, key.id);
    store->fresh_changed = true;
    return insert_row(store, &key, &job, error);
}

bool pm_sqlite_queued_insert(struct pm_sqlite_store *store, const struct pm_store_job *job,
                             struct pm_error *error)
{
    const struct pm_sqlite_key key = key_of(job);
    return insert_row(store, &key, job, error);
}

bool pm_sqlite_queued_put(struct pm_sqlite_store *store, const struct pm_store_job *job,
                          size_t body_size, struct pm_error *error)
{
    const struct pm_sqlite_fresh_job *older = pm_sqlite_fresh_in_the_way(store->fresh, job->id);
    if (older != NULL && !write_down(store, older, error)) {
        return false;
    }
    if (job->token != 0 || job->failures != 0 || job->ended_token != 0 ||
        job->bytes != (int64_t)body_size) {
        return pm_sqlite_queued_insert(store, job, error); /* its own row does not tell all */
    }
    const struct pm_sqlite_fresh_job fresh = {key_of(job), job->deadline_ms, job->bytes};
    pm_sqlite_fresh_add(store->fresh, &fresh);
    store->fresh_changed = true;
    return true;
}

bool pm_sqlite_queued_delete(struct pm_sqlite_store *store, const struct pm_store_job *job,
                             struct pm_error *error)
{
    const struct pm_sqlite_key key = key_of(job);
    if (pm_sqlite_fresh_find(store->fresh, job->id) != NULL) {
        pm_sqlite_fresh_remove(store->fresh, job->id);
        store->fresh_changed = true;
        return true;
    }
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_QUEUED_DELETE, error);
    if (statement == NULL) {
        return false;
    }
    bind_key(statement, &key);
    edges_lose(store, &key);
    return pm_sqlite_run(store, statement, error);
}

bool pm_sqlite_queued_read(struct pm_sqlite_store *store, struct pm_store_job *job, bool *found,
                           struct pm_error *error)
{
    const struct pm_sqlite_fresh_job *fresh = pm_sqlite_fresh_find(store->fresh, job->id);
    if (fresh != NULL) {
        job->state = PM_JOB_QUEUED;
        job->token = job->failures = job->ended_token = 0;
        job->bytes = fresh->bytes;
        *found = true;
        return true;
    }
    const struct pm_sqlite_key key = key_of(job);
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_QUEUED_GET, error);
    if (statement == NULL) {
        return false;
    }
    bind_key(statement, &key);
    if (!pm_sqlite_step(store, statement, found, error)) {
        return false;
    }
    if (*found) {
        job->state = PM_JOB_QUEUED;
        job->token = sqlite3_column_int64(statement, 0);
        job->failures = sqlite3_column_int64(statement, 1);
        job->ended_token = sqlite3_column_int64(statement, 2);
        job->bytes = sqlite3_column_int64(statement, 3);
        sqlite3_reset(statement);
    }
    return true;
}

bool pm_sqlite_queued_write_due(struct pm_sqlite_store *store, int64_t time_ms,
                                struct pm_error *error)
{
    const struct pm_sqlite_fresh_job *due;
    while ((due = pm_sqlite_fresh_due(store->fresh, time_ms)) != NULL) {
        if (!write_down(store, due, error)) {
            return false;
        }
    }
    return true;
}

/* ---- after opening, and after what was undone ---- */

bool pm_sqlite_queued_load(struct pm_sqlite_store *store, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_LIST_FRESH, error);
    if (statement == NULL) {
        return false;
    }
    store->fresh_stale = true;
    pm_sqlite_fresh_clear(store->fresh);
    sqlite3_bind_int64(statement, 1, store->last_id - PM_SQLITE_FRESH_MAX);
    bool row, good;
    while ((good = pm_sqlite_step(store, statement, &row, error)) && row) {
        const struct pm_sqlite_fresh_job job = {.key = {.id = sqlite3_column_int64(statement, 0),
                                                        .run = sqlite3_column_int64(statement, 1),
                                                        .rank = sqlite3_column_int64(statement, 2),
                                                        .turn = sqlite3_column_int64(statement, 3)},
                                                .deadline_ms = sqlite3_column_int64(statement, 4),
                                                .bytes = sqlite3_column_int64(statement, 5)};
        if (pm_sqlite_fresh_in_the_way(store->fresh, job.key.id) != NULL) {
            good = pm_fail(error, PM_ERROR_IO,
                           "the store: job %lld was never counted; " PM_SQLITE_DAMAGED,
                           (long long)job.key.id);
            break;
        }
        pm_sqlite_fresh_add(store->fresh, &job);
    }
    sqlite3_reset(statement);
    store->fresh_stale = !good;
    return good;
}

void pm_sqlite_queued_committed(struct pm_sqlite_store *store)
{
    store->fresh_changed = false;
}

void pm_sqlite_queued_rolled_back(struct pm_sqlite_store *store)
{
    forget_edges(store);
    store->fresh_stale = store->fresh_stale || store->fresh_changed;
    store->fresh_changed = false;
    if (store->fresh_stale) {
        pm_sqlite_queued_load(store, NULL); /* what fails here is tried again at the next begin */
    }
}

/* ---- the line ---- */

/* Whether the table's first row, of `run` or of any, is known without asking; *head, where it is
 * there. */
static bool know_head(struct pm_sqlite_store *store, int64_t run,
                      const struct pm_sqlite_head **head)
{
    const struct pm_sqlite_run *of_run = run == 0 ? NULL : pm_sqlite_run_of(store, run);
    *head = of_run != NULL && !table_is_empty(store) ? &of_run->head : &store->head;
    return (*head)->known && (run == 0 || of_run != NULL || !(*head)->there);
}

/* Reads the table's first row. */
static bool ask_first(struct pm_sqlite_store *store, int64_t run, struct pm_store_job *out,
                      bool *found, struct pm_error *error)
{
    struct pm_sqlite_run *of_run = run == 0 ? NULL : pm_sqlite_run_of(store, run);
    sqlite3_stmt *statement = pm_sqlite_statement(
        store, run == 0 ? PM_SQL_QUEUED_NEXT : PM_SQL_QUEUED_NEXT_OF_RUN, error);
    if (statement == NULL) {
        return false;
    }
    if (run != 0) {
        sqlite3_bind_int64(statement, 1, run);
    }
    if (!pm_sqlite_step(store, statement, found, error)) {
        return false;
    }
    bool there = true;
    if (*found) {
        there = pm_sqlite_read_job(statement, out);
        sqlite3_reset(statement);
    }
    const struct pm_sqlite_key key = *found ? key_of(out) : (struct pm_sqlite_key){0};
    if (run == 0 || of_run != NULL) {
        learn_head(run == 0 ? &store->head : &of_run->head, *found ? &key : NULL);
    }
    return there || pm_fail(error, PM_ERROR_IO,
                            "the store: queued job %lld is not there; " PM_SQLITE_DAMAGED,
                            (long long)out->id);
}

bool pm_sqlite_job_next(struct pm_store *base, int64_t run, struct pm_store_job *out, bool *found,
                        struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    const struct pm_sqlite_fresh_job *fresh = pm_sqlite_fresh_first(store->fresh, run);
    const struct pm_sqlite_head *head;
    *found = false;
    if (!know_head(store, run, &head) ||
        (head->there && (fresh == NULL || pm_sqlite_key_is_before(&head->key, &fresh->key)))) {
        if (!ask_first(store, run, out, found, error)) {
            return false;
        }
    }
    if (fresh == NULL) {
        return true;
    }
    if (*found) {
        const struct pm_sqlite_key key = key_of(out);
        if (pm_sqlite_key_is_before(&key, &fresh->key)) {
            return true;
        }
    }
    return pm_sqlite_job_get(base, fresh->key.id, out, found, error) &&
           (*found || pm_fail(error, PM_ERROR_IO,
                              "the store: queued job %lld is not there; " PM_SQLITE_DAMAGED,
                              (long long)fresh->key.id));
}

/* ---- turns ---- */

/* The table's turn at one end of a rank, as a statement tells it. */
static bool ask_turn(struct pm_sqlite_store *store, enum pm_sqlite_statement which, int64_t rank,
                     int64_t run, bool *there, int64_t *turn, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, which, error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int64(statement, 1, rank);
    if (which == PM_SQL_LAST_TURN) {
        sqlite3_bind_int64(statement, 2, run);
    }
    if (!pm_sqlite_step(store, statement, there, error)) {
        return false;
    }
    if (*there) {
        *turn = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return true;
}

static bool table_last_turn(struct pm_sqlite_store *store, int64_t run, int64_t rank, bool *there,
                            int64_t *turn, struct pm_error *error)
{
    struct pm_sqlite_run *of_run = pm_sqlite_run_of(store, run);
    struct pm_sqlite_tail asked = {.known = true, .rank = rank};
    if (table_is_empty(store)) {
        *there = false;
        return true;
    }
    if (of_run != NULL && of_run->tail.known && of_run->tail.rank == rank) {
        *there = of_run->tail.there;
        *turn = of_run->tail.turn;
        return true;
    }
    if (!ask_turn(store, PM_SQL_LAST_TURN, rank, run, &asked.there, &asked.turn, error)) {
        return false;
    }
    if (of_run != NULL) {
        of_run->tail = asked;
    }
    *there = asked.there;
    *turn = asked.turn;
    return true;
}

/* The first row of all, without its job. */
static bool learn_first(struct pm_sqlite_store *store, struct pm_error *error)
{
    bool there;
    sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_QUEUED_FIRST, error);
    if (statement == NULL || !pm_sqlite_step(store, statement, &there, error)) {
        return false;
    }
    struct pm_sqlite_key key = {0};
    if (there) {
        key = (struct pm_sqlite_key){.run = sqlite3_column_int64(statement, 0),
                                     .rank = sqlite3_column_int64(statement, 1),
                                     .turn = sqlite3_column_int64(statement, 2),
                                     .id = sqlite3_column_int64(statement, 3)};
        sqlite3_reset(statement);
    }
    learn_head(&store->head, there ? &key : NULL);
    return true;
}

static bool table_front_turn(struct pm_sqlite_store *store, int64_t rank, bool *there,
                             int64_t *turn, struct pm_error *error)
{
    const struct pm_sqlite_head *head = &store->head;
    if (!head->known && !learn_first(store, error)) {
        return false;
    }
    if (head->there && head->key.rank < rank) {
        return ask_turn(store, PM_SQL_FRONT_TURN, rank, 0, there, turn, error);
    }
    *there = head->there && head->key.rank == rank;
    *turn = head->key.turn;
    return true;
}

/* One more than the run's last at this priority, but not before the front of the line. */
bool pm_sqlite_next_turn(struct pm_store *base, int64_t run, int64_t priority, int64_t *turn,
                         struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    const int64_t rank = -priority;
    int64_t own = 0, row_own = 0, front = 0, row_front = 0;
    bool has_row_own, has_row_front;
    if (!table_front_turn(store, rank, &has_row_front, &row_front, error) ||
        !table_last_turn(store, run, rank, &has_row_own, &row_own, error)) {
        return false;
    }
    const bool has_own = pm_sqlite_fresh_last_turn(store->fresh, run, rank, &own);
    const bool has_front = pm_sqlite_fresh_front_turn(store->fresh, rank, &front);
    const int64_t after_own = !has_own || (has_row_own && row_own > own) ? row_own : own;
    const int64_t next = has_own || has_row_own ? after_own + 1 : 0;
    const int64_t first = !has_front || (has_row_front && row_front < front) ? row_front : front;
    *turn = has_front || has_row_front ? first : 0;
    *turn = next > *turn ? next : *turn;
    *turn = *turn > 0 ? *turn : 0;
    return true;
}
