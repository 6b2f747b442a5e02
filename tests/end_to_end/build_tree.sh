#!/bin/bash
# scripts/build.sh refuses a build tree of another checkout, and one that cannot be written, and
# says what to do, before it installs or compiles anything.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

refused() { # build directory, what the message has to say
    if POOLMINER_BUILD_DIR=$1 "$POOLMINER_ROOT/scripts/build.sh" 2>"$work/said"; then
        echo "build_tree.sh: $1 was taken" >&2
        exit 1
    fi
    grep -qF "$2" "$work/said" || {
        cat "$work/said" >&2
        exit 1
    }
}

mkdir "$work/moved"
echo 'CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere' >"$work/moved/CMakeCache.txt"
refused "$work/moved" 'was made for the checkout in /elsewhere: delete it'
touch "$work/file"
refused "$work/file/build" 'POOLMINER_BUILD_DIR=DIRECTORY names another'
