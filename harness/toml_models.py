"""TOML files parsed into pydantic models, with errors that name the file, key and alternatives."""

from __future__ import annotations

import hashlib
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness import files
from harness.errors import UsageError
from harness.files import FileError, MissingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MAX_BYTES = 2**20
"""The largest image.toml has 10 KiB; one that came in a bundle is a stranger's."""

_NOTHING: Mapping[str, str] = types.MappingProxyType({})

_WORDS = {
    "model_type": "expected a table",
    "string_too_short": "expected a word or more",
    "too_short": "expected at least one value",
}
"""In the place of pydantic's own, which are about Python."""

M = TypeVar("M", bound=BaseModel)


def read(path: Path, model: type[M]) -> M:
    """Parse ``path`` into ``model``.

    Raises:
        UsageError: no such file, broken TOML, an unknown key (with the allowed ones), a bad value.
    """
    return read_with_sha256(path, model)[0]


def read_with_sha256(path: Path, model: type[M]) -> tuple[M, str]:
    """The same, and the SHA-256 of the very contents that were parsed.

    Raises:
        UsageError: as with :func:`read`.
    """
    data, text = parsed(path)
    return validate(data, model, str(path)), hashlib.sha256(text.encode()).hexdigest()


def parsed(path: Path) -> tuple[dict[str, Any], str]:
    """The tables of a file, and its text.

    Raises:
        UsageError: no such file, or broken TOML.
    """
    try:
        text = files.read_text(path, _MAX_BYTES, links=True)
        return tomllib.loads(text), text
    except MissingError:
        raise UsageError(f"{path} does not exist") from None
    except FileError as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    except RecursionError:
        raise UsageError(f"{path} is not valid TOML: it is nested too deep") from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise UsageError(f"{path} is not valid TOML: {error}") from None


def validate(
    data: dict[str, Any], model: type[M], source: str, named: Mapping[str, str] = _NOTHING
) -> M:
    """Validate ``data`` as ``model``; ``source`` opens the error message.

    Args:
        data: what was read.
        model: what it should be.
        source: where it was read.
        named: what a user calls a key that stands in no file, as in ``--tag``.

    Raises:
        UsageError: with the first problem, on one line.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A mistyped key is often a missing one as well: the typo says more.
        problems = error.errors()
        problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    keys = [str(part) for part in problem["loc"]]
    where = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        allowed = ", ".join(_keys_at(model, problem["loc"][:-1])) or "none"
        raise UsageError(f"{source}: unknown key '{where}'", f"allowed keys there: {allowed}")
    if problem["type"] == "missing":
        raise UsageError(f"{source}: key '{where}' is missing")
    shown = "" if isinstance(problem["input"], (dict, list)) else f" (found {problem['input']!r})"
    place = named.get(keys[0], f"{source}: key '{where}'") if keys else source
    words = _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    raise UsageError(f"{place}: {words}{shown}")


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The field names of the model found by following ``path`` from ``model``."""
    current: Any = model
    for part in path:
        current = _below(current, part)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return sorted(current.model_fields)
    return []


def _below(annotation: Any, part: int | str) -> Any:
    """The type one step down: a model's field, or the elements of a list or a dictionary."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        inner = field.annotation if field else None
    else:
        inner = (typing.get_args(annotation) or (None,))[-1]
    if typing.get_origin(inner) in (types.UnionType, typing.Union):
        return next(member for member in typing.get_args(inner) if member is not type(None))
    return inner
