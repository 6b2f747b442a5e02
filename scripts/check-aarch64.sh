#!/bin/bash
# Cross-compiles for 64-bit ARM and runs under qemu the self test (docs/selftest.md) and the tests
# that compare the executors, infinities, NaN and denormals included. Needs gcc-aarch64-linux-gnu and
# qemu-user; the libraries are fetched as Debian packages into a directory of their own, so nothing
# of the system changes and no root is needed. About 50 MB to fetch, the first time; some minutes of
# emulation with --tests. Status 77 when the tools are not installed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
    echo "Usage: scripts/check-aarch64.sh [--tests] [DIRECTORY]"
    echo "  --tests    also all other tests of the language, not only those of the executors"
    echo "  DIRECTORY  for packages and the build; by default build-aarch64 below the checkout"
}

tests=false
directory=$root/build-aarch64
for argument in "$@"; do
    case $argument in
    --tests) tests=true ;;
    --help | -h)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *) directory=$argument ;;
    esac
done

for tool in aarch64-linux-gnu-gcc qemu-aarch64 apt-get dpkg-deb; do
    if ! command -v "$tool" >/dev/null; then
        echo "check-aarch64.sh: $tool is missing: apt install gcc-aarch64-linux-gnu qemu-user" >&2
        exit 77
    fi
done
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
sysroot=$directory/sysroot
apt=$directory/apt

# apt with lists, cache and package states of its own, for the other architecture.
apt_arm64() {
    apt-get -o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
        -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources.list" \
        -o Dir::Etc::sourceparts="$apt/parts" -o APT::Architecture=arm64 \
        -o APT::Architectures::=arm64 -o APT::Sandbox::User= -o APT::Install-Recommends=false \
        -o Acquire::Retries=3 "$@"
}

fetch_libraries() {
    local release package
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
    : >"$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
        "http://deb.debian.org/debian $release main" >"$apt/sources.list"
    mapfile -t packages < <("$root/scripts/install-deps.sh" --list | grep -- '-dev$')
    apt_arm64 update
    apt_arm64 -y --download-only install "${packages[@]}" libcmocka-dev libgomp1
    rm -rf "$sysroot.new"
    mkdir -p "$sysroot.new"
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$sysroot.new"
    done
    mv "$sysroot.new" "$sysroot"
}

if [[ ! -d $sysroot ]]; then
    fetch_libraries >"$directory/fetch.log" 2>&1 || true
    if [[ ! -d $sysroot ]]; then
        cat "$directory/fetch.log" >&2
        echo "check-aarch64.sh: Debian's packages for arm64 cannot be fetched" >&2
        exit 1
    fi
fi

cat >"$directory/toolchain.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT "$sysroot")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "$sysroot")
END
export PKG_CONFIG_SYSROOT_DIR=$sysroot
export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig
cmake -G Ninja -S "$root" -B "$directory/build" -DCMAKE_TOOLCHAIN_FILE="$directory/toolchain.cmake" \
    -DPM_WERROR=ON >"$directory/cmake.log" || {
    cat "$directory/cmake.log"
    exit 1
}
run() { # program, its arguments
    qemu-aarch64 -L "$sysroot" "$@"
}

run_tests() { # names without test_algorithm_
    local test
    ninja -C "$directory/build" --quiet "${@/#/test_algorithm_}"
    for test; do
        run "$directory/build/tests/test_algorithm_$test"
    done
}

ninja -C "$directory/build" --quiet poolminer
run "$directory/build/bin/poolminer" selftest
run_tests elementary lanes
if $tests; then
    run_tests suite_score text statement check philox executor definition selftest
fi
