#!/bin/bash
# Runs the commands of docs/simulation.md: those that draw as they stand, for their drawings are to
# be the ones on the page, the others with few miners.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CONFIG_HOME=$work/config

commands() { # every line of the fenced blocks marked sh
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/simulation.md
}

count=0
drawn=0
while read -r line; do
    echo "docs/simulation.md: $line"
    line=${line//build\/bin\//$POOLMINER_BIN\/}
    line=${line//docs\//$work\/}
    case $line in
    *--plot*) ;;
    *)
        line=$(sed -E 's/ --(miners|epochs) [0-9]+//g' <<<"$line")" --miners 40 --epochs 1"
        ;;
    esac
    read -ra words <<<"$line"
    "${words[@]}"
    if [[ $line =~ --plot\ ([^ ]*) ]]; then
        drawing=$(basename "${BASH_REMATCH[1]}")
        grep -q '</svg>' "$work/$drawing"
        grep -q "]($drawing)" docs/simulation.md
        cmp "$work/$drawing" "docs/$drawing"
        drawn=$((drawn + 1))
    fi
    count=$((count + 1))
done < <(commands)
if ((count < 11 || drawn < 8)); then
    echo "simulation_page.sh: docs/simulation.md has only $count commands, $drawn drawings" >&2
    exit 1
fi
