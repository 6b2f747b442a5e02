#!/bin/bash
# scripts/smoke.sh with the sidecar under valgrind: from its start through jobs, results, records,
# status and logs to SIGTERM it reads and frees nothing that it should not, and leaves nothing behind.
# Likewise the broker and the thread that syncs, in syncs that last and in syncs that fail.
set -euo pipefail
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for program in poolminer-pool poolminer-worker poolminer-driver; do
    ln -s "$POOLMINER_BIN/$program" "$work/$program"
done
cat >"$work/poolminer-sidecar" <<TEXT
#!/bin/sh
exec valgrind --log-file="$work/log" --leak-check=full --show-leak-kinds=definite,indirect \\
    --errors-for-leak-kinds=definite,indirect "$POOLMINER_BIN/poolminer-sidecar" "\$@"
TEXT
chmod +x "$work/poolminer-sidecar"

POOLMINER_GENERATIONS=5 POOLMINER_EVOLVE_MAX_SECONDS=2 POOLMINER_BIN=$work \
    "$POOLMINER_ROOT/scripts/smoke.sh" --duration-s 5

# Without this line it did not come to its end.
if ! grep -q 'ERROR SUMMARY: 0 errors' "$work/log"; then
    cat "$work/log" >&2
    exit 1
fi
grep 'ERROR SUMMARY\|total heap usage' "$work/log"

valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    "$POOLMINER_BIN/../tests/test_sidecar_sync"
