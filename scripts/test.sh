#!/bin/bash
# Every check there is, as CI runs them: formatting, lint, builds by gcc and clang with warnings as
# errors, all tests in a Release build and again under AddressSanitizer and UBSan, the threaded ones
# under ThreadSanitizer, every fuzz target for some seconds, and the score hash by both compilers,
# optimised and not, and on aarch64. Build trees are kept (build-release, build-clang, ..., below
# $POOLMINER_TEST_DIR if that is set), so that a second run only does what changed.
# `scripts/test.sh release` runs one part only.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
trees=${POOLMINER_TEST_DIR:-$root}
jobs=$(nproc)

usage() {
    echo "Usage: scripts/test.sh [deps|format|lint|clang|release|sanitize|tsan|fuzz|agreement|aarch64]..."
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

# Many tests wait rather than work: twice as many as there are cores run beside each other.
run_tests_once() { # tree, arguments of ctest
    local tree=$trees/$1
    shift
    ctest --test-dir "$tree" --output-on-failure -j "$((2 * jobs))" --no-tests=error "$@" 2>&1 |
        tee "$tree/ctest.log"
}

# What fails is run once more, alone: what fails then, too, is no matter of a machine that had too
# much to do. Both runs stand in the closing lines.
run_tests() { # tree, arguments of ctest
    local tree=$trees/$1
    if ! run_tests_once "$@"; then
        printf '\nonce more, alone:\n' | tee -a "$tree/ctest.log"
        ctest --test-dir "$tree" --output-on-failure --no-tests=error --rerun-failed 2>&1 |
            tee -a "$tree/ctest.log"
    fi
}

# The other compiler's build has to give the same scores.
check_clang() {
    CC=clang configure build-clang -DCMAKE_BUILD_TYPE=Release
    build build-clang
    run_tests build-clang -R '^test_algorithm_'
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
    # Unsanitized: minutes in code that other tests go through as well, and in libraries.
    run_tests build-sanitize -LE '^(script|unsanitized)$'
}

# Tests of what runs in several threads of one process, or beside its threads.
threaded=(test_algorithm_score_queue test_algorithm_suite test_algorithm_suite_score
    test_common_http_deferred test_common_http_stream test_common_log_forward
    test_common_queue_client test_pool_abuse test_pool_api test_pool_connections test_pool_http
    test_pool_rate_limit test_pool_relay test_pool_store_queue test_sidecar_broker
    test_sidecar_flood test_sidecar_frames test_sidecar_health test_sidecar_page test_sidecar_sync
    test_worker_heartbeat test_worker_jobs test_worker_pause test_worker_runner test_worker_starter
    test_worker_workbench)

# A detector that sees nothing, or sees races in OpenMP itself, would tell nothing: it has to find
# the race in one program and none in the other.
prove_detector() {
    local program
    for program in race no_race; do
        clang -g -O1 -fopenmp -fsanitize=thread -o "$trees/build-tsan/$program" \
            "$root/tests/threads/$program.c"
    done
    if "$trees/build-tsan/race" >"$trees/build-tsan/race.log" 2>&1; then
        echo "the race detector finds no race where there is one"
        return 1
    fi
    "$trees/build-tsan/no_race"
}

# clang's OpenMP runtime is not instrumented: its Archer tool tells the detector how OpenMP
# synchronises, and what libraries do among themselves is not looked at. Reports go to files, for a
# program that a test starts and kills tells nobody how it would have ended; what is found once is
# there, whatever a second run says.
check_tsan() {
    local archer races=$trees/build-tsan/races
    archer=$(clang -print-resource-dir)/../../libarcher.so
    export OMP_TOOL_LIBRARIES=$archer
    export OMP_NUM_THREADS=4
    export TSAN_OPTIONS="ignore_noninstrumented_modules=1 die_after_fork=0"
    CC=clang configure build-tsan -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-g -O1" \
        -DPM_TSAN=ON -DPM_WERROR=OFF
    prove_detector
    ninja -C "$trees/build-tsan" -j "$jobs" -k 0 --quiet poolminer-sidecar "${threaded[@]}"
    rm -rf "$races"
    mkdir -p "$races"
    export TSAN_OPTIONS="$TSAN_OPTIONS log_path=$races/report"
    local status=0
    run_tests build-tsan -R "^($(IFS='|' && echo "${threaded[*]}"))\$" || status=$?
    if [[ -n $(ls "$races") ]]; then
        cat "$races"/*
        echo "data races: see $races"
        return 1
    fi
    return "$status"
}

check_fuzz() {
    CC=clang configure build-fuzz -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-g -O2" \
        -DPM_FUZZ=ON -DPM_FUZZ_SECONDS=6 -DPM_WERROR=OFF
    ninja -C "$trees/build-fuzz" -j "$jobs" -k 0 --quiet fuzz_targets
    # What a fuzzer finds once is there, whatever it finds when it looks again.
    run_tests_once build-fuzz -R '^fuzz_'
}

check_agreement() {
    "$root/scripts/check-agreement.sh" --short "$trees/build-agreement"
}

# Status 77: there is no cross compiler or no emulator, which `deps` installs. It is no failure, but
# the closing lines tell.
check_aarch64() {
    "$root/scripts/check-aarch64.sh" "$trees/build-aarch64"
}

if [[ ${1:-} == --part ]]; then
    "check_$2"
    exit
fi

parts=("$@")
if ((${#parts[@]} == 0)); then
    parts=(deps format lint clang release sanitize tsan fuzz agreement aarch64)
fi
for part in "${parts[@]}"; do
    if [[ $(type -t "check_$part") != function ]]; then
        usage >&2
        exit 2
    fi
done
mkdir -p "$trees"
rm -f "$trees"/build-*/ctest.log
failed=() skipped=()
for part in "${parts[@]}"; do
    section "$part"
    # A shell of its own: errexit would be off inside a function that is called with `||`.
    status=0
    "${BASH_SOURCE[0]}" --part "$part" || status=$?
    case $status in
    0) ;;
    77) skipped+=("$part") ;;
    *) failed+=("$part") ;;
    esac
done

section "done"
if ((${#failed[@]} > 0)); then
    echo "failed: ${failed[*]}"
fi
if ((${#skipped[@]} > 0)); then
    echo "skipped, for the packages of scripts/install-deps.sh --test are not there: ${skipped[*]}"
fi
for log in "$trees"/build-*/ctest.log; do
    if [[ -f $log ]]; then
        printf '%s\n' "$(basename "$(dirname "$log")")"
        sed -n '/tests passed/,$p' "$log"
    fi
done
((${#failed[@]} == 0))
