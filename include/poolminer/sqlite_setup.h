/* What holds for every SQLite database of a process. */
#ifndef POOLMINER_SQLITE_SETUP_H
#define POOLMINER_SQLITE_SETUP_H

/* Before a database is opened: SQLite keeps no statistics of its memory, which nobody asks for and
 * which cost a lock at each allocation. Once the library is in use it changes nothing. Not
 * thread-safe. */
void pm_sqlite_configure(void);

#endif
