#!/bin/bash
# Nothing that scores may ask the C library for mathematics: its exp, log, sin, ... differ from
# version to version in the last bit. What IEEE 754 itself defines to the last bit may be asked for.
# Of SLEEF only the family with fixed results may be used.
# Usage: libm.sh NM COMPILER ARCHIVE
set -euo pipefail
nm=$1 compiler=$2 archive=$3
exact=(floor fmax fmin ldexp sqrt sqrtf truncf)

wanted=$("$nm" --undefined-only "$archive" | awk 'NF == 2 { print $2 }' | sort -u)
libm=$("$nm" --dynamic --defined-only "$("$compiler" -print-file-name=libm.so.6)" |
    awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u)

for known in expf logf sinf; do
    if ! grep -qx "$known" <<<"$libm"; then
        echo "the C library's list of functions cannot be read: no $known in it" >&2
        exit 1
    fi
done
if ! grep -qx 'Sleef_cinz_expf1_u10purec' <<<"$wanted"; then
    echo "the symbols of $archive cannot be read: it does not ask for SLEEF's exp" >&2
    exit 1
fi

failed=0
inexact=$(comm -12 <(echo "$wanted") <(echo "$libm") | grep -vxF "$(printf '%s\n' "${exact[@]}")" ||
    true)
if [[ -n $inexact ]]; then
    echo "the C library's own mathematics is asked for:" "$inexact" >&2
    failed=1
fi
other=$(grep '^Sleef_' <<<"$wanted" | grep -v '^Sleef_cinz_.*_u10' || true)
if [[ -n $other ]]; then
    echo "functions of SLEEF whose results are not fixed are asked for:" "$other" >&2
    failed=1
fi
exit "$failed"
