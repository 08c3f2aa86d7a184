"""Where the user's own index of Python packages has a source distribution, and how it is reached.

uv resolves the one version without its dependencies and writes down where its source distribution
lies (PEP 751, ``pylock.toml``). It downloads, builds and runs nothing for that: an installation
would run the package's build. What is downloaded is held to the SHA-256 that the dataset states.
"""

from __future__ import annotations

import base64
import ssl
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from harness import addresses, files, uv_command

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PATIENCE_S = 60.0
_MOST_BYTES = 1 << 20


class NoPackageError(Exception):
    """The index does not say where it lies; the message says why."""


class Place(NamedTuple):
    """An address, and what reaches it as the user's pip or uv would; None where nothing is set."""

    url: str
    opener: urllib.request.OpenerDirector | None = None


def find(package: str) -> Place:
    """Where the source distribution of ``package`` (``name==version``) lies.

    Raises:
        NoPackageError: there is no such version, no index answers, or certificates cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="benchdl-package-") as folder:
        wanted, lock = Path(folder) / "requirements.in", Path(folder) / "pylock.toml"
        wanted.write_text(f"{package}\n", encoding="utf-8")
        done = uv_command.uv(
            [
                *("pip", "compile", "--quiet", "--no-deps", "--no-header"),
                *("--no-binary", ":all:", "--format", "pylock.toml"),
                *("--python", sys.executable, "--output-file", str(lock), str(wanted)),
            ],
            locked=True,
            patience_s=_PATIENCE_S,
        )
        if done.returncode:
            raise NoPackageError(addresses.hidden(" ".join(done.stderr.split()))[:300])
        try:
            found = tomllib.loads(files.read_text(lock, _MOST_BYTES))["packages"][0]
            sdist = found.get("sdist") or found.get("archive") or {}
        except (files.FileError, ValueError, LookupError, AttributeError) as error:
            raise NoPackageError(f"uv's answer cannot be read ({error})") from None
        url = str(sdist.get("url", ""))
        if "path" in sdist:
            url = (Path(folder) / str(sdist["path"])).resolve().as_uri()
    if not url:
        raise NoPackageError("the index has no source distribution of it")
    reach = uv_command.reach(locked=True)
    try:
        return Place(url, _opener(reach, urlsplit(url).hostname or ""))
    except OSError as error:  # uv only warns of certificates that are not there
        named = [reach[name] for name in ("SSL_CERT_FILE", "SSL_CLIENT_CERT") if name in reach]
        raise NoPackageError(
            f"the certificates {' or '.join(named)} cannot be used ({files.reason(error)})"
        ) from None


def _opener(reach: dict[str, str], host: str) -> urllib.request.OpenerDirector:
    """With the certificates, the proxy and the passwords of the user's settings."""
    trust = ssl.create_default_context(cafile=reach.get("SSL_CERT_FILE") or None)
    if reach.get("SSL_CLIENT_CERT"):
        trust.load_cert_chain(reach["SSL_CLIENT_CERT"])
    if host in {name.partition(":")[0] for name in reach.get("UV_INSECURE_HOST", "").split()}:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    proxies = urllib.request.getproxies()
    if reach.get("ALL_PROXY"):
        proxies = {"http": reach["ALL_PROXY"], "https": reach["ALL_PROXY"], **proxies}
    return urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trust),
        urllib.request.ProxyHandler(proxies),
        _Passwords(reach),
    )


class _Passwords(urllib.request.BaseHandler):
    """Gives a host the password that its index's address has, and no other host."""

    def __init__(self, reach: dict[str, str]) -> None:
        words = f"{reach.get('UV_DEFAULT_INDEX', '')} {reach.get('UV_INDEX', '')}".split()
        self._known = {}
        for address in words:
            name, equals, named = address.partition("=")  # name=address, as uv has them
            parts = urlsplit(named if equals and "/" not in name else address)
            if parts.username is not None:
                pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
                host = parts.netloc.rpartition("@")[2]
                self._known[parts.scheme, host] = base64.b64encode(pair.encode()).decode()

    def _give(self, request: urllib.request.Request) -> urllib.request.Request:
        parts = urlsplit(request.full_url)
        found = self._known.get((parts.scheme, parts.netloc.rpartition("@")[2]))
        if found:
            request.add_unredirected_header("Authorization", f"Basic {found}")
        return request

    http_request = https_request = _give
