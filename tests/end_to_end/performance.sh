#!/bin/bash
# Runs the commands of docs/performance.md against the programs of this build. Measuring everything
# takes minutes, so that command is run for one row.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache

commands() { # every line of the fenced blocks marked sh
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/performance.md
}

count=0
while read -r line; do
    echo "docs/performance.md: $line"
    line=${line//build\/bin\//$POOLMINER_BIN\/}
    line=${line//build\/tests\//$POOLMINER_BIN\/..\/tests\/}
    [[ $line == *"bench evaluate" ]] && line+=" --program tasks"
    read -ra words <<<"$line"
    env "${words[@]}"
    count=$((count + 1))
done < <(commands)
if ((count < 5)); then
    echo "performance.sh: docs/performance.md has only $count commands" >&2
    exit 1
fi
