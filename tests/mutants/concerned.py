"""Which modules are tried, and which test files concern each: ``concerned.toml``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from pydantic import BaseModel, ConfigDict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_STATEMENTS = 5


class Concerned(BaseModel):
    """Modules, as a pattern of paths in the checkout, and files of tests/unit; none: left alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modules: str
    tests: list[str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    concerned: list[Concerned]


def read() -> list[Concerned]:
    """The whole table."""
    file = Path(__file__).with_suffix(".toml")
    return _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).concerned


def modules(root: Path) -> list[str]:
    """Paths of all modules of the table, in its order, without files that hold no code.

    Raises:
        ValueError: a pattern fits nothing: the module was moved.
    """
    found: list[str] = []
    for line in read():
        files = sorted(root.glob(line.modules))
        if not files:
            raise ValueError(f"{Path(__file__).with_suffix('.toml')}: no module {line.modules}")
        names = (str(file.relative_to(root)) for file in files if _has_code(file))
        found += [name for name in names if name not in found and tests(name)]
    return found


def tests(module: str) -> list[str]:
    """Paths of the test files that concern a module.

    Raises:
        ValueError: the table does not say.
    """
    fitting: Iterator[Concerned] = (line for line in read() if fnmatch(module, line.modules))
    line = next(fitting, None)
    if line is None:
        raise ValueError(f"{module}: {Path(__file__).with_suffix('.toml')} has no tests for it")
    return [f"tests/unit/{name}" for name in line.tests]


def _has_code(file: Path) -> bool:
    return len(file.read_text(encoding="utf-8").splitlines()) > _STATEMENTS
