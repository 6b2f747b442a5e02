#!/bin/bash
# Installs what is missing and builds the programs (Release) into build/, or into $POOLMINER_BUILD_DIR.
# Everything it says goes to standard error.
set -euo pipefail
if (($# > 0)); then
    echo "Usage: scripts/build.sh (no options; POOLMINER_BUILD_DIR names the build tree)" >&2
    [[ $1 == --help || $1 == -h ]] && exit 0
    exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POOLMINER_BUILD_DIR:-$root/build}

# CMake would go on with the sources that the tree was made for, wherever they are now.
home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
if [[ -n $home && $home != "$root" ]]; then
    echo "build.sh: $build was made for the checkout in $home: delete it, then try again" >&2
    exit 1
fi
if ! mkdir -p "$build" 2>/dev/null || [[ ! -w $build ]]; then
    echo "build.sh: $build cannot be written: POOLMINER_BUILD_DIR=DIRECTORY names another" >&2
    exit 1
fi
"$root/scripts/install-deps.sh"
if [[ ! -f $build/build.ninja ]]; then
    cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPM_TESTS=OFF >&2
fi
cmake --build "$build" >&2
