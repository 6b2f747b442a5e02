/* Settings of SQLite that hold for the whole process. */
#ifndef POOLMINER_SQLITE_SETUP_H
#define POOLMINER_SQLITE_SETUP_H

/* Makes SQLite keep no statistics of its memory: nobody reads them, and they cost a lock at each
 * allocation. To be called before the first database is opened; after that it has no effect. Not
 * thread-safe. */
void pm_sqlite_configure(void);

#endif
