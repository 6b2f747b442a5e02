#!/bin/bash
# scripts/smoke.sh with programs under valgrind: from their start through jobs, results, records,
# status and logs to SIGTERM they read and free nothing that they should not, and leave nothing
# behind. Once all four; beside it the sidecar alone, over PostgreSQL and with encrypted connections.
# Likewise the broker and the thread that syncs, in syncs that last and in syncs that fail.
set -euo pipefail
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
memcheck="valgrind --leak-check=full --show-leak-kinds=definite,indirect \
--errors-for-leak-kinds=definite,indirect"

wrap() { # directory, program, what goes before it, what goes behind its arguments
    cat >"$1/$2" <<TEXT
#!/bin/sh
exec $3 "$POOLMINER_BIN/$2" "\$@" $4
TEXT
    chmod +x "$1/$2"
}

# A lease that was taken in time may take as long as a busy machine needs.
smoke() { # directory of wrapped programs, seconds
    POOLMINER_GENERATIONS=3 POOLMINER_EVOLVE_MAX_SECONDS=1 POOLMINER_GRACE_S=120 \
        POOLMINER_BIN=$1 "$POOLMINER_ROOT/scripts/smoke.sh" --duration-s "$2"
}

judge() { # logs
    local log
    for log; do
        # Without this line it did not come to its end.
        if ! grep -q 'ERROR SUMMARY: 0 errors' "$log"; then
            cat "$log" >&2
            return 1
        fi
        echo "$(basename "$log"): $(sed -n 's/.*\(total heap usage.*\)/\1/p' "$log")"
    done
}

all_four() { # directory
    local program
    # What a worker keeps of its tasks is there: making it takes valgrind longer than all the rest.
    # And it is not to start itself anew, which valgrind would not follow.
    XDG_CACHE_HOME=$1/cache "$POOLMINER_BIN/poolminer" evolve --generations 1 \
        --seed-algorithm "$POOLMINER_ROOT/pool/seeds/linear.txt" >/dev/null 2>&1
    for program in pool sidecar driver; do
        wrap "$1" "poolminer-$program" "$memcheck --log-file=$1/$program.log" ""
    done
    wrap "$1" poolminer-worker "env XDG_CACHE_HOME=$1/cache OMP_WAIT_POLICY=passive \
        $memcheck --log-file=$1/worker.log" ""
    smoke "$1" 10
    judge "$1"/{pool,sidecar,worker,driver}.log
}

fleet_sidecar() { # directory
    "$POOLMINER_BIN/poolminer" keys create --keys "$1/keys" >/dev/null
    "$POOLMINER_BIN/poolminer" keys authorize smoke --keys "$1/keys" >/dev/null
    local program client="--key-file $1/keys/smoke.client.key"
    ln -s "$POOLMINER_BIN/poolminer-pool" "$1/poolminer-pool"
    for program in worker driver; do
        wrap "$1" "poolminer-$program" "" "$client"
    done
    wrap "$1" poolminer-sidecar "$memcheck --log-file=$1/sidecar-fleet.log" \
        "--keys $1/keys --store '$POOLMINER_TEST_STORE'"
    smoke "$1" 5
    judge "$1/sidecar-fleet.log"
}

if [[ ${1:-} == fleet ]]; then
    fleet_sidecar "$2"
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/all" "$work/fleet"
all_four "$work/all" >"$work/all.out" 2>&1 &
all=$!
status=0
"$POOLMINER_ROOT/tests/pool/with_postgres.sh" "${BASH_SOURCE[0]}" fleet "$work/fleet" || status=$?
wait "$all" || status=1
cat "$work/all.out"
valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    "$POOLMINER_BIN/../tests/test_sidecar_sync" || status=1
exit "$status"
