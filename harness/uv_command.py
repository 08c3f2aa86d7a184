"""Running uv: it reaches packages as the user's pip and uv do, and nothing else is theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import uv as uv_package

from harness import package_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEPT = (
    "UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_HTTP_RETRIES",
    "UV_HTTP_TIMEOUT", "UV_INDEX", "UV_INDEX_URL", "UV_INSECURE_HOST", "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS", "UV_OFFLINE", "UV_PYPY_INSTALL_MIRROR", "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_INSTALL_MIRROR", "UV_REQUEST_TIMEOUT", "UV_SYSTEM_CERTS",
)  # fmt: skip
_MACHINES = Path("/etc/uv/uv.toml")
_PROXIES = ("all_proxy", "https_proxy", "http_proxy")


def uv(
    arguments: list[str], *, locked: bool = False, patience_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run uv; the caller looks at ``returncode`` and ``stderr``.

    ``locked``: what is installed is held to hashes. Then further indexes and folders of wheels of
    the user's may be looked into as well, and a build gets an empty home. ``patience_s``: how long
    it may take; what takes longer has failed.
    """
    with tempfile.TemporaryDirectory(prefix="benchdl-uv-") as home:
        environment = package_settings.without_steering(os.environ)
        if locked:
            environment = package_settings.away_from_home(os.environ, Path(home))
        command = [uv_package.find_uv_bin(), *arguments, *_no_index(arguments, locked)]
        try:
            return subprocess.run(
                command,
                env={**environment, **reach(locked), "UV_NO_CONFIG": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                umask=0o022,  # other users of a shared cache may use what lies there
                timeout=patience_s,
            )
        except subprocess.TimeoutExpired:
            said = f"uv took longer than {patience_s:g} s"
            return subprocess.CompletedProcess(command, 1, "", said)


def _no_index(arguments: list[str], locked: bool) -> list[str]:
    """Where the user's pip or uv looks into no index, uv is to look into none either.

    Not for a resolution, which looks into an index alone.
    """
    pip = package_settings.pip_settings(os.environ).get("no-index", "").lower()
    own = _files(os.environ).get("no-index")
    asked = own if isinstance(own, bool) else pip in package_settings.YES
    return ["--no-index"] if asked and locked and arguments[0] == "pip" else []


@cache
def reach(locked: bool) -> dict[str, str]:
    """How packages are reached, in uv's words: by its variables, its files, pip's settings."""
    files = _files(os.environ)
    pip = package_settings.pip_settings(os.environ)
    found = {**_of_pip(pip, os.environ), **_of_files(files)}
    found |= {name: value for name, value in os.environ.items() if _kept(name)}
    if "UV_INDEX_URL" in os.environ and "UV_DEFAULT_INDEX" not in os.environ:
        found.pop("UV_DEFAULT_INDEX", None)
    if not locked:  # a resolution must not depend on what this machine has besides
        for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
            found.pop(name, None)
        return found
    return {**found, "UV_INDEX_STRATEGY": "unsafe-best-match"}  # the hashes decide


def _kept(name: str) -> bool:
    credentials = name.startswith("UV_INDEX_") and name.endswith(("_USERNAME", "_PASSWORD"))
    return name in _KEPT or credentials


def _of_pip(pip: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": pip.get("trusted-host", ""),
    }
    if "SSL_CERT_FILE" not in environment:
        words["SSL_CERT_FILE"] = pip.get("cert", "")
    if "SSL_CLIENT_CERT" not in environment:
        words["SSL_CLIENT_CERT"] = pip.get("client-cert", "")
    if not any(name.lower() in _PROXIES for name in environment):
        words["ALL_PROXY"] = pip.get("proxy", "")
    return {name: value for name, value in words.items() if value}


def _of_files(settings: Mapping[str, Any]) -> dict[str, str]:
    """From uv.toml: https://docs.astral.sh/uv/reference/settings/ names the keys."""
    indexes = [
        index for index in _list(settings, "index") if isinstance(index, dict) and "url" in index
    ]
    default = [str(index["url"]) for index in indexes if index.get("default")]
    others = [
        str(index["url"])
        for index in indexes
        if not (index.get("default") or index.get("explicit"))
    ]
    certificates = settings.get("native-tls") or settings.get("system-certs")
    words = {
        "UV_DEFAULT_INDEX": (default or [str(settings.get("index-url", ""))])[0],
        "UV_INDEX": " ".join([*others, *map(str, _list(settings, "extra-index-url"))]),
        "UV_FIND_LINKS": ",".join(map(str, _list(settings, "find-links"))),
        "UV_INSECURE_HOST": " ".join(map(str, _list(settings, "allow-insecure-host"))),
        "UV_SYSTEM_CERTS": "true" if certificates else "",
        "UV_OFFLINE": "true" if settings.get("offline") is True else "",
        "UV_CACHE_DIR": str(settings.get("cache-dir") or ""),
        "ALL_PROXY": str(settings.get("https-proxy") or settings.get("http-proxy") or ""),
    }
    return {name: value for name, value in words.items() if value}


def _list(settings: Mapping[str, Any], key: str) -> list[Any]:
    found = settings.get(key)
    return found if isinstance(found, list) else []


def _files(environment: Mapping[str, str]) -> dict[str, Any]:
    """The user's and the machine's uv.toml; those of the current folder are another project's."""
    home = Path(environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"))  # noqa: PTH111
    named = environment.get("UV_CONFIG_FILE")
    found: dict[str, Any] = {}
    for file in [Path(named)] if named else [_MACHINES, home / "uv" / "uv.toml"]:
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # uv is not started with it, so that it cannot be in the way either
        pip = settings.get("pip")
        found |= {**(pip if isinstance(pip, dict) else {}), **settings}
    return found
