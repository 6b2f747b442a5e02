#include <sqlite3.h>

#include <poolminer/sqlite_setup.h>

void pm_sqlite_configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
