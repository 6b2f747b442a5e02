#!/bin/bash
# Runs the commands that README.md tells people to type, against the programs of this build: on free
# ports instead of the usual ones, and shorter. A command that this test does not know fails it.
set -euo pipefail
cd "$POOLMINER_ROOT"

work=$(mktemp -d)
export HOME=$work XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
started=()
clean_up() {
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait || true
    rm -rf "$work"
}
trap clean_up EXIT

# shellcheck source=tests/end_to_end/free_port.sh
source "$POOLMINER_ROOT/tests/end_to_end/free_port.sh"

commands() { # every line of the fenced blocks marked sh
    awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md
}

pool_port=$(free_port "$work")
sidecar_port=$(free_port "$work")
export POOLMINER_GENERATIONS=5 POOLMINER_EVOLVE_MAX_SECONDS=5

run() { # a command of README.md
    local command=$1 background=false
    if [[ $command == *'&' ]]; then
        background=true
        command=${command%&}
    fi
    command=${command//build\/bin\//$POOLMINER_BIN\/}
    command=${command//8434/$pool_port}
    command=${command//8123/$sidecar_port}
    command=${command//--duration-s 30/--duration-s 5}
    read -ra words <<<"$command"
    if $background; then
        "${words[@]}" 2>>"$work/background.log" &
        started+=("$!")
        sleep 0.5
    else
        "${words[@]}"
    fi
}

check_running() { # what was put into the background still runs
    local pid
    for pid in "${started[@]}"; do
        kill -0 "$pid" || {
            cat "$work/background.log" >&2
            exit 1
        }
    done
}

stop_started() { # `kill %1 %2 ...`: all that a block has started, no more and no less
    local words pid
    read -ra words <<<"$1"
    if ((${#words[@]} - 1 != ${#started[@]})); then
        echo "readme.sh: ${#started[@]} programs were started when README.md says: $1" >&2
        exit 1
    fi
    check_running
    kill "${started[@]}"
    for pid in "${started[@]}"; do
        wait "$pid"
    done
    started=()
}

count=0
while read -r line; do
    echo "README: $line"
    count=$((count + 1))
    case $line in
    scripts/demo.sh)
        # What it runs is tested by itself; here: that it parses and hands over its options.
        bash -n scripts/demo.sh
        grep -q 'poolminer" demo "\$@"' scripts/demo.sh
        ;;
    'build/bin/poolminer mine')
        # Stopped as a person would: that is a good end.
        POOLMINER_SIDECAR_PORT=$sidecar_port POOLMINER_POOL_ENDPOINT=http://127.0.0.1:$pool_port \
            timeout --preserve-status --signal INT 6 "$POOLMINER_BIN/poolminer" mine |
            tee "$work/mine.log"
        grep -q "^Mining for http://127.0.0.1:$pool_port" "$work/mine.log"
        grep -q "^Your key is $XDG_DATA_HOME/poolminer/hotkey" "$work/mine.log"
        [[ -f $XDG_DATA_HOME/poolminer/hotkey ]]
        ;;
    'kill %'*) stop_started "$line" ;;
    'build/bin/poolminer '* | build/bin/poolminer-*) run "$line" ;;
    '') ;;
    *)
        echo "readme.sh: README.md has a command that is not tested: $line" >&2
        exit 1
        ;;
    esac
done < <(commands)

((count >= 8)) || {
    echo "readme.sh: only $count commands found in README.md" >&2
    exit 1
}
if ((${#started[@]} > 0)); then
    echo "readme.sh: README.md does not stop what it starts" >&2
    exit 1
fi

# Every page and script that README.md names exists.
# shellcheck disable=SC2016 # backquotes of Markdown
grep -oE '\]\([^)#]+\)|`scripts/[a-z-]+\.sh`' README.md | tr -d '`]()' | while read -r path; do
    [[ $path == http* || -e $path ]] || {
        echo "readme.sh: README.md names $path, which is not there" >&2
        exit 1
    }
done

# So does every file that the tour of the code names, and every page that a page leads to.
# shellcheck disable=SC2016 # backquotes of Markdown
rooms='include|common|economics|algorithm|sidecar|driver|worker|pool|bench|cli|tests|scripts'
named=$({
    grep -oE "\`($rooms)/[A-Za-z0-9_./-]+\`" docs/architecture.md | tr -d '`'
    grep -ohE '\]\([^)#: ]+' docs/*.md | sed 's|^](|docs/|'
} | sort -u)
(($(wc -l <<<"$named") >= 80)) || {
    echo "readme.sh: the pages name only $(wc -l <<<"$named") files" >&2
    exit 1
}
while read -r path; do
    [[ -e $path ]] || {
        echo "readme.sh: a page in docs/ names $path, which is not there" >&2
        exit 1
    }
done <<<"$named"

# A block marked sh is one that a test runs: this one and performance.sh, estimate_page.sh and
# simulation_page.sh beside it.
while read -r page; do
    case $page in
    README.md | docs/performance.md | docs/pool.md | docs/evolution.md | docs/estimate.md | \
        docs/simulation.md) ;;
    *)
        echo "readme.sh: $page has a block marked sh, and no test runs it" >&2
        exit 1
        ;;
    esac
done < <(grep -l '^```sh$' README.md docs/*.md)
echo "readme.sh: $count commands run"
