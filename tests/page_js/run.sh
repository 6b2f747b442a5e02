#!/bin/bash
# Tests the page's scripts with node alone: no browser, no package. Arguments: the directory of the
# page, a directory to work in.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
page=$1
work=$2

if ! command -v node >/dev/null; then
    echo "node is not installed: scripts/install-deps.sh --test" >&2
    exit 1
fi
rm -rf "$work"
mkdir -p "$work"
cp -r "$page" "$work/page"
cp "$here"/*.mjs "$work/"
# A browser is told by the page that its scripts are modules, node by this file.
echo '{"type": "module"}' >"$work/package.json"
cd "$work"
node --test ./*.test.mjs
