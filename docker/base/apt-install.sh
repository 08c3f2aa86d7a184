#!/bin/sh
# apt-install.sh NAME[=UPSTREAM_VERSION]...: installs Debian packages in an image's build.
#
# DEBIAN_MIRROR replaces the base's package sources while this runs; DEBIAN_ARCHIVE is tried when
# they fail, as they will one day, since old releases move there. A version is a prefix by whole
# parts of the upstream version (10.2 allows 10.2.1): another one ends the build.
set -eu

[ $# -gt 0 ] || exit 0
. /etc/os-release
RELEASE=$VERSION_CODENAME
LIST=$(mktemp)
trap 'rm -rf "$LIST" /var/lib/apt/lists/*; apt-get clean' EXIT
export DEBIAN_FRONTEND=noninteractive

NAMES=
for ITEM in "$@"; do
    NAMES="$NAMES ${ITEM%%=*}"
done

try() { # [OPTIONS...]; $NAMES is split on purpose
    apt-get "$@" -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update &&
        apt-get "$@" -o Acquire::Retries=3 install --yes --no-install-recommends $NAMES
}

try_sources() { # LINES [OPTIONS...]: with these package sources only
    printf '%s\n' "$1" >"$LIST"
    chmod 644 "$LIST"
    shift
    try -o "Dir::Etc::SourceList=$LIST" -o Dir::Etc::SourceParts=- "$@"
}

try_usual() {
    if [ -n "${DEBIAN_MIRROR:-}" ]; then
        try_sources "deb $DEBIAN_MIRROR $RELEASE main"
    else
        try
    fi
}

# A base with security updates needs their archive too: packages depend on exact versions.
try_archive() {
    [ -n "${DEBIAN_ARCHIVE:-}" ] || return 1
    echo "apt-install: trying the archive, $DEBIAN_ARCHIVE" >&2
    try_sources "deb $DEBIAN_ARCHIVE $RELEASE main
deb $DEBIAN_ARCHIVE-security $RELEASE-security main" -o Acquire::Check-Valid-Until=false ||
        try_sources "deb $DEBIAN_ARCHIVE $RELEASE main" -o Acquire::Check-Valid-Until=false
}

if ! try_usual && ! try_archive; then
    echo "apt-install: cannot install:$NAMES" >&2
    exit 1
fi

for ITEM in "$@"; do
    NAME=${ITEM%%=*}
    FOUND=$(dpkg-query --show --showformat='${Version}' "$NAME")
    UPSTREAM=${FOUND#*:}
    UPSTREAM=${UPSTREAM%-*}
    case $ITEM in
    *=*) WANTED=${ITEM#*=} ;;
    *) continue ;;
    esac
    case $UPSTREAM in
    "$WANTED" | "$WANTED".* | "$WANTED"+* | "$WANTED"~*) ;;
    *)
        echo "apt-install: $NAME is $FOUND, pinned is $WANTED" >&2
        exit 1
        ;;
    esac
done
