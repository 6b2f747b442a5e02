#!/bin/bash
# Runs a script that checks one of our programs with the JavaScript libraries that real wallets and
# miners use, at the exact versions of package-lock.json. Arguments: the script's name, the program, a
# directory to install and work in.
# Exit status 77 (CTest: skipped) where npm cannot reach its registry: the vectors in tests/data, made
# with the same libraries, are checked by other tests in any case.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
script=$1
program=$2
work=$3

for needed in node npm; do
    if ! command -v "$needed" >/dev/null; then
        echo "$needed is not installed: scripts/install-deps.sh --test" >&2
        exit 1
    fi
done

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/$script" "$work/"
cd "$work"
if ! cmp -s package-lock.json installed-lock.json; then
    rm -rf node_modules
    status=0
    timeout 120 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries 1 >npm.log 2>&1 ||
        status=$?
    if ((status == 124)) ||
        grep -qE 'ENOTFOUND|EAI_AGAIN|ECONN|E(NET|HOST)UNREACH|TIMEDOUT|CERT' npm.log; then
        echo "skipped: npm cannot reach its registry (npm.log in $work)"
        exit 77
    fi
    if ((status != 0)); then
        cat npm.log
        exit 1
    fi
    cp package-lock.json installed-lock.json
fi
rm -rf home
mkdir home
node "$script" "$program" "$work/home"
