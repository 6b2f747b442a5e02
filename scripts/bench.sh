#!/bin/bash
# Runs every benchmark there is, each with settings that are over soon: a few minutes in all.
# `--shortest` only shows that they run; what it prints says nothing about the machine.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POOLMINER_BUILD_DIR:-$root/build}
all=(evaluate queue pool evolve)

usage() {
    cat <<'TEXT'
Usage: scripts/bench.sh [--shortest] [--json] [evaluate|queue|pool|evolve]...
  --shortest     as little of each as there can be: seconds in all
  --json         one JSON object a row instead of tables
  POOLMINER_BIN  a directory with built programs; without it they are built first
Without a name: all of them. More of each: poolminer bench --help.
TEXT
}

shortest=false json=() chosen=()
while (($# > 0)); do
    case $1 in
    --shortest) shortest=true ;;
    --json) json=(--json) ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        if [[ " ${all[*]} " != *" $1 "* ]]; then
            echo "bench.sh: there is no benchmark or option $1" >&2
            usage >&2
            exit 2
        fi
        chosen+=("$1")
        ;;
    esac
    shift
done
((${#chosen[@]} > 0)) || chosen=("${all[@]}")

if [[ -n ${POOLMINER_BIN:-} ]]; then
    bin=$(cd "$POOLMINER_BIN" && pwd)
else
    "$root/scripts/build.sh"
    bin=$build/bin
fi

declare -A short=(
    [evaluate]='--algorithms 100'
    [queue]='--clients 4 --seconds 1'
    [pool]='--seconds 3'
    [evolve]='--starts nothing --runs 3 --generations 20'
)
if $shortest; then
    short=(
        [evaluate]='--program linear'
        [queue]='--clients 2 --payload 100 --seconds 0.05 --backlog 100'
        [pool]='--store sqlite --miners 5 --seconds 0.1'
        [evolve]='--starts nothing --engines islands --runs 1 --generations 1'
    )
fi

for name in "${chosen[@]}"; do
    read -ra options <<<"${short[$name]}"
    ((${#json[@]} > 0)) || printf '\n== poolminer bench %s %s\n' "$name" "${options[*]}"
    "$bin/poolminer" bench "$name" "${json[@]}" "${options[@]}"
done
