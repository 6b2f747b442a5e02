#include "pool/old_store.h"

#include "cmocka_include.h"
#include "pool/test_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <poolminer/file.h>

enum { PATH_SIZE = 256, SCRIPT_MAX = 1 << 20 };

const char *old_store_name(void)
{
    static char name[PATH_SIZE];
    if (test_store_url() != NULL) {
        return test_store_url();
    }
    if (name[0] == '\0') { /* once, for the name is the same in a child */
        snprintf(name, sizeof name, "/tmp/test_pool_old_store_%d.db", (int)getpid());
    }
    return name;
}

struct pm_sql *old_store_open(void)
{
    struct pm_sql *sql;
    struct pm_error error = {0};
    bool good = test_store_url() != NULL
                    ? pm_sql_open_postgres(old_store_name(), PM_SQL_WRITE, &sql, &error)
                    : pm_sql_open_sqlite(old_store_name(), PM_SQL_WRITE, &sql, &error);
    if (!good) {
        fail_msg("%s", error.message);
    }
    return sql;
}

void old_store_run(const char *script)
{
    struct pm_sql *sql = old_store_open();
    struct pm_error error = {0};
    if (!pm_sql_script(sql, script, &error)) {
        fail_msg("%s", error.message);
    }
    pm_sql_close(sql);
}

void old_store_load(const char *script_name)
{
    char path[PATH_SIZE * 2], *script;
    size_t length;
    struct pm_error error = {0};
    snprintf(path, sizeof path, "%s/pool/%s", PM_TEST_DATA, script_name);
    if (!pm_file_read(path, SCRIPT_MAX, &script, &length, &error)) {
        fail_msg("%s", error.message);
    }
    old_store_remove();
    old_store_run(script);
    free(script);
}

void old_store_remove(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    if (test_store_url() != NULL) {
        test_store_wipe();
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        char path[PATH_SIZE + 8];
        snprintf(path, sizeof path, "%s%s", old_store_name(), suffixes[i]);
        unlink(path);
    }
}
