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

"$root/scripts/install-deps.sh"
if [[ ! -f $build/build.ninja ]]; then
    cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPM_TESTS=OFF >&2
fi
cmake --build "$build" >&2
