#!/bin/bash
# Runs a command with a PostgreSQL server of its own, which listens on a socket in a new directory only:
#
#   with_postgres.sh COMMAND [ARGUMENT]...
#
# The command finds its URL in POOLMINER_TEST_STORE, and in POOLMINER_TEST_SERVER what starts the server again when it has killed it, whose
# process id is in the first line of POOLMINER_TEST_SERVER_PID. The server and all it wrote are gone afterwards. It does not wait for the disk until
# it is told to (ALTER SYSTEM SET fsync). Exit 77 when PostgreSQL is not installed. What root runs belongs to the user postgres, for the server refuses root.
set -euo pipefail

bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
if [[ ! -x $bin/postgres ]]; then
    echo "with_postgres.sh: PostgreSQL is not installed" >&2
    exit 77
fi

directory=$(mktemp -d /tmp/test_postgres_XXXXXX)
server=
finish() {
    if [[ -n $server ]]; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# The server ends with this script, however that ends.
owner=(setpriv --pdeathsig INT)
if ((EUID == 0)); then
    chown postgres "$directory"
    owner+=(--reuid postgres --regid postgres --clear-groups)
fi
"${owner[@]}" "$bin/initdb" -D "$directory/data" -U pool -A trust -E UTF8 --locale=C --no-sync >"$directory/initdb.log"
printf '%s\n' "fsync = off" "recovery_init_sync_method = syncfs" >>"$directory/data/postgresql.conf"
postgres=("${owner[@]}" "$bin/postgres" -D "$directory/data" -k "$directory" -c listen_addresses=
    -c max_connections=30 -c shared_buffers=16MB)
"${postgres[@]}" >"$directory/server.log" 2>&1 &
server=$!
for ((i = 0; i < 300; i++)); do
    if "$bin/pg_isready" -q -h "$directory"; then
        break
    fi
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$directory/server.log" >&2
        exit 1
    fi
    sleep 0.1
done

export POOLMINER_TEST_SERVER="exec ${postgres[*]}" POOLMINER_TEST_SERVER_PID=$directory/data/postmaster.pid
export POOLMINER_TEST_STORE="postgresql:///postgres?host=$directory&user=pool"
"$@"
