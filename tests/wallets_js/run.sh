#!/bin/bash
# Checks our wallets against the JavaScript libraries that real ones use, at the exact versions of
# package-lock.json. Arguments: the poolminer program, a directory to install and work in.
# Exit status 77 (CTest: skipped) where npm cannot reach its registry: the vectors in tests/data, made
# with the same libraries, are checked by other tests in any case.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
poolminer=$1
work=$2

for program in node npm; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is not installed: scripts/install-deps.sh --test" >&2
        exit 1
    fi
done

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/wallets.mjs" "$work/"
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
node wallets.mjs "$poolminer" "$work"
