#!/bin/bash
# Every check there is, as CI runs them: formatting, lint, builds by gcc and clang with warnings as
# errors, all tests in a Release build and again under AddressSanitizer and UBSan. Build trees are kept
# (build-release, build-sanitize, build-clang, below $POOLMINER_TEST_DIR if that is set), so that a
# second run only does what changed. `scripts/test.sh release` runs one part only.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
trees=${POOLMINER_TEST_DIR:-$root}
jobs=$(nproc)

usage() {
    echo "Usage: scripts/test.sh [deps|format|lint|clang|release|sanitize]..."
    echo "  Without arguments: all of them, in this order."
}

section() {
    printf '\n== %s (%d s)\n' "$1" "$SECONDS"
}

# Files of the project by pattern, below the root; build trees and hidden directories have none.
sources() {
    (cd "$root" && find . -path './build*' -prune -o -path './.?*' ! -path './.ci*' -prune -o \
        -type f -name "$1" -print | sed 's,^\./,,' | sort)
}

configure() { # tree, cmake options
    local tree=$trees/$1
    shift
    mkdir -p "$tree"
    cmake -G Ninja -S "$root" -B "$tree" -DPM_WERROR=ON "$@" >"$tree/cmake.log" 2>&1 || {
        cat "$tree/cmake.log"
        return 1
    }
}

build() { # tree
    ninja -C "$trees/$1" -j "$jobs" -k 0 --quiet
}

check_deps() {
    "$root/scripts/install-deps.sh" --test
}

check_format() {
    cd "$root"
    sources '*.[ch]' | xargs -r clang-format --dry-run -Werror
    { sources '*.sh' && echo .ci/run; } | xargs -r shellcheck
}

# A file that passed is not looked at again before it, a header or the rules change.
lint_file() { # file
    local stamp=$STAMPS/${1//\//_}
    if [[ $stamp -nt $1 && $stamp -nt $NEWEST ]]; then
        return 0
    fi
    grep -qF "\"file\": \"$PWD/$1\"" "$TREE/compile_commands.json" || return 0
    clang-tidy --quiet -p "$TREE" "$1" 2>/dev/null && touch "$stamp"
}

check_lint() {
    configure build-release -DCMAKE_BUILD_TYPE=Release
    cd "$root"
    export -f lint_file
    export TREE=$trees/build-release STAMPS=$trees/build-release/lint NEWEST
    NEWEST=$( (sources '*.h' && echo .clang-tidy) | xargs stat -c '%Y %n' | sort -n | tail -n 1)
    NEWEST=${NEWEST#* }
    mkdir -p "$STAMPS"
    # shellcheck disable=SC2016 # "$1" is for the inner shell
    sources '*.c' | xargs -r -P "$jobs" -I{} bash -c 'lint_file "$1"' lint {}
}

check_clang() {
    CC=clang configure build-clang -DCMAKE_BUILD_TYPE=Release
    build build-clang
}

run_tests() { # tree
    ctest --test-dir "$trees/$1" --output-on-failure -j "$jobs" --no-tests=error 2>&1 |
        tee "$trees/$1/ctest.log"
}

check_release() {
    configure build-release -DCMAKE_BUILD_TYPE=Release
    build build-release
    run_tests build-release
}

check_sanitize() {
    # Sanitizers make gcc warn of truncations that cannot be: warnings are judged by the other builds.
    configure build-sanitize -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-g -O1" \
        -DPM_SANITIZE=ON -DPM_WERROR=OFF
    build build-sanitize
    export ASAN_OPTIONS=strict_string_checks=1
    export UBSAN_OPTIONS=print_stacktrace=1
    run_tests build-sanitize
}

if [[ ${1:-} == --part ]]; then
    "check_$2"
    exit
fi

parts=("$@")
if ((${#parts[@]} == 0)); then
    parts=(deps format lint clang release sanitize)
fi
for part in "${parts[@]}"; do
    if [[ $(type -t "check_$part") != function ]]; then
        usage >&2
        exit 2
    fi
done
mkdir -p "$trees"
rm -f "$trees"/build-*/ctest.log
failed=()
for part in "${parts[@]}"; do
    section "$part"
    # A shell of its own: errexit would be off inside a function that is called with `||`.
    "${BASH_SOURCE[0]}" --part "$part" || failed+=("$part")
done

section "done"
if ((${#failed[@]} > 0)); then
    echo "failed: ${failed[*]}"
fi
for log in "$trees"/build-*/ctest.log; do
    if [[ -f $log ]]; then
        printf '%s\n' "$(basename "$(dirname "$log")")"
        sed -n '/tests passed/,$p' "$log"
    fi
done
((${#failed[@]} == 0))
