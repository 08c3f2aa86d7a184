"""Running uv with the package index and certificates that the host's pip is set up with."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import uv as uv_package


def uv(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run uv; the caller looks at ``returncode`` and ``stderr``."""
    return subprocess.run(
        [uv_package.find_uv_bin(), *arguments],
        env={**os.environ, **_settings()},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def _settings() -> dict[str, str]:
    """pip's index and CA bundle in uv's words, unless uv has its own settings already."""
    settings = {}
    index = _pip("global.index-url") or os.environ.get("PIP_INDEX_URL", "")
    if index and not any(name in os.environ for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")):
        settings["UV_DEFAULT_INDEX"] = index
    bundle = os.environ.get("PIP_CERT") or _pip("global.cert")
    if bundle and "SSL_CERT_FILE" not in os.environ:
        settings["SSL_CERT_FILE"] = bundle
    return settings


def _pip(key: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", key],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
