#!/bin/bash
# docs/log-ids.md lists exactly the ids that the programs log.
set -euo pipefail
cd "$POOLMINER_ROOT"

# Ids are the only strings of this form in the rooms' code.
in_code=$(grep -rhoE '"[A-Z]+(-[A-Z0-9]+)+"' --include='*.c' \
    common algorithm worker sidecar driver pool bench cli | tr -d '"' | sort -u)
# shellcheck disable=SC2016 # backquotes of Markdown
in_page=$(grep -oE '^\| `[A-Z]+(-[A-Z0-9]+)+`' docs/log-ids.md | tr -d '|` ' | sort)

duplicates=$(uniq -d <<<"$in_page")
if [[ -n $duplicates ]]; then
    echo "docs/log-ids.md lists twice: $duplicates" >&2
    exit 1
fi
if ! diff <(echo "$in_code") <(echo "$in_page") >&2; then
    echo "log_ids.sh: < is logged but not in docs/log-ids.md, > is listed but nowhere logged" >&2
    exit 1
fi
echo "log_ids.sh: $(wc -l <<<"$in_page") ids"
