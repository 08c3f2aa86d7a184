#!/usr/bin/env bash
# Makes a small Debian root file system for engines that can pull no image.
set -euo pipefail

NAME=make-base
ARCHIVE_DEFAULT=http://archive.debian.org/debian
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
CA_IN_BASE=/etc/ssl/certs/ca-certificates.crt

usage() {
    cat <<TEXT
usage: make-base.sh RELEASE OUTPUT_TAR [MIRROR] [ARCHIVE_MIRROR]

RELEASE         bullseye, bookworm, trixie, ...
OUTPUT_TAR      the root file system, for: docker import OUTPUT_TAR debian:RELEASE-slim
MIRROR          default: this host's own Debian mirror, else debootstrap's default
ARCHIVE_MIRROR  tried when MIRROR lacks the release; default: $ARCHIVE_DEFAULT

Needs root. TMPDIR must be on a file system that allows device files and programs.
TEXT
}

die() {
    echo "$NAME: $*" >&2
    exit 1
}

say() {
    echo "$NAME: $*" >&2
}

# The first URI of a package source of this host that ends in /debian; nothing on another system.
host_mirror() {
    local line word
    [ -r /etc/os-release ] && grep -qx 'ID=debian' /etc/os-release || return 0
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
        2>/dev/null | sed 's/#.*//' | grep -E '^(deb[[:space:]]|URIs:)' | while read -r line; do
        for word in $line; do
            case $word in
            *://*@*) say "not used for the base: a mirror of this host, its address has credentials" ;;
            http://*/debian | http://*/debian/ | https://*/debian | https://*/debian/)
                echo "${word%/}"
                break 2
                ;;
            esac
        done
    done || true
}

# Where this host keeps the certificates that it trusts.
host_ca_bundle() {
    local path
    for path in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt \
        /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
        if [ -n "$path" ] && [ -s "$path" ]; then
            echo "$path"
            return
        fi
    done
}

# The package index that this host's pip was told to use; nothing for the default or a local one.
host_index_url() {
    local url=${PIP_INDEX_URL:-}
    [ -n "$url" ] || url=$(python3 -I -m pip config get global.index-url 2>/dev/null) || url=
    case $url in
    *://*@*) say "not copied into the base: the host's package index, its address has credentials" ;;
    http://* | https://*) echo "$url" ;;
    esac
}

# Releases below ROOT whatever was left mounted there, then ROOT itself.
clean_up() {
    local status=$?
    trap - EXIT
    umount -l "$WORK/root/proc" "$WORK/root/sys" 2>/dev/null || true
    rm -rf --one-file-system "$WORK"
    rm -f "$OUTPUT.part"
    exit "$status"
}

bootstrap() { # MIRROR-or-nothing
    umount -l "$ROOT/proc" "$ROOT/sys" 2>/dev/null || true
    rm -rf --one-file-system "$ROOT"
    say "debootstrap $RELEASE${1:+ from $1} ..."
    "$DEBOOTSTRAP" --variant=minbase --include=ca-certificates --force-check-gpg \
        --keyring="$KEYRING" "$RELEASE" "$ROOT" ${1:+"$1"} >"$WORK/log" 2>&1
}

# This host's debootstrap, or Debian's package of it unpacked here: nothing is installed.
find_debootstrap() {
    DEBOOTSTRAP=$(command -v debootstrap) && return
    say "debootstrap is not on this host; unpacking its package for this once"
    mkdir "$WORK/tool"
    (
        cd "$WORK/tool"
        apt-get -qq download debootstrap || { apt-get -qq update && apt-get -qq download debootstrap; }
        dpkg-deb --extract debootstrap_*.deb .
    ) >"$WORK/log" 2>&1 || die "debootstrap is missing: install it (Debian: apt-get install debootstrap)"
    export DEBOOTSTRAP_DIR=$WORK/tool/usr/share/debootstrap
    DEBOOTSTRAP=$WORK/tool/usr/sbin/debootstrap
}

why() {
    # debootstrap writes its errors as "E: ...", packages that fail say why in its own log.
    grep -h '^E: ' "$WORK/log" | tail -n 1 | cut -c 4- | grep . || tail -n 1 "$WORK/log"
}

# Adds the certificates that only the host trusts, in a way that survives update-ca-certificates.
add_certificates() { # HOST_BUNDLE
    local folder=$ROOT/usr/local/share/ca-certificates/host
    mkdir -p "$folder"
    awk -v folder="$folder" '
        /-----BEGIN CERTIFICATE-----/ { inside = 1; text = "" }
        inside { text = text $0 "\n" }
        /-----END CERTIFICATE-----/ {
            inside = 0
            if (FNR == NR) known[text] = 1
            else if (!(text in known)) {
                known[text] = 1
                file = sprintf("%s/%03d.crt", folder, ++count)
                printf "%s", text > file
                close(file)
            }
        }' "$ROOT$CA_IN_BASE" "$1"
    chroot "$ROOT" update-ca-certificates >/dev/null 2>&1
}

configure_pip() {
    local index
    index=$(host_index_url)
    {
        echo '[global]'
        echo "cert = $CA_IN_BASE"
        echo 'timeout = 180'
        echo 'disable-pip-version-check = true'
        [ -z "$index" ] || echo "index-url = $index"
    } >"$ROOT/etc/pip.conf"
}

# As in the official images: no caches, no recommended packages, no manuals in later layers.
configure_apt() {
    cat >"$ROOT/etc/apt/apt.conf.d/docker-clean" <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CONF
    cat >"$ROOT/etc/apt/apt.conf.d/docker-small" <<'CONF'
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::AutoRemove::SuggestsImportant "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
CONF
    cat >"$ROOT/etc/dpkg/dpkg.cfg.d/docker-slim" <<'CONF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/groff/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
CONF
    printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d" # packages start no services
    chmod 755 "$ROOT/usr/sbin/policy-rc.d"
}

strip_root() {
    find "$ROOT/usr/share/doc" -type f ! -name copyright -delete
    find "$ROOT/usr/share/doc" -type l -delete
    find "$ROOT/usr/share/doc" -type d -empty -delete
    rm -rf "$ROOT"/usr/share/{man,info,groff,lintian,locale}/*
    rm -rf "$ROOT"/var/lib/apt/lists/* "$ROOT"/var/cache/apt/* "$ROOT"/var/cache/debconf/*-old \
        "$ROOT"/var/cache/ldconfig/* "$ROOT"/var/lib/dpkg/*-old "$ROOT"/tmp/* \
        "$ROOT"/etc/resolv.conf "$ROOT"/etc/hostname "$ROOT"/debootstrap
    find "$ROOT/var/log" -type f -delete
    mkdir -p "$ROOT/var/cache/apt/archives/partial"
    : >"$ROOT/etc/machine-id"
}

case "${1:-}" in -h | --help)
    usage
    exit 0
    ;;
esac
if [ $# -lt 2 ] || [ $# -gt 4 ]; then
    usage >&2
    exit 2
fi
RELEASE=$1
OUTPUT=$2
MIRROR=${3:-}
ARCHIVE=${4:-$ARCHIVE_DEFAULT}

[[ $RELEASE =~ ^[a-z]+$ ]] || die "not the name of a Debian release: $RELEASE"
[ "$(id -u)" -eq 0 ] || die "needs root: sudo $0 $*"
[ -r "$KEYRING" ] || die "Debian's keys are missing: apt-get install debian-archive-keyring"
[ -d "$(dirname "$OUTPUT")" ] || die "no such directory: $(dirname "$OUTPUT")"
[ -n "$MIRROR" ] || MIRROR=$(host_mirror)
case $MIRROR$ARCHIVE in *://*@*) die "a mirror's address has credentials, which would stay in the base" ;; esac

umask 022
WORK=$(mktemp -d "${TMPDIR:-/tmp}/$NAME.XXXXXXXX") || die "cannot make a temporary directory"
ROOT=$WORK/root
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
find_debootstrap

if ! bootstrap "$MIRROR"; then
    say "failed ($(why)); trying the archive"
    bootstrap "$ARCHIVE" || die "no mirror has a usable release $RELEASE: $(why)"
fi
# Files are dated no later than the release, so that two runs give (nearly) the same tar.
DATE=$(sed -n 's/^Date: //p' "$ROOT"/var/lib/apt/lists/*Release 2>/dev/null | head -n 1)
BUNDLE=$(host_ca_bundle)
if [ -n "$BUNDLE" ]; then
    add_certificates "$BUNDLE"
else
    say "this host has no certificate bundle that I know; the base keeps Debian's own"
fi
configure_pip
configure_apt
strip_root
tar -C "$ROOT" --sort=name --numeric-owner --clamp-mtime --mtime="${DATE:-now}" \
    --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -cf "$OUTPUT.part" . ||
    die "cannot write $OUTPUT"
mv -f "$OUTPUT.part" "$OUTPUT"
say "$OUTPUT: $(du -m "$OUTPUT" | cut -f 1) MB; next: docker import $OUTPUT debian:$RELEASE-slim"
