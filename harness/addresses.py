"""Credentials in addresses (URLs): found, hidden in what is said, refused in what stays."""

from __future__ import annotations

import re

from harness.errors import UsageError

_WITH_SCHEME = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:|(?<![\w/]))/{2,})[^\s/?#]*@")
# A password may hold what should have been written as %2F, %3F or %23; a port is none.
_BADLY_WRITTEN = re.compile(
    r"((?:[A-Za-z][A-Za-z0-9+.-]*:|(?<![\w/]))/{2,})"
    r"[^\s/@:?#\[]*:(?!\d*(?:[/?#\s'\",);]|$))\S*@"
)
# A proxy is often named without its scheme. An image's digest is no host.
_WITHOUT_SCHEME = re.compile(
    r"(?<![\w/:@.%+-])[\w.%+-]+:(?!//)\S+@(?=(?:(?!sha\d+:)[\w.-]+|\[[0-9A-Fa-f:.]+\]):\d)"
)
_IN_QUERY = re.compile(
    r"([?&][\w.-]*(?:token|secret|passw|pwd|key|sig|auth|credential)[\w.-]*=)[^\s&#'\"*]+", re.I
)
_MIRROR = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%+,:=-]*)*")


def hidden(text: str) -> str:
    """``text`` with the user names, passwords and tokens of its addresses replaced by ``***``."""
    text = _WITH_SCHEME.sub(r"\1***@", text)
    text = _BADLY_WRITTEN.sub(r"\1***@", text)
    return _IN_QUERY.sub(r"\1***", _WITHOUT_SCHEME.sub("***@", text))


def holds_credentials(text: str) -> bool:
    """Whether an address in ``text`` names a user, a password or a token."""
    return hidden(text) != text


def check_mirror(mirror: str | None) -> None:
    """Refuse a Debian mirror that must not, or cannot, stand in an image.

    The address goes into the image's history and labels, and with them to whoever gets it.

    Raises:
        UsageError: it holds credentials, or is no plain http address.
    """
    if not mirror:
        return
    if holds_credentials(mirror):
        raise UsageError(
            f"the Debian mirror {hidden(mirror)} holds credentials, which would stay in the "
            "image's history",
            "name a mirror that needs none, or a proxy on this network that adds them",
        )
    if not _MIRROR.fullmatch(mirror):
        raise UsageError(
            f"'{hidden(mirror)}' is no address of a Debian mirror",
            "give one like http://example.org/debian: --debian-mirror, BENCHDL_DEBIAN_MIRROR",
        )
