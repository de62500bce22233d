# shellcheck shell=sh
# What the set-up commands share: saying what happens, installing what is missing, building.

GW_BUILD_PACKAGES="cmake ninja-build gcc libc6-dev pkg-config lua5.4 liblua5.4-dev libcurl4-openssl-dev libssl-dev \
libcjson-dev libsodium-dev libexpat1-dev libcbor-dev zlib1g-dev libxxhash-dev libwslay-dev libsqlite3-dev libmicrohttpd-dev"
GW_TEST_PACKAGES="$GW_BUILD_PACKAGES libcmocka-dev python3"

say()
{
    printf '%s\n' "$*"
}

die()
{
    printf '%s\n' "$*" >&2
    exit 1
}

missing_packages()
{
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
            printf '%s ' "$package"
    done
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "cannot install packages: not root, and there is no sudo; install them yourself: $wanted"
    fi
}

# Installs the Debian packages of the arguments that are not there yet; without any, asks no network.
install_packages()
{
    command -v dpkg-query >/dev/null ||
        die "this is no Debian: install the equivalents of: $*"
    wanted=$(missing_packages "$@")
    [ -z "$wanted" ] && return
    say "== installing: $wanted"
    as_root apt-get update -qq || die "apt-get update failed: is the network there?"
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null ||
        die "apt-get could not install: $wanted"
}

# Configures and builds a preset of CMakePresets.json, or a target of it; on a terminal with live
# progress.
build_preset()
{
    say "== building (preset $1)"
    [ -f "build/$1/build.ninja" ] || cmake --preset "$1" >/dev/null || die "cmake could not configure preset $1"
    quiet=--quiet
    [ -t 1 ] && quiet=
    # shellcheck disable=SC2086  # no word when on a terminal
    cmake --build "build/$1" --target "${2:-all}" -- $quiet || die "the build failed (build/$1)"
}

# How many tests run at a time: one more than processors, since some wait for a command line that sleeps.
test_jobs()
{
    echo $(($(nproc) + 1))
}
