#!/bin/bash
# The systemd unit that is shipped is one that systemd understands, and starts what docs/service.md
# puts where it looks.
set -euo pipefail
cd "$POOLMINER_ROOT"

command -v systemd-analyze >/dev/null || {
    echo "unit.sh: skipped, systemd-analyze is not installed"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unit=scripts/poolminer.service
program=$work/.local/bin/poolminer
mkdir -p "${program%/*}" "$work/run" "$work/units"
ln -s "$POOLMINER_BIN/poolminer" "$program"

# %h is the home of who owns the service manager, whatever HOME says; the rest is as it is shipped.
sed "s|%h|$work|" "$unit" >"$work/units/poolminer.service"
grep -q "^ExecStart=$program mine$" "$work/units/poolminer.service"
verify() {
    HOME=$work XDG_RUNTIME_DIR=$work/run SYSTEMD_UNIT_PATH=$work/units: \
        systemd-analyze --user --recursive-errors=no --man=no verify "$work/units/poolminer.service"
}
said=$(verify 2>&1) || {
    echo "$said" >&2
    exit 1
}
[[ -z $said ]] || { # warnings do not fail it
    echo "unit.sh: systemd says of $unit: $said" >&2
    exit 1
}
# It would have noticed a mistake.
sed -i 's/^KillMode=/KillModes=/' "$work/units/poolminer.service"
said=$(verify 2>&1) || true
[[ $said == *KillModes* ]]

# The program finds its siblings through the link.
[[ $(HOME=$work "$program" version) == 'poolminer '* ]]
echo "unit.sh: $unit is well"
