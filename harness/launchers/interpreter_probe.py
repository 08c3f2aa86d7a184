"""What one Python holds, told by itself as one line of JSON; nothing of it is imported.

    python interpreter_probe.py MODULE ...

Run by file in a Python that may be anybody's, 3.9 or newer, with the standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from importlib import metadata, util
from pathlib import Path


def distributions() -> dict[str, metadata.Distribution]:
    """By normalised name (PEP 503), the one that an import would find first; broken ones apart."""
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        if name := _name(distribution):
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution)
    return found


def _name(distribution: metadata.Distribution) -> str | None:
    try:
        told = distribution.metadata
        return told["Name"] if told and "Name" in told and "Version" in told else None
    except Exception:  # one of many, and anybody's file
        return None


def providers(module: str, found: dict[str, metadata.Distribution]) -> list[str]:
    """The distributions that have ``module``: its namesake, else those that list it."""
    namesake = module.replace("_", "-").lower()
    if namesake in found and _has(found[namesake], module):
        return [namesake]
    having = [name for name, distribution in found.items() if _has(distribution, module)]
    return having or [namesake] * (namesake in found)


def _has(distribution: metadata.Distribution, module: str) -> bool:
    first = (f"{module}/", f"{module}.py", f"{module}.")
    try:
        named = distribution.read_text("top_level.txt")
        if named is not None:
            return module in named.split()
        return any(str(file).startswith(first) for file in distribution.files or [])
    except Exception:
        return False


def is_there(module: str) -> bool:
    """Whether an import would find ``module``: a folder without code may be left of a removal."""
    try:
        found = util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None


def conda_packages() -> list[str] | None:
    """Names, versions and builds of what conda put into this prefix; None: it is not conda's."""
    folder = Path(sys.prefix) / "conda-meta"
    return sorted(file.stem for file in folder.glob("*.json")) if folder.is_dir() else None


def main(modules: list[str]) -> None:
    """Tell it on standard output, as the last line."""
    found = distributions()
    conda = conda_packages()
    kind = "venv" if sys.prefix != sys.base_prefix else "system" if conda is None else "conda"
    told = {
        "kind": kind,
        "build": sys.version,
        "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
        "threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "distributions": {name: part.version for name, part in found.items()},
        "conda": conda or [],
        "variables": dict(os.environ),
        "modules": {name: providers(name, found) for name in modules if is_there(name)},
    }
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - before pathlib's
    sys.path[:] = [place for place in sys.path if place != here]
    main(sys.argv[1:])
