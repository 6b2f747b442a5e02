#!/bin/bash
# docs/options.md is what the programs' --help says.
set -euo pipefail
cd "$POOLMINER_ROOT"
if ! diff docs/options.md <(scripts/options-page.sh) >&2; then
    echo "options_page.sh: scripts/options-page.sh >docs/options.md writes the page anew" >&2
    exit 1
fi
