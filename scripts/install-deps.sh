#!/bin/bash
# Installs the Debian packages that poolminer is built from, and with --test those its tests need.
# The one list of packages; instant when nothing is missing. Uses sudo when not root.
set -euo pipefail

usage() {
    echo "Usage: scripts/install-deps.sh [--test] [--list]"
    echo "  --test  also what scripts/test.sh and CI use"
    echo "  --list  only print the packages"
}

build_packages=(
    build-essential
    ca-certificates # pools behind TLS
    cmake
    libcjson-dev
    libcurl4-openssl-dev
    libmicrohttpd-dev
    libpq-dev
    libsleef-dev
    libsodium-dev
    libsqlite3-dev
    libzmq3-dev
    ninja-build
    pkg-config
    zlib1g-dev
)
test_packages=(
    chromium # and its driver: the page in a browser
    chromium-driver
    clang
    clang-format
    clang-tidy
    gcc-aarch64-linux-gnu # and qemu-user: the score hash on another processor
    iproute2 # a worker behind a cable
    libclang-rt-14-dev # sanitizers for clang
    libcmocka-dev
    libomp-14-dev # OpenMP for clang
    libssl-dev # a pool behind TLS
    nodejs # for the page's scripts; and npm: the libraries that real wallets use, to compare with
    npm
    postgresql # the pool's other store
    qemu-user
    shellcheck
    systemd # systemd-analyze: the unit that is shipped
    valgrind # the sidecar: what it reads and leaves behind
)

packages=("${build_packages[@]}")
list_only=false
for argument in "$@"; do
    case $argument in
    --test) packages+=("${test_packages[@]}") ;;
    --list) list_only=true ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        echo "install-deps.sh: unknown option $argument" >&2
        usage >&2
        exit 2
        ;;
    esac
done

if $list_only; then
    printf '%s\n' "${packages[@]}"
    exit 0
fi

if ! command -v dpkg-query >/dev/null; then
    echo "install-deps.sh: this is no Debian; install what these packages provide by hand:" >&2
    printf '  %s\n' "${packages[@]}" >&2
    exit 1
fi

# Every package that is installed, and what others provide in its place: a nodejs that has npm in it
# cannot stand beside Debian's npm.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
    sed -n 's/^installed //p' | sed 's/([^)]*)//g' | tr -s ', ' '\n')
missing=()
for package in "${packages[@]}"; do
    if ! grep -qxF -- "$package" <<<"$installed"; then
        missing+=("$package")
    fi
done
if ((${#missing[@]} == 0)); then
    echo "install-deps.sh: nothing to install" >&2
    exit 0
fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "install-deps.sh: as root, run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "install-deps.sh: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
