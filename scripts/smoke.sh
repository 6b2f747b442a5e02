#!/bin/bash
# The headless launch of three programs against a local pool, each by itself, with the options that the
# guide gives; then checks that submissions succeeded. Files go to a temporary directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POOLMINER_BUILD_DIR:-$root/build}

usage() {
    cat <<'TEXT'
Usage: scripts/smoke.sh [--duration-s N] [--pool-port PORT] [--sidecar-port PORT]
  --duration-s N       how long the driver takes work [30]
  --pool-port PORT     where the pool listens; 0: a free port [0]
  --sidecar-port PORT  where the sidecar listens; 0: a free port [0]
  POOLMINER_BIN        a directory with built programs; without it they are built first
Settings of the programs go through the environment, e.g. POOLMINER_GENERATIONS=5.
TEXT
}

duration_s=30 pool_port=0 sidecar_port=0
while (($# > 0)); do
    case $1 in
    --duration-s | --pool-port | --sidecar-port)
        if [[ ! ${2:-} =~ ^[0-9]+$ ]]; then
            echo "smoke.sh: $1 needs a whole number" >&2
            exit 2
        fi
        name=${1#--}
        printf -v "${name//-/_}" '%s' "$2"
        shift 2
        ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        echo "smoke.sh: unknown option $1" >&2
        usage >&2
        exit 2
        ;;
    esac
done

if [[ -n ${POOLMINER_BIN:-} ]]; then
    bin=$(cd "$POOLMINER_BIN" && pwd)
else
    "$root/scripts/build.sh"
    bin=$build/bin
fi
export PATH=$bin:$PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/poolminer-smoke-XXXXXX")
# Everything the programs keep by themselves (key, queue, ledger, tasks) goes here.
export XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
export XDG_CACHE_HOME=$work/cache
started=()
stop_all() {
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${started[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop_all EXIT
# Bash waits for the program in the foreground, which gets the signal too, before it acts on this.
trap 'echo "smoke.sh: stopped" >&2; exit 130' INT TERM HUP QUIT

fail() {
    echo "smoke.sh: FAILED: $1" >&2
    for log in "$work"/*.log; do
        echo "---- $(basename "$log")" >&2
        tail -n 30 "$log" >&2
    done
    exit 1
}

launch() { # name, program and its options
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 &
    started+=("$!")
}

member() { # file, name of a number in it
    sed -n "s/.*\"$2\":\([0-9-]*\).*/\1/p" "$1" | head -n 1
}

wait_ready() { # name; prints the port
    for ((i = 0; i < 300; i++)); do
        if [[ -f $work/$1.ready ]]; then
            member "$work/$1.ready" port
            return 0
        fi
        sleep 0.1
    done
    fail "the $1 did not get ready"
}

launch pool poolminer-pool --host 127.0.0.1 --port "$pool_port" --ready-file "$work/pool.ready"
pool_port=$(wait_ready pool)
launch sidecar poolminer-sidecar --host 127.0.0.1 --port "$sidecar_port" \
    --ready-file "$work/sidecar.ready"
sidecar_port=$(wait_ready sidecar)
launch worker poolminer-worker --sidecar-url "tcp://127.0.0.1:$sidecar_port" --run-id pool_smoke \
    --workers 1
echo "pool on port $pool_port, sidecar on port $sidecar_port; mining for $duration_s s" >&2
poolminer-driver --pool-url "http://127.0.0.1:$pool_port" \
    --sidecar-url "tcp://127.0.0.1:$sidecar_port" --run-id pool_smoke --duration-s "$duration_s" \
    --summary "$work/summary.json" >"$work/driver.log" 2>&1 || fail "the driver ended with status $?"

[[ -f $work/summary.json ]] || fail "the driver wrote no summary"
accepted=$(member "$work/summary.json" submissions_accepted)
refused=$(member "$work/summary.json" submissions_refused)
evaluations=$(member "$work/summary.json" evaluations_submitted)
((${accepted:-0} > 0)) || fail "no submission was accepted by the pool"
((${refused:-0} == 0)) || fail "$refused submissions were refused by the pool"
((${evaluations:-0} > 0)) || fail "no evaluation was submitted"

# One request by hand, so that nothing else need be installed.
exec 3<>"/dev/tcp/127.0.0.1/$pool_port" || fail "the pool does not answer any more"
printf 'GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
health=$(cat <&3)
exec 3>&-
[[ $health == *'"status":"healthy"'* ]] || fail "the pool is not healthy: $health"
for pid in "${started[@]}"; do
    kill -0 "$pid" 2>/dev/null || fail "a program ended by itself"
done
echo "smoke.sh: passed: $accepted submissions accepted, $evaluations evaluations"
