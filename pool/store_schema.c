#include "pool/store_internal.h"

/* Migrations, in order; number n brings version n-1 to n. One that was ever released is never
 * changed: what it got wrong, a later one mends. */
struct migration {
    const char *script;
    bool only_sqlite; /* PostgreSQL has nothing to do */
};
static const struct migration migrations[] = {
    /* 1: the first schema */
    {"CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);"
     "CREATE TABLE miners ("
     "  hotkey TEXT PRIMARY KEY,"
     "  registered_ms BIGINT NOT NULL,"
     "  last_seen_ms BIGINT NOT NULL,"
     "  recipient_coldkey TEXT,"
     "  recipient_signed_s BIGINT NOT NULL DEFAULT 0,"
     "  reputation_total BIGINT NOT NULL DEFAULT 0,"
     "  evaluations_submitted BIGINT NOT NULL DEFAULT 0,"
     "  evaluations_finalised BIGINT NOT NULL DEFAULT 0,"
     "  evaluations_accurate BIGINT NOT NULL DEFAULT 0,"
     "  evolutions_submitted BIGINT NOT NULL DEFAULT 0,"
     "  evolutions_finalised BIGINT NOT NULL DEFAULT 0,"
     "  evolutions_over_threshold BIGINT NOT NULL DEFAULT 0,"
     "  best_score DOUBLE PRECISION NOT NULL DEFAULT 0);"
     "CREATE INDEX miners_seen ON miners(last_seen_ms);"

     "CREATE TABLE algorithms ("
     "  id BIGINT PRIMARY KEY,"
     "  digest TEXT NOT NULL UNIQUE,"
     "  dsl TEXT NOT NULL,"
     "  input_dim INTEGER NOT NULL,"
     "  author TEXT REFERENCES miners,"
     "  in_population INTEGER NOT NULL,"
     "  score DOUBLE PRECISION,"
     "  evaluation_count BIGINT NOT NULL DEFAULT 0,"
     "  created_ms BIGINT NOT NULL,"
     "  agreed_ms BIGINT NOT NULL DEFAULT 0,"
     "  verified_ms BIGINT NOT NULL DEFAULT 0);"
     "CREATE INDEX algorithms_waiting ON algorithms(evaluation_count DESC, id) WHERE agreed_ms = 0;"
     "CREATE INDEX algorithms_population ON algorithms(COALESCE(score, -1) DESC, id)"
     "  WHERE in_population = 1;"
     "CREATE INDEX algorithms_agreed ON algorithms(score DESC, id) WHERE agreed_ms > 0;"
     "CREATE TABLE parents ("
     "  algorithm_id BIGINT NOT NULL REFERENCES algorithms,"
     "  parent_id BIGINT NOT NULL REFERENCES algorithms,"
     "  PRIMARY KEY (algorithm_id, parent_id));"
     "CREATE TABLE evaluations ("
     "  algorithm_id BIGINT NOT NULL REFERENCES algorithms,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  score DOUBLE PRECISION NOT NULL,"
     "  submitted_ms BIGINT NOT NULL,"
     "  accurate INTEGER,"
     "  PRIMARY KEY (algorithm_id, hotkey));"

     "CREATE TABLE leases ("
     "  id TEXT PRIMARY KEY,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  kind INTEGER NOT NULL,"
     "  state INTEGER NOT NULL,"
     "  window_number BIGINT NOT NULL,"
     "  issued_ms BIGINT NOT NULL,"
     "  timeout_ms BIGINT NOT NULL,"
     "  evolve_budget INTEGER NOT NULL,"
     "  refused INTEGER NOT NULL DEFAULT 0,"
     "  submission_digest TEXT,"
     "  answer TEXT);"
     "CREATE UNIQUE INDEX leases_active ON leases(hotkey) WHERE state = 0;"
     "CREATE INDEX leases_due ON leases(timeout_ms) WHERE state = 0;"
     "CREATE INDEX leases_window ON leases(hotkey, window_number);"
     /* Only of live leases: rows go when the lease ends. */
     "CREATE TABLE assignments ("
     "  algorithm_id BIGINT NOT NULL REFERENCES algorithms,"
     "  lease_id TEXT NOT NULL REFERENCES leases,"
     "  PRIMARY KEY (algorithm_id, lease_id));"
     "CREATE INDEX assignments_lease ON assignments(lease_id);"

     "CREATE TABLE epochs ("
     "  number BIGINT PRIMARY KEY,"
     "  start_ms BIGINT NOT NULL,"
     "  end_ms BIGINT NOT NULL,"
     "  settled INTEGER NOT NULL DEFAULT 0,"
     "  settled_ms BIGINT NOT NULL DEFAULT 0,"
     "  reputation BIGINT NOT NULL DEFAULT 0,"
     "  budget_rao BIGINT NOT NULL DEFAULT 0,"
     "  paid_rao BIGINT NOT NULL DEFAULT 0,"
     "  pool_rao BIGINT NOT NULL DEFAULT 0);"
     /* The key is the promise that nothing is rewarded twice. */
     "CREATE TABLE rewards ("
     "  kind INTEGER NOT NULL,"
     "  algorithm_id BIGINT NOT NULL REFERENCES algorithms,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  epoch BIGINT NOT NULL REFERENCES epochs,"
     "  micro BIGINT NOT NULL,"
     "  booked_ms BIGINT NOT NULL,"
     "  PRIMARY KEY (kind, algorithm_id, hotkey));"
     "CREATE TABLE reputation ("
     "  epoch BIGINT NOT NULL REFERENCES epochs,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  micro BIGINT NOT NULL,"
     "  PRIMARY KEY (epoch, hotkey));"
     "CREATE INDEX reputation_rank ON reputation(epoch, micro DESC);"
     "CREATE TABLE payouts ("
     "  epoch BIGINT NOT NULL REFERENCES epochs,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  reputation BIGINT NOT NULL,"
     "  rao BIGINT NOT NULL,"
     "  PRIMARY KEY (epoch, hotkey));"
     "CREATE INDEX payouts_hotkey ON payouts(hotkey, epoch DESC);"
     "CREATE TABLE withdrawals ("
     "  id BIGINT PRIMARY KEY,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  rao BIGINT NOT NULL,"
     "  recipient_coldkey TEXT NOT NULL,"
     "  requested_ms BIGINT NOT NULL,"
     "  state INTEGER NOT NULL,"
     "  decided_ms BIGINT NOT NULL DEFAULT 0);"
     "CREATE UNIQUE INDEX withdrawals_pending ON withdrawals(hotkey) WHERE state = 0;"
     "CREATE INDEX withdrawals_hotkey ON withdrawals(hotkey);",
     false},
    /* 2: what a live lease gave to evolve from, so that it can be given again */
    {"CREATE TABLE lease_seeds ("
     "  lease_id TEXT NOT NULL REFERENCES leases,"
     "  place BIGINT NOT NULL,"
     "  algorithm_id BIGINT NOT NULL REFERENCES algorithms,"
     "  PRIMARY KEY (lease_id, place));",
     false},
    /* 3: a miner's results that earned nothing */
    {"CREATE INDEX evaluations_unpaid ON evaluations(hotkey) WHERE accurate = 0;"
     "CREATE INDEX algorithms_author ON algorithms(author) WHERE agreed_ms > 0;",
     false},
    /* 4: what a lease gave stands in its own row, as numbers with commas between; algorithms know
     * how many judge them, and their place in the population, so that neither has to be counted */
    {"ALTER TABLE leases ADD COLUMN work TEXT;"
     "ALTER TABLE leases ADD COLUMN seeds TEXT;"
     "UPDATE leases SET work = (WITH RECURSIVE held(last, list) AS ("
     "    SELECT CAST(0 AS BIGINT), CAST('' AS TEXT)"
     "    UNION ALL"
     "    SELECT a.algorithm_id,"
     "      held.list || CASE WHEN held.last = 0 THEN '' ELSE ',' END"
     "      || CAST(a.algorithm_id AS TEXT)"
     "    FROM held JOIN assignments a ON a.lease_id = leases.id AND a.algorithm_id ="
     "      (SELECT MIN(b.algorithm_id) FROM assignments b"
     "        WHERE b.lease_id = leases.id AND b.algorithm_id > held.last))"
     "  SELECT list FROM held ORDER BY last DESC LIMIT 1)"
     "  WHERE state = 0;"
     "UPDATE leases SET seeds = (WITH RECURSIVE given(last, list) AS ("
     "    SELECT CAST(-1 AS BIGINT), CAST('' AS TEXT)"
     "    UNION ALL"
     "    SELECT s.place,"
     "      given.list || CASE WHEN given.last < 0 THEN '' ELSE ',' END"
     "      || CAST(s.algorithm_id AS TEXT)"
     "    FROM given JOIN lease_seeds s ON s.lease_id = leases.id AND s.place = given.last + 1)"
     "  SELECT list FROM given ORDER BY last DESC LIMIT 1)"
     "  WHERE state = 0;"
     "ALTER TABLE algorithms ADD COLUMN engaged BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE algorithms ADD COLUMN is_open INTEGER NOT NULL DEFAULT 1;"
     "ALTER TABLE algorithms ADD COLUMN place BIGINT;"
     "UPDATE algorithms SET engaged = evaluation_count"
     "  + (SELECT COUNT(*) FROM assignments a WHERE a.algorithm_id = algorithms.id);"
     "UPDATE algorithms SET place = ranked.place FROM"
     "  (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS place FROM algorithms"
     "    WHERE in_population = 1) ranked"
     "  WHERE algorithms.id = ranked.id;"
     "INSERT INTO counters (name, value)"
     "  SELECT 'population', COUNT(*) FROM algorithms WHERE in_population = 1;"
     "CREATE UNIQUE INDEX algorithms_place ON algorithms(place) WHERE place IS NOT NULL;"
     "DROP INDEX algorithms_waiting;"
     "CREATE INDEX algorithms_waiting ON algorithms(id) WHERE agreed_ms = 0;"
     "CREATE INDEX algorithms_open ON algorithms(evaluation_count DESC, id)"
     "  WHERE agreed_ms = 0 AND is_open = 1;"
     "DROP TABLE assignments;"
     "DROP TABLE lease_seeds;",
     false},
    /* 5: what was earned stands with what earned it, parents with their child, and how many leases
     * a miner had in a window with the miner; there is no index in the order of chance any more
     * that another can stand in for. Judging twice fails the check. */
    {"ALTER TABLE evaluations ADD COLUMN reward_epoch BIGINT REFERENCES epochs;"
     "ALTER TABLE evaluations ADD COLUMN reward_micro BIGINT NOT NULL DEFAULT 0"
     "  CHECK (accurate IN (0, 1));"
     "ALTER TABLE algorithms ADD COLUMN reward_epoch BIGINT REFERENCES epochs;"
     "ALTER TABLE algorithms ADD COLUMN reward_micro BIGINT NOT NULL DEFAULT 0"
     "  CHECK (agreed_ms >= 0);"
     "ALTER TABLE algorithms ADD COLUMN parents TEXT;"
     "ALTER TABLE miners ADD COLUMN lease_window BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE miners ADD COLUMN lease_count BIGINT NOT NULL DEFAULT 0;"
     "UPDATE evaluations SET reward_epoch = r.epoch, reward_micro = r.micro FROM rewards r"
     "  WHERE r.kind = 0 AND r.algorithm_id = evaluations.algorithm_id"
     "    AND r.hotkey = evaluations.hotkey;"
     "UPDATE algorithms SET reward_epoch = r.epoch, reward_micro = r.micro FROM rewards r"
     "  WHERE r.kind = 1 AND r.algorithm_id = algorithms.id;"
     "UPDATE algorithms SET parents = (WITH RECURSIVE known(last, list) AS ("
     "    SELECT CAST(0 AS BIGINT), CAST('' AS TEXT)"
     "    UNION ALL"
     "    SELECT p.parent_id,"
     "      known.list || CASE WHEN known.last = 0 THEN '' ELSE ',' END"
     "      || CAST(p.parent_id AS TEXT)"
     "    FROM known JOIN parents p ON p.algorithm_id = algorithms.id AND p.parent_id ="
     "      (SELECT MIN(q.parent_id) FROM parents q"
     "        WHERE q.algorithm_id = algorithms.id AND q.parent_id > known.last))"
     "  SELECT list FROM known ORDER BY last DESC LIMIT 1);"
     "UPDATE miners SET lease_window = (SELECT COALESCE(MAX(l.window_number), 0) FROM leases l"
     "  WHERE l.hotkey = miners.hotkey AND l.kind = 0);"
     "UPDATE miners SET lease_count = (SELECT COUNT(*) FROM leases l WHERE l.kind = 0"
     "  AND l.hotkey = miners.hotkey AND l.window_number = miners.lease_window);"
     "DROP TABLE rewards;"
     "DROP TABLE parents;"
     "DROP INDEX leases_window;"
     "DROP INDEX algorithms_agreed;"
     "DROP INDEX algorithms_author;"
     "CREATE INDEX algorithms_unpaid ON algorithms(author)"
     "  WHERE agreed_ms > 0 AND reward_micro = 0;",
     false},
    /* 6: SQLite keeps the rows of these in the order of their keys, instead of beside them */
    {"DROP INDEX algorithms_population;"
     "DROP INDEX algorithms_place;"
     "DROP INDEX algorithms_waiting;"
     "DROP INDEX algorithms_open;"
     "DROP INDEX algorithms_unpaid;"
     "DROP INDEX evaluations_unpaid;"
     "DROP INDEX leases_active;"
     "DROP INDEX leases_due;"
     "DROP INDEX reputation_rank;"
     "ALTER TABLE algorithms RENAME TO old_algorithms;"
     "CREATE TABLE algorithms ("
     "  id INTEGER PRIMARY KEY,"
     "  digest TEXT NOT NULL UNIQUE,"
     "  dsl TEXT NOT NULL,"
     "  input_dim INTEGER NOT NULL,"
     "  author TEXT REFERENCES miners,"
     "  in_population INTEGER NOT NULL,"
     "  score REAL,"
     "  evaluation_count INTEGER NOT NULL DEFAULT 0,"
     "  created_ms INTEGER NOT NULL,"
     "  agreed_ms INTEGER NOT NULL DEFAULT 0 CHECK (agreed_ms >= 0),"
     "  verified_ms INTEGER NOT NULL DEFAULT 0,"
     "  engaged INTEGER NOT NULL DEFAULT 0,"
     "  is_open INTEGER NOT NULL DEFAULT 1,"
     "  place INTEGER,"
     "  reward_epoch INTEGER REFERENCES epochs,"
     "  reward_micro INTEGER NOT NULL DEFAULT 0,"
     "  parents TEXT);"
     "INSERT INTO algorithms SELECT id, digest, dsl, input_dim, author, in_population, score,"
     "  evaluation_count, created_ms, agreed_ms, verified_ms, engaged, is_open, place,"
     "  reward_epoch, reward_micro, parents FROM old_algorithms ORDER BY id;"
     "ALTER TABLE evaluations RENAME TO old_evaluations;"
     "CREATE TABLE evaluations ("
     "  algorithm_id INTEGER NOT NULL REFERENCES algorithms,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  score REAL NOT NULL,"
     "  submitted_ms INTEGER NOT NULL,"
     "  accurate INTEGER CHECK (accurate IN (0, 1)),"
     "  reward_epoch INTEGER REFERENCES epochs,"
     "  reward_micro INTEGER NOT NULL DEFAULT 0,"
     "  PRIMARY KEY (algorithm_id, hotkey)) WITHOUT ROWID;"
     "INSERT INTO evaluations SELECT algorithm_id, hotkey, score, submitted_ms, accurate,"
     "  reward_epoch, reward_micro FROM old_evaluations ORDER BY algorithm_id, hotkey;"
     "ALTER TABLE leases RENAME TO old_leases;"
     "CREATE TABLE leases ("
     "  id TEXT PRIMARY KEY NOT NULL,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  kind INTEGER NOT NULL,"
     "  state INTEGER NOT NULL,"
     "  window_number INTEGER NOT NULL,"
     "  issued_ms INTEGER NOT NULL,"
     "  timeout_ms INTEGER NOT NULL,"
     "  evolve_budget INTEGER NOT NULL,"
     "  refused INTEGER NOT NULL DEFAULT 0,"
     "  submission_digest TEXT,"
     "  answer TEXT,"
     "  work TEXT,"
     "  seeds TEXT) WITHOUT ROWID;"
     "INSERT INTO leases SELECT id, hotkey, kind, state, window_number, issued_ms, timeout_ms,"
     "  evolve_budget, refused, submission_digest, answer, work, seeds FROM old_leases ORDER BY id;"
     "ALTER TABLE reputation RENAME TO old_reputation;"
     "CREATE TABLE reputation ("
     "  epoch INTEGER NOT NULL REFERENCES epochs,"
     "  hotkey TEXT NOT NULL REFERENCES miners,"
     "  micro INTEGER NOT NULL,"
     "  PRIMARY KEY (epoch, hotkey)) WITHOUT ROWID;"
     "INSERT INTO reputation SELECT epoch, hotkey, micro FROM old_reputation"
     "  ORDER BY epoch, hotkey;"
     "DROP TABLE old_reputation;"
     "DROP TABLE old_leases;"
     "DROP TABLE old_evaluations;"
     "DROP TABLE old_algorithms;"
     "CREATE INDEX algorithms_population ON algorithms(COALESCE(score, -1) DESC, id)"
     "  WHERE in_population = 1;"
     "CREATE UNIQUE INDEX algorithms_place ON algorithms(place) WHERE place IS NOT NULL;"
     "CREATE INDEX algorithms_waiting ON algorithms(id) WHERE agreed_ms = 0;"
     "CREATE INDEX algorithms_open ON algorithms(evaluation_count DESC, id)"
     "  WHERE agreed_ms = 0 AND is_open = 1;"
     "CREATE INDEX algorithms_unpaid ON algorithms(author)"
     "  WHERE agreed_ms > 0 AND reward_micro = 0;"
     "CREATE INDEX evaluations_unpaid ON evaluations(hotkey) WHERE accurate = 0;"
     "CREATE UNIQUE INDEX leases_active ON leases(hotkey) WHERE state = 0;"
     "CREATE INDEX leases_due ON leases(timeout_ms) WHERE state = 0;"
     "CREATE INDEX reputation_rank ON reputation(epoch, micro DESC);",
     true},
    /* 7: the rewards, each once, as a list */
    {"CREATE VIEW rewards (kind, algorithm_id, hotkey, epoch, micro, booked_ms) AS"
     "  SELECT 0, e.algorithm_id, e.hotkey, e.reward_epoch, e.reward_micro,"
     "    CASE WHEN e.submitted_ms > a.agreed_ms THEN e.submitted_ms ELSE a.agreed_ms END"
     "  FROM evaluations e JOIN algorithms a ON a.id = e.algorithm_id WHERE e.reward_micro <> 0"
     "  UNION ALL"
     "  SELECT 1, id, author, reward_epoch, reward_micro, agreed_ms FROM algorithms"
     "  WHERE reward_micro <> 0;",
     false},
    /* 8: the rules that the store's pools go by; and the leases of the window that runs counted
     * anew, of which 5 had taken those of one kind only */
    {"CREATE TABLE rules (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);"
     "UPDATE miners SET lease_window = counted.window_number, lease_count = counted.leases"
     "  FROM (SELECT hotkey, window_number, COUNT(*) AS leases FROM leases"
     "    WHERE window_number = (SELECT MAX(number) FROM epochs)"
     "    GROUP BY hotkey, window_number) counted"
     "  WHERE counted.hotkey = miners.hotkey;",
     false},
};

enum { VERSION = sizeof migrations / sizeof *migrations };

static bool fail_newer(int64_t version, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_REFUSED,
                   "store: written by a newer poolminer-pool (schema %lld, this one knows %d);"
                   " run that one, or choose another --store",
                   (long long)version, (int)VERSION);
}

static bool read_version(struct pm_sql *sql, int64_t *version, struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(sql, "SELECT COALESCE(MAX(version), 0) FROM schema_versions",
                                 PM_SQL_NO_VALUES, version, &found, error);
}

bool pm_store_check_version(struct pm_sql *sql, struct pm_error *error)
{
    int64_t version = 0;
    if (!read_version(sql, &version, error)) {
        return pm_fail_context(error, "no pool has its books here, or they cannot be read");
    }
    if (version > VERSION) {
        return fail_newer(version, error);
    }
    return version == VERSION ||
           pm_fail(error, PM_ERROR_REFUSED,
                   "store: written by an older poolminer-pool (schema %lld, this one works with"
                   " %d), and left as it is, for that one may be running; use its admin, or start"
                   " this pool on the store, which brings it up to date",
                   (long long)version, (int)VERSION);
}

static bool migrate_from(struct pm_sql *sql, int64_t version, struct pm_error *error)
{
    if (version > VERSION) {
        return fail_newer(version, error);
    }
    for (int64_t next = version; next < VERSION; next++) {
        const struct migration *migration = &migrations[next];
        if ((!migration->only_sqlite || pm_sql_is_sqlite(sql)) &&
            !pm_sql_script(sql, migration->script, error)) {
            return pm_fail_context(error, "migration %lld", (long long)next + 1);
        }
        if (!pm_sql_execute(sql, "INSERT INTO schema_versions (version) VALUES ($1)",
                            PM_SQL_VALUES(pm_sql_integer(next + 1)), error)) {
            return false;
        }
    }
    return true;
}

bool pm_store_migrate(struct pm_sql *sql, struct pm_error *error)
{
    int64_t version = 0;
    if (!pm_sql_begin(sql, error)) {
        return false;
    }
    bool ok = pm_sql_script(
                  sql, "CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)",
                  error) &&
              read_version(sql, &version, error) && migrate_from(sql, version, error);
    if (ok) {
        return pm_sql_commit(sql, error);
    }
    pm_sql_rollback(sql);
    return false;
}
