#!/bin/bash
# Runs the commands of docs/estimate.md: each has to answer.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CONFIG_HOME=$work/config

commands() { # every line of the fenced blocks marked sh
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/estimate.md
}
# The file that the page shows, where its command looks for it.
awk '/^```json$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/estimate.md \
    >"$work/figures.json"

count=0
while read -r line; do
    echo "docs/estimate.md: $line"
    line=${line//build\/bin\//$POOLMINER_BIN\/}
    line=${line//figures.json/$work\/figures.json}
    read -ra words <<<"$line"
    "${words[@]}"
    count=$((count + 1))
done < <(commands)
if ((count < 7)); then
    echo "estimate_page.sh: docs/estimate.md has only $count commands" >&2
    exit 1
fi
