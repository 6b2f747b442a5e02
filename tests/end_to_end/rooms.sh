#!/bin/bash
# No room reads another room's own headers, and algorithm/ and worker/ know nothing of HTTP.
set -euo pipefail
cd "$POOLMINER_ROOT"
rooms=(common economics algorithm sidecar driver worker pool bench cli)
bad=0
for room in "${rooms[@]}"; do
    for other in "${rooms[@]}"; do
        if [[ $other != "$room" ]] &&
            grep -rnE "#include [<\"]$other/" --include='*.[ch]' "$room" >&2; then
            echo "rooms.sh: $room/ reads headers of $other/" >&2
            bad=1
        fi
    done
done
if grep -rnE '#include <(poolminer/http_client|curl/|microhttpd)' --include='*.[ch]' algorithm worker >&2; then
    echo "rooms.sh: algorithm/ and worker/ know nothing of HTTP" >&2
    bad=1
fi
exit "$bad"
