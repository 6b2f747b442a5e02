#include "pool/postgres_gates.h"

#include "cmocka_include.h"
#include "pool/test_store.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/process.h>

enum { PATIENCE_MS = 60000, POLL_MS = 5, CHILDREN_MAX = 256, STATUS_MAX = 4096 };

/* Holds the gates that are closed; NULL: none is. */
static PGconn *keeper;
/* Of ours, whose commit is held back; NULL: none is. */
static PGconn *first_held_back;

static PGconn *connect_to_server(void)
{
    PGconn *connection = PQconnectdb(test_store_url());
    if (PQstatus(connection) != CONNECTION_OK) {
        fail_msg("%s", PQerrorMessage(connection));
    }
    return connection;
}

static PGresult *say(PGconn *connection, const char *text)
{
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", text, PQerrorMessage(connection));
    }
    return result;
}

void gates_build(void)
{
    test_store_execute(
        "CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::int, 0); RETURN NULL; END $$;"
        "CREATE TRIGGER booking AFTER INSERT ON evaluations"
        "  FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate(1);"
        "CREATE CONSTRAINT TRIGGER commit AFTER INSERT ON evaluations"
        "  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_gate(2);"
        "CREATE TRIGGER settling AFTER INSERT ON payouts"
        "  FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate(4);"
        "CREATE CONSTRAINT TRIGGER settled AFTER INSERT ON payouts"
        "  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_gate(5)");
}

static bool is_held_back(PGconn *connection, int backend)
{
    char text[128];
    snprintf(text, sizeof text,
             "SELECT 1 FROM pg_stat_activity WHERE pid = %d AND wait_event = 'SyncRep'", backend);
    PGresult *result = say(connection, text);
    const bool held = PQntuples(result) > 0;
    PQclear(result);
    return held;
}

/* A commit that has happened is told of once a standby has it, too, and there is none. The server
 * takes its time to know: a transaction of our own shows when it does. */
static void hold_back_commits(void)
{
    PGconn *connection = connect_to_server();
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    first_held_back = connect_to_server();
    PQclear(say(connection, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"));
    PQclear(say(connection, "SELECT pg_reload_conf()"));
    do {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        if (!PQisBusy(first_held_back)) {
            PQclear(PQgetResult(first_held_back));
            PQsendQuery(first_held_back, "SELECT pg_logical_emit_message(true, 'test', '')");
        }
        pm_clock_sleep_ms(POLL_MS);
        assert_int_equal(PQconsumeInput(first_held_back), 1);
    } while (!is_held_back(connection, PQbackendPID(first_held_back)));
    PQfinish(connection);
}

static void let_commits_go(void)
{
    test_store_execute("ALTER SYSTEM RESET synchronous_standby_names");
    test_store_execute("SELECT pg_reload_conf()");
    for (PGresult *result; (result = PQgetResult(first_held_back)) != NULL;) {
        PQclear(result);
    }
    PQfinish(first_held_back);
    first_held_back = NULL;
}

void gate_close(enum gate gate)
{
    char text[64];
    if (gate == GATE_COMMITTED) {
        hold_back_commits();
        return;
    }
    if (keeper == NULL) {
        keeper = connect_to_server();
    }
    snprintf(text, sizeof text, "SELECT pg_advisory_lock(%d, 0)", gate);
    PQclear(say(keeper, text));
}

void gate_open(enum gate gate)
{
    char text[64];
    if (gate == GATE_COMMITTED) {
        let_commits_go();
        return;
    }
    snprintf(text, sizeof text, "SELECT pg_advisory_unlock(%d, 0)", gate);
    PQclear(say(keeper, text));
    PQfinish(keeper);
    keeper = NULL;
}

static bool find_waiting(PGconn *connection, enum gate gate, int backend, struct waiting *out)
{
    char text[512];
    if (gate == GATE_COMMITTED) {
        snprintf(text, sizeof text,
                 "SELECT pid, application_name FROM pg_stat_activity"
                 " WHERE wait_event = 'SyncRep' AND (%d = 0 OR pid = %d)",
                 backend, backend);
    } else {
        snprintf(text, sizeof text,
                 "SELECT pid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
                 " WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %d AND NOT granted"
                 " AND (%d = 0 OR pid = %d)",
                 gate, backend, backend);
    }
    PGresult *result = say(connection, text);
    const bool found = PQntuples(result) > 0;
    if (found) {
        out->backend = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
        snprintf(out->client, sizeof out->client, "%s", PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    return found;
}

struct waiting gate_wait(enum gate gate, int backend)
{
    struct waiting waiting = {0};
    PGconn *connection = connect_to_server();
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (!find_waiting(connection, gate, backend, &waiting)) {
        if (pm_clock_monotonic_ms() > until_ms) {
            fail_msg("nobody comes to gate %d", gate);
        }
        pm_clock_sleep_ms(POLL_MS);
    }
    PQfinish(connection);
    return waiting;
}

void backend_end(int backend)
{
    char text[64];
    snprintf(text, sizeof text, "SELECT pg_terminate_backend(%d)", backend);
    test_store_execute(text);
}

/* ---- the server ---- */

static pid_t server_pid(void)
{
    char *text;
    size_t length;
    assert_true(
        pm_file_read(getenv("POOLMINER_TEST_SERVER_PID"), STATUS_MAX, &text, &length, NULL));
    const pid_t pid = (pid_t)strtol(text, NULL, 10);
    free(text);
    assert_true(pid > 1);
    return pid;
}

/* 0 when there is no such process any more. */
static pid_t parent_of(pid_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    const char *end =
        file != NULL && fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    if (file != NULL) {
        fclose(file);
    }
    return end != NULL && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

static size_t children_of(pid_t parent, pid_t children[CHILDREN_MAX])
{
    DIR *directory = opendir("/proc");
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1 && parent_of(pid) == parent) {
            assert_true(count < CHILDREN_MAX);
            children[count++] = pid;
        }
    }
    closedir(directory);
    return count;
}

void postgres_sync(void)
{
    test_store_execute("ALTER SYSTEM SET fsync = on");
    test_store_execute("SELECT pg_reload_conf()");
}

void postgres_kill(void)
{
    pid_t children[CHILDREN_MAX];
    const pid_t server = server_pid();
    kill(server, SIGSTOP); /* it makes no more of them, nor looks after those that die */
    const size_t count = children_of(server, children);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        kill(children[i], SIGKILL);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0); /* if it is ours; else its parent looks after it */
}

pid_t postgres_start(void)
{
    const char *arguments[] = {"/bin/sh", "-c", getenv("POOLMINER_TEST_SERVER"), NULL};
    const struct pm_process_config config = {
        .arguments = arguments, .stdout_path = "/dev/null", .stderr_path = "/dev/null"};
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    pid_t server = 0;
    while (PQping(test_store_url()) != PQPING_OK) {
        int status;
        /* It refuses to start while one of the killed has not quite gone. */
        if ((server == 0 || pm_process_wait(server, 0, &status)) &&
            !pm_process_start(&config, &server, NULL)) {
            fail_msg("the server cannot be started");
        }
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(20);
    }
    return server;
}

void postgres_stop(pid_t server)
{
    int status;
    kill(server, SIGINT);
    assert_true(pm_process_wait(server, PATIENCE_MS, &status));
}
