#!/bin/bash
# Builds poolminer and shows a whole pool on this machine: `poolminer demo` with the options given here.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${POOLMINER_BUILD_DIR:-$root/build}

"$root/scripts/build.sh"
exec "$build/bin/poolminer" demo "$@"
