/* Jobs that were read or written a moment ago, as the file has them: most requests are about one of
 * these, and reading a job anew takes three tables. The file is this process's alone, so what is
 * remembered stays true as long as every change is noted here, and all is forgotten when a
 * transaction is undone. One array of fixed size; a job that is not in it is read from the file. */
#ifndef PM_SIDECAR_STORE_SQLITE_RECENT_H
#define PM_SIDECAR_STORE_SQLITE_RECENT_H

#include "sidecar/store.h"

struct pm_sqlite_recent;

/* NULL: out of memory. */
struct pm_sqlite_recent *pm_sqlite_recent_create(void);
void pm_sqlite_recent_destroy(struct pm_sqlite_recent *recent);

/* False: not remembered. */
bool pm_sqlite_recent_get(const struct pm_sqlite_recent *recent, int64_t id,
                          struct pm_store_job *out);
/* The job is so now. Members that its state does not keep are remembered as reading it would give
 * them. A job with a reason is not remembered. */
void pm_sqlite_recent_note(struct pm_sqlite_recent *recent, const struct pm_store_job *job);
void pm_sqlite_recent_forget(struct pm_sqlite_recent *recent, int64_t id);
void pm_sqlite_recent_forget_all(struct pm_sqlite_recent *recent);

/* Of a job that is remembered, the first of one that is leased; nothing is noted of others. */
void pm_sqlite_recent_note_renewed(struct pm_sqlite_recent *recent, int64_t id, int64_t until_ms);
void pm_sqlite_recent_note_checkpoint(struct pm_sqlite_recent *recent, int64_t id, bool there);
/* True: the job has no checkpoint. False: it has one, or that is not remembered. */
bool pm_sqlite_recent_lacks_checkpoint(const struct pm_sqlite_recent *recent, int64_t id);

#endif
