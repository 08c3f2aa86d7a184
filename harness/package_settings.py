"""What an installation takes over of the user's settings of pip and uv: how packages are reached.

Index, certificates and proxy are how a machine reaches packages at all; what comes from there is
held to the hashes of a lock. Everything else (where to install, what to build or prefer, which
Python) would steer or break an environment that has to be the same everywhere, and is shut out.

Only the standard library is used: the Makefile needs this before there is an environment.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_PIP_KEPT = (
    "index-url", "extra-index-url", "find-links", "trusted-host", "cert", "client-cert", "proxy",
    "timeout", "default-timeout", "retries", "keyring-provider",
)  # fmt: skip
_NUMBERS = ("timeout", "default-timeout", "retries")
_PYTHON_KEPT = (
    "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONIOENCODING", "PYTHONPYCACHEPREFIX",
    "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONWARNINGS",
)  # fmt: skip
_BUILD_SETTINGS = ("DISTUTILS_", "SETUPTOOLS_", "DIST_EXTRA_CONFIG", "PIP_", "UV_", "VIRTUAL_ENV")


def without_python(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without the variables that make a Python run other code than its own."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("PYTHON", "__PYVENV")) or name in _PYTHON_KEPT
    }


def without_steering(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without any setting of Python, pip, uv and setuptools."""
    return {
        name: value
        for name, value in without_python(environment).items()
        if not name.startswith(_BUILD_SETTINGS)
    }


def pip_settings(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """How pip reaches packages: its variables and its files, by name of the option.

    Args:
        python: an interpreter that has pip.
        environment: with the user's settings.
    """
    plain = {name: value for name, value in environment.items() if not name.startswith("PIP_")}
    if "PIP_CONFIG_FILE" in environment:
        plain["PIP_CONFIG_FILE"] = environment["PIP_CONFIG_FILE"]
    done = subprocess.run(
        [python, "-I", "-m", "pip", "config", "list"],
        env=plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    by_section: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in by_section:
            by_section[section][name] = _unquoted(value)
    found = {**by_section["global"], **by_section["install"]}
    for name in _PIP_KEPT:
        variable = f"PIP_{name.upper().replace('-', '_')}"
        if variable in environment:
            found[name] = environment[variable]
    return {
        name: " ".join(found[name].split())
        for name in _PIP_KEPT
        if found.get(name) and (name not in _NUMBERS or found[name].strip().isdigit())
    }


def for_pip(python: str, environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a pip that only reaches packages as the user's pip does.

    Args:
        python: the interpreter that runs pip.
        environment: with the user's settings.
        home: an empty folder; a build reads files of its home, like ``.pydistutils.cfg``.
    """
    kept = pip_settings(python, environment)
    return {
        **away_from_home(environment, home),
        **{f"PIP_{name.upper().replace('-', '_')}": value for name, value in kept.items()},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def away_from_home(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """``environment`` with an empty home, but the user's caches, data and .netrc."""
    clean = without_steering(environment)
    users = Path(environment.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises
    clean.setdefault("XDG_CACHE_HOME", str(users / ".cache"))
    clean.setdefault("XDG_DATA_HOME", str(users / ".local" / "share"))
    clean.setdefault("NETRC", str(users / ".netrc"))
    clean["XDG_CONFIG_HOME"] = str(home)
    clean["HOME"] = str(home)
    clean["PYTHONNOUSERSITE"] = "1"
    return clean


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return value
