"""Which benchdl runs: the checkout whose command was started, and not another one's code."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import harness
from harness.errors import BenchdlError


def own() -> Path:
    """The folder that holds this code: a checkout, or ``site-packages``."""
    return Path(harness.__file__).resolve().parent.parent


def check(program: str) -> None:
    """Refuse to run other code than was asked for; before anything of ``runner`` is imported.

    A copied checkout brings along an environment in which the original is installed. What stands
    before ours on Python's path may be another package of the same name.

    Args:
        program: as it was started, ``sys.argv[0]``.

    Raises:
        BenchdlError: the command or the runner is that of another folder.
    """
    here = own()
    asked = _checkout_of_command(program)
    if asked is not None and asked != here:
        raise BenchdlError(
            f"{program} would run the code of {here}, not of {asked}",
            f"run make setup in {asked}",
        )
    found = importlib.util.find_spec("runner")
    origin = Path(found.origin).resolve() if found and found.origin else None
    if origin != here / "runner" / "__init__.py":
        raise BenchdlError(
            f"the package runner is that of {origin or 'no place'}, not of {here}",
            "unset PYTHONPATH, or start benchdl with make",
        )


def note(say: Callable[[str], None]) -> None:
    """Tell ``say`` when another checkout's command is used in a checkout."""
    here, around = own(), _checkout_around()
    if around not in (None, here) and not os.environ.get("BENCHDL_ROOT"):
        say(f"this is the benchdl of {here}, not of {around}, where you are")


def _checkout_of_command(program: str) -> Path | None:
    """The checkout in whose ``.venv`` the command lies, itself or behind a link, or None."""
    try:
        places = (os.path.abspath(program), os.path.realpath(program))  # noqa: PTH100
    except OSError:  # the current folder was removed
        return None
    for folder in (Path(place).parent for place in places):
        checkout = folder.parent.parent
        if folder.name == "bin" and folder.parent.name == ".venv" and _is_checkout(checkout):
            return checkout.resolve()
    return None


def _checkout_around() -> Path | None:
    try:
        here = Path.cwd().resolve()
        return next((folder for folder in (here, *here.parents) if _is_checkout(folder)), None)
    except OSError:  # the current folder was removed, or may not be entered
        return None


def _is_checkout(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("harness/cli/main.py", "docker", "runner"))
