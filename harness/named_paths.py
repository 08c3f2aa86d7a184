"""Paths that a user names, by option, file or environment: one reading of them everywhere.

``~`` is a home folder, as a shell has it, also where the shell left it (``--results=~/x``, a quoted
variable). An empty name is refused, since it would mean the current folder; an empty variable is
one that is not set.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from harness.errors import UsageError


def named(text: str | Path, where: str) -> Path:
    """The path that ``text`` means; ``where`` is the option or variable that it came by.

    Raises:
        UsageError: it is empty, holds a NUL byte, or begins with the home of nobody.
    """
    words = str(text)
    if not words:
        raise UsageError(f"{where}: an empty name is no file or folder", "`.` is the current one")
    if "\0" in words:
        raise UsageError(f"{where}: the name holds a NUL byte", "name another")
    try:
        first, *rest = Path(words).parts or ("",)
        return home().joinpath(*rest) if first == "~" else Path(words).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{where}: {words}: there is no such home folder",
            "write the path out; a name that begins with ~ is ./~... here",
        ) from None


def recordable(path: Path, what: str) -> Path:
    """``path``, if a record and the engine's JSON can hold its name: they are UTF-8.

    Raises:
        UsageError: it is not.
    """
    try:
        str(path.absolute()).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} {path.absolute()}: the name is not UTF-8, so no job can be given it",
            "rename it, or name another folder",
        ) from None
    return path


def home() -> Path:
    """The user's home folder: ``$HOME``, or that of the user database where it is empty or unset.

    Raises:
        RuntimeError: the user has none.
    """
    try:
        return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise RuntimeError("this user has no home folder") from None


def variable(name: str) -> Path | None:
    """The path in an environment variable; None where it is empty or not set.

    Raises:
        UsageError: as with :func:`named`.
    """
    text = os.environ.get(name)
    return named(text, name) if text else None
