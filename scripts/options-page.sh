#!/bin/bash
# Prints docs/options.md: what --help of each program and verb says. A test compares the two.
#   scripts/options-page.sh >docs/options.md
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${POOLMINER_BIN:-${POOLMINER_BUILD_DIR:-$root/build}/bin}

section() { # title, command line
    printf '\n## %s\n\n```\n' "$1"
    shift
    "$@" --help
    printf '```\n'
}

cat <<'TEXT'
# Options

All options of all programs, as `--help` prints them (`scripts/options-page.sh` writes this page). What sets a value, from the strongest: the
command line, the variable of the environment named behind `environment:` (blanks separate the values where there may be several), the member of `gui_config.json` named behind `file:`, the default.
TEXT
for program in pool sidecar worker driver; do
    section "poolminer-$program" "$bin/poolminer-$program"
done
for verb in $("$bin/poolminer" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -vx 'help\|version'); do
    section "poolminer $verb" "$bin/poolminer" "$verb"
done
