"""What an installation takes over of the user's settings of pip and uv: how packages are reached.

Index, certificates and proxy are how a machine reaches packages at all; what comes from there is
held to the hashes of a lock. Everything else (where to install, what to build or prefer, which
Python) would steer or break an environment that has to be the same everywhere, and is shut out.

Only the standard library is used: the Makefile needs this before there is an environment.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_PIP_KEPT = (
    "index-url", "extra-index-url", "find-links", "trusted-host", "cert", "client-cert", "proxy",
    "timeout", "default-timeout", "retries", "keyring-provider", "no-index", "cache-dir",
)  # fmt: skip
_PATHS = ("find-links", "cert", "client-cert", "cache-dir")
YES, _NO = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off")
_NUMBERS = ("timeout", "default-timeout", "retries")
_MACHINES = Path("/etc/pip.conf")
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


def pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """How pip reaches packages: its variables and its files, by name of the option.

    Not asked of pip itself, which ends where one of its settings is wrong. Where its files are:
    https://pip.pypa.io/en/stable/topics/configuration/ (Linux).
    """
    by_section: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for file in _pip_files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
            for section, found in by_section.items():
                if parser.has_section(section):
                    found.update({k.lower().replace("_", "-"): v for k, v in parser.items(section)})
        except (configparser.Error, OSError, ValueError):
            continue  # pip is not started with it, so that it cannot be in the way either
    found = {**by_section["global"], **by_section["install"]}
    for name in _PIP_KEPT:
        found[name] = environment.get(_variable(name), found.get(name, ""))
    words = {name: found[name].split() for name in _PIP_KEPT}
    for name in _PATHS:  # an installation has another home
        words[name] = [_at_home(word, environment) for word in words[name]]
    texts = {name: " ".join(parts) for name, parts in words.items() if parts}
    return {name: text for name, text in texts.items() if _is_taken(name, text)}


def _is_taken(name: str, text: str) -> bool:
    if name == "no-index":
        return text.lower() in YES + _NO
    return name not in _NUMBERS or text.isdigit()


def _at_home(word: str, environment: Mapping[str, str]) -> str:
    return str(_home(environment) / word[2:]) if word.startswith("~/") else word


def _pip_files(environment: Mapping[str, str]) -> list[Path]:
    """pip's files, the weakest first."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = _home(environment)
    machine = environment.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return [
        *(Path(folder) / "pip" / "pip.conf" for folder in reversed(machine.split(os.pathsep))),
        _MACHINES,
        home / ".pip" / "pip.conf",
        own / "pip" / "pip.conf",
        Path(sys.prefix) / "pip.conf",
        *([Path(named).expanduser()] if named else []),
    ]


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises


def _variable(name: str) -> str:
    return f"PIP_{name.upper().replace('-', '_')}"


def for_pip(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a pip that only reaches packages as the user's pip does.

    Args:
        environment: with the user's settings.
        home: an empty folder; a build reads files of its home, like ``.pydistutils.cfg``.
    """
    kept = pip_settings(environment)
    return {
        **away_from_home(environment, home),
        **{_variable(name): value for name, value in kept.items()},
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def away_from_home(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """``environment`` with an empty home, but the user's caches, data and .netrc."""
    clean = without_steering(environment)
    users = _home(environment)
    clean.setdefault("XDG_CACHE_HOME", str(users / ".cache"))
    clean.setdefault("XDG_DATA_HOME", str(users / ".local" / "share"))
    clean.setdefault("NETRC", str(users / ".netrc"))
    clean["XDG_CONFIG_HOME"] = str(home)
    clean["HOME"] = str(home)
    clean["PYTHONNOUSERSITE"] = "1"
    return clean
