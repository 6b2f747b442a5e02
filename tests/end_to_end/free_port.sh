# shellcheck shell=bash
# To be sourced. Needs POOLMINER_BIN.

free_port() { # directory for its files; the kernel's choice is as good as ours, and a pool tells it
    local pid port
    rm -f "$1/free.ready"
    "$POOLMINER_BIN/poolminer-pool" --port 0 --store "$1/free.db" --ready-file "$1/free.ready" \
        2>"$1/free.log" &
    pid=$!
    for ((i = 0; i < 300; i++)); do
        [[ -f $1/free.ready ]] && break
        sleep 0.1
    done
    port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$1/free.ready")
    kill "$pid"
    wait "$pid" || true
    echo "$port"
}
