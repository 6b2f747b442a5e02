#!/bin/bash
# Checks our wallets against the JavaScript libraries that real ones use, at the exact versions of
# package-lock.json. Arguments: the poolminer program, a directory to install and work in.
# Exit status 77 (CTest: skipped) where node, npm or the registry is missing: the vectors in
# tests/data, made with the same libraries, are checked by other tests in any case.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
poolminer=$1
work=$2

skip() {
    echo "skipped: $1"
    exit 77
}

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/wallets.mjs" "$work/"
cd "$work"
if ! cmp -s package-lock.json installed-lock.json; then
    rm -rf node_modules
    if ! timeout 120 npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1; then
        # A lock that does not fit is our mistake; a registry that is away is not.
        if grep -qE 'EUSAGE|EINTEGRITY|ETARGET|E404' npm.log; then
            cat npm.log
            exit 1
        fi
        skip "npm could not fetch the libraries: $(grep -m 1 'npm error' npm.log || echo 'no answer')"
    fi
    cp package-lock.json installed-lock.json
fi
rm -rf home
mkdir home
node wallets.mjs "$poolminer" "$work"
