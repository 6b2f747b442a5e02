#!/bin/bash
# Compares the self test's hash (docs/selftest.md) across compilers, optimisation, numbers of threads
# and SIMD levels. Some minutes; build trees are kept in DIRECTORY for the next time. --short looks
# only at what the test runs of Release builds do not: no optimisation.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    echo "Usage: scripts/check-agreement.sh [--short] [DIRECTORY]"
    echo "  --short    only builds without optimisation, and 2 threads"
    echo "  DIRECTORY  for build trees; by default build-agreement below the checkout"
}

short=false
trees=$root/build-agreement
for argument in "$@"; do
    case $argument in
    --short) short=true ;;
    --help | -h)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *) trees=$argument ;;
    esac
done
mkdir -p "$trees"

build() { # tree, compiler, flags
    if ! {
        CC=$2 cmake -G Ninja -S "$root" -B "$trees/$1" -DCMAKE_BUILD_TYPE=None \
            -DCMAKE_C_FLAGS="$3" -DPM_TESTS=OFF && ninja -C "$trees/$1" --quiet poolminer
    } >"$trees/$1.log" 2>&1; then
        cat "$trees/$1.log"
        return 1
    fi
}

failed=0
check() { # tree, threads
    if ! "$trees/$1/bin/poolminer" selftest --threads "$2" >"$trees/result.log"; then
        printf '%s with %d threads:\n' "$1" "$2"
        cat "$trees/result.log"
        failed=1
    fi
}

optimisations=(-O0 -O3 "-O3 -march=native")
counts=(1 2 8)
if $short; then
    optimisations=(-O0)
    counts=(2)
fi
for compiler in gcc clang; do
    for flags in "${optimisations[@]}"; do
        name=$compiler${flags// /}
        build "$name" "$compiler" "$flags"
        for threads in "${counts[@]}"; do
            check "$name" "$threads"
        done
        echo "$name: $(head -n 1 "$trees/result.log")"
    done
done
if ! $short; then
    for threads in 3 4 5 6 7; do
        check gcc-O3 "$threads"
    done
fi
((failed == 0)) && echo "all agree"
exit "$failed"
