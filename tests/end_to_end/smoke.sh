#!/bin/bash
# scripts/smoke.sh with the programs of this build, shorter; and that it notices failures.
set -euo pipefail
smoke=$POOLMINER_ROOT/scripts/smoke.sh

POOLMINER_GENERATIONS=5 POOLMINER_EVOLVE_MAX_SECONDS=5 "$smoke" --duration-s 5

if "$smoke" --duration-s >/dev/null 2>&1; then
    echo "smoke.sh accepts --duration-s without a value" >&2
    exit 1
fi

# A worker that does nothing: without submissions it must not pass.
broken=$(mktemp -d)
trap 'rm -rf "$broken"' EXIT
for program in poolminer-pool poolminer-sidecar poolminer-driver; do
    ln -s "$POOLMINER_BIN/$program" "$broken/$program"
done
printf '#!/bin/sh\nexec sleep 60\n' >"$broken/poolminer-worker"
chmod +x "$broken/poolminer-worker"
if POOLMINER_GRACE_S=1 POOLMINER_BIN=$broken "$smoke" --duration-s 1 >/dev/null 2>&1; then
    echo "smoke.sh passes without a worker" >&2
    exit 1
fi
echo "smoke.sh fails where it should"
