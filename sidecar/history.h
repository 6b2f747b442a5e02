/* What the sidecar remembers for people: the newest log lines of the miner's programs, and figures
 * over time. A SQLite file of its own, so that it never stands in the queue's way; what is lost of
 * it costs nobody anything, so it is not waited for. Safe from several threads.
 *
 * It is bounded: 5,000 lines; of 16 accounts, of each the figures of a day as they came, of 30 days
 * one in ten minutes, of two years one in six hours. */
#ifndef PM_SIDECAR_HISTORY_H
#define PM_SIDECAR_HISTORY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/log.h>

enum {
    PM_HISTORY_LINES_MAX = 5000,
    PM_HISTORY_ACCOUNTS_MAX = 16,
    PM_HISTORY_PROGRAM_MAX = 31, /* bytes without the NUL; likewise below */
    PM_HISTORY_ID_MAX = 47,
    PM_HISTORY_MESSAGE_MAX = 1023,
};

struct pm_history_line {
    int64_t unix_ms;
    enum pm_log_level level;
    char program[PM_HISTORY_PROGRAM_MAX + 1];
    char id[PM_HISTORY_ID_MAX + 1];
    char message[PM_HISTORY_MESSAGE_MAX + 1];
};

/* The series, named as in GET /history. */
enum pm_series {
    PM_SERIES_REPUTATION,
    PM_SERIES_REPUTATION_TOTAL,
    PM_SERIES_REPUTATION_PER_HOUR,
    PM_SERIES_ACCURACY,
    PM_SERIES_SUCCESS_RATE,
    PM_SERIES_BALANCE_RAO,
    PM_SERIES_LIFETIME_RAO,
    PM_SERIES_BEST_SCORE,
    PM_SERIES_POOL_BEST_SCORE,
    PM_SERIES_EVALUATIONS,
    PM_SERIES_EVOLUTIONS,
    PM_SERIES_COUNT
};

struct pm_history;

/* `path` NULL: in memory only. Creates the file with mode 0600. */
bool pm_history_open(const char *path, struct pm_history **out, struct pm_error *error);
void pm_history_close(struct pm_history *history);

bool pm_history_add_lines(struct pm_history *history, const struct pm_history_line *lines,
                          size_t count, struct pm_error *error);
/* Values that are not known are NAN. A second sample of one moment is left out. */
bool pm_history_add_sample(struct pm_history *history, const char *account, int64_t unix_ms,
                           const double values[PM_SERIES_COUNT], struct pm_error *error);

/* {"lines": [{"cursor","time_ms","level","program","id","message"}, ...], "cursor": N}, oldest
 * first: those behind line number `after`, or, if that is negative, the newest; of level `least` or
 * worse. The cursor is the number of the last one looked at. NULL with the error set. */
cJSON *pm_history_lines(struct pm_history *history, int64_t after, enum pm_log_level least,
                        size_t limit, struct pm_error *error);
int64_t pm_history_last_line(struct pm_history *history);

/* {"account","time_ms": [...], "reputation": [...], ...}, ascending in time, from `from_ms` on, at
 * most `points` moments spread evenly; null for what was not known. */
cJSON *pm_history_series(struct pm_history *history, const char *account, int64_t from_ms,
                         size_t points, struct pm_error *error);

#endif
