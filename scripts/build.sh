#!/bin/bash
# Installs what is missing and builds the programs (Release) into build/, or into $POOLMINER_BUILD_DIR.
# Everything it says goes to standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POOLMINER_BUILD_DIR:-$root/build}

"$root/scripts/install-deps.sh"
if [[ ! -f $build/build.ninja ]]; then
    cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPM_TESTS=OFF >&2
fi
cmake --build "$build" >&2
