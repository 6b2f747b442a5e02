#!/bin/bash
# Runs the commands of docs/performance.md, and those of docs/pool.md and docs/evolution.md that
# measure, against the programs of this build. Measuring everything takes minutes: those commands are run in short.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache

commands() { # every line of the fenced blocks marked sh
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/performance.md \
        docs/pool.md docs/evolution.md
}

count=0
while read -r line; do
    echo "$line"
    line=${line//build\/bin\//$POOLMINER_BIN\/}
    line=${line//build\/tests\//$POOLMINER_BIN\/..\/tests\/}
    [[ $line == *"bench evaluate" ]] && line+=" --program tasks"
    [[ $line == *bench.sh ]] && line+=" --shortest"
    line=${line/--seconds 5/--seconds 0.2}
    read -ra words <<<"$line"
    env "${words[@]}"
    count=$((count + 1))
done < <(commands)
if ((count < 8)); then
    echo "performance.sh: the pages have only $count commands" >&2
    exit 1
fi
