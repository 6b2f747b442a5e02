#!/bin/bash
# Types every command that stands in an indented block of README.md and docs/, against the programs of
# this build: on free ports of this machine instead of the usual ones and of other machines. A
# command that this test does not type fails it, and so does one that no page has any more. What
# systemd and CMake are asked is only looked for: the one needs a session, the other is how this
# build came to be.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
export HOME=$work/home PATH=$POOLMINER_BIN:$PATH
unset XDG_DATA_HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_CACHE_HOME DISPLAY WAYLAND_DISPLAY BROWSER
mkdir -p "$HOME/.local/state/poolminer"
started=()
end_all() {
    ((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true
    wait || true
}
trap 'end_all; rm -rf "$work"' EXIT

fail() {
    echo "pages.sh: $1" >&2
    tail -n 20 "$work"/*.log >&2
    exit 1
}

wait_for() { # FILE TEXT: until TEXT is in FILE
    for ((i = 0; i < 600; i++)); do
        grep -qF -- "$2" "$1" 2>/dev/null && return
        sleep 0.1
    done
    fail "no \"$2\" in ${1##*/}"
}

# shellcheck source=tests/end_to_end/free_port.sh
source "$POOLMINER_ROOT/tests/end_to_end/free_port.sh"

find README.md docs -name '*.md' ! -name options.md -exec cat {} + |
    awk '/\\$/ { sub(/\\$/, ""); printf "%s", $0; next } 1' | grep -E '^    [a-z]' |
    sed 's/^ *//; s/  */ /g' |
    grep -E '^(poolminer|build/bin/|scripts/|cd |kill |systemctl |cmake |ninja |ctest |mkdir |ln |cp )' |
    sort -u >"$work/found"
: >"$work/typed"

pool_port=$(free_port "$work")
sidecar_port=$(free_port "$work")
other_port=$(free_port "$work")
page_port=$(free_port "$work")

here() { # the command as it stands in the page -> as it is typed here
    local command=${1%&}
    echo "$1" >>"$work/typed"
    command=${command//8123/$sidecar_port}
    command=${command//8124/$other_port}
    command=${command//8434/$pool_port}
    command=${command//8435/$pool_port}
    command=${command//http-port $other_port/http-port $page_port}
    command=${command//192.168.1.21:$sidecar_port/127.0.0.1:$other_port}
    command=${command//192.168.1.2[01]/127.0.0.1}
    command=${command//https:\/\/pool.example/http://127.0.0.1:$pool_port}
    command=${command//\~/$HOME}
    echo "$command"
}

begin() { # NAME COMMAND: in the background, its output in NAME.log
    local words
    read -ra words <<<"$(here "$2")"
    "${words[@]}" >"$work/$1.log" 2>&1 &
    started+=("$!")
}

finish() { # all that was begun, as Ctrl-C would: each is still there, and ends well
    local pid
    for pid in "${started[@]}"; do
        kill -INT "$pid" || fail "a program of these has ended by itself"
    done
    for pid in "${started[@]}"; do
        wait "$pid" || fail "a program ended badly"
    done
    started=()
}

run() { # COMMAND: to its end, which must be good
    local words
    read -ra words <<<"$(here "$1")"
    "${words[@]}" >"$work/run.log" 2>&1 || fail "$1"
}

# ---- a miner at a pool ----

export POOLMINER_POOL_ENDPOINT=http://127.0.0.1:$pool_port POOLMINER_HTTP_PORT=0
export POOLMINER_GENERATIONS=5 POOLMINER_EVOLVE_MAX_SECONDS=5
begin pool 'poolminer-pool --host 127.0.0.1 --port 8434'
wait_for "$work/pool.log" POOL-LISTENING
POOLMINER_SIDECAR_PORT=$sidecar_port \
    begin mine 'poolminer mine --log-file ~/.local/state/poolminer/mine.log'
wait_for "$HOME/.local/state/poolminer/mine.log" WORKER-
run 'poolminer pause'
run 'poolminer resume'
run 'poolminer resume --anyway'
run 'poolminer-pool admin payouts list'
for decision in approve:17 reject:18; do
    verb=${decision%:*} number=${decision#*:}
    if poolminer-pool admin payouts "$verb" "$number" 2>"$work/admin.log"; then
        fail "a withdrawal that nobody asked for"
    fi
    grep -q "$number" "$work/admin.log" || fail "admin payouts $verb $number"
    echo "poolminer-pool admin payouts $verb $number" >>"$work/typed"
done
poolminer-pool admin export payouts csv >"$work/payouts.csv"
[[ -s $work/payouts.csv ]] || fail "no table of payouts"
echo 'poolminer-pool admin export payouts csv > payouts.csv' >>"$work/typed"
finish

# ---- the page, and a sidecar by hand ----

POOLMINER_SIDECAR_PORT=$sidecar_port begin gui 'poolminer gui'
wait_for "$work/gui.log" http://127.0.0.1:
finish
POOLMINER_SIDECAR_PORT=$sidecar_port begin mine 'poolminer mine'
wait_for "$work/mine.log" "Your key is"
finish
POOLMINER_SIDECAR_PORT=$other_port begin sidecar \
    'poolminer-sidecar --http-port 8124 --history ~/.local/state/poolminer/history.db'
wait_for "$work/sidecar.log" "SIDECAR-PAGE http://127.0.0.1:$page_port/"
begin worker 'poolminer-worker --sidecar-url tcp://127.0.0.1:8123 --sidecar-url tcp://127.0.0.1:8124'
wait_for "$work/worker.log" WORKER-START
finish

# ---- practice ----

cd "$work"
begin pool 'poolminer-pool --port 8435 --quorum 1 --epoch-s 60 --store practice.db'
wait_for "$work/pool.log" POOL-LISTENING
POOLMINER_SIDECAR_PORT=0 begin one \
    'poolminer mine --pool-url http://127.0.0.1:8435 --data-dir one --hotkey-file one/hotkey --evolve-max-seconds 10'
begin two 'poolminer mine --pool-url http://127.0.0.1:8435 --data-dir two --hotkey-file two/hotkey --sidecar-port 0 --evolve-max-seconds 10'
wait_for "$work/one.log" "Your key is"
wait_for "$work/two.log" "Your key is"
export POOLMINER_DATA_DIR=one
for ((i = 0; i < 240; i++)); do # until the miner has figures, which the estimate is from
    if poolminer estimate pool >"$work/run.log" 2>&1; then
        break
    fi
    sleep 0.5
done
run 'poolminer estimate pool'
run 'poolminer estimate pool --tao-price 300 --watts 45 --price-per-kwh 0.4'
unset POOLMINER_DATA_DIR
finish

# ---- other machines ----

run 'poolminer keys create'
run 'poolminer keys authorize here'
run 'poolminer keys authorize attic'
cd "$(here 'cd ~/.local/share/poolminer/keys' | sed 's/^cd //')"
begin sidecar 'poolminer-sidecar --host 0.0.0.0 --port 8123 --keys . &'
wait_for "$work/sidecar.log" SIDECAR-LISTENING
begin here 'poolminer-worker --sidecar-url tcp://127.0.0.1:8123 --key-file here.client.key &'
begin driver 'poolminer-driver --pool-url https://pool.example --sidecar-url tcp://127.0.0.1:8123 --key-file here.client.key'
begin attic 'poolminer-worker --sidecar-url tcp://192.168.1.20:8123 --key-file attic.client.key'
begin both 'poolminer-worker --sidecar-url tcp://192.168.1.20:8123 --sidecar-url tcp://192.168.1.21:8123 --key-file attic.client.key'
for name in here attic both; do
    wait_for "$work/$name.log" WORKER-START
done
wait_for "$work/driver.log" DRIVER-
finish

# ---- what is measured, for a moment ----

cd "$POOLMINER_ROOT"
echo 'poolminer bench queue --clients 16 --payload 1024' >>"$work/typed"
poolminer bench queue --clients 16 --payload 1024 --seconds 0.02 --backlog 10 >"$work/run.log" 2>&1 ||
    fail 'bench queue'

grep -vE '^(systemctl|cmake|ninja|ctest|mkdir|ln|cp) ' "$work/found" >"$work/expected"
sort -u "$work/typed" | diff "$work/expected" - >"$work/difference" || {
    echo "pages.sh: < is in a page and not typed here, > is typed here and in no page" >&2
    cat "$work/difference" >&2
    exit 1
}
echo "pages.sh: $(wc -l <"$work/expected") commands typed"
