"""``benchdl bundle replay``: tables and report again, from the results alone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from harness import files, scratch
from harness.bundle import outputs
from harness.bundle.manifest import RESULTS, TABLES
from harness.bundle.reading import Bundle
from harness.bundle.unpacking import FOLDERS, unpack
from harness.errors import BenchdlError, UsageError


@dataclass(frozen=True)
class Replayed:
    """One file made again; ``difference`` to the bundle's own one, empty if there is none.

    ``compared``: whether the bundle holds one of that name.
    """

    name: str
    compared: bool
    difference: str


def replay(bundle: Bundle, folder: Path, *, force: bool) -> list[Replayed]:
    """Make all tables of the bundle's results, and the report, in ``folder``.

    Returns:
        Each table, compared with the bundle's own, and the report, which is in no bundle.

    Raises:
        UsageError: ``folder`` holds something already, and ``force`` is not given.
        BenchdlError: it cannot be written.
    """
    results = bundle.results()
    made = outputs.of(results)
    with scratch.folder(Path(tempfile.gettempdir()), FOLDERS) as samples:
        unpack(bundle, RESULTS, samples)
        page = outputs.web_page(bundle.campaign(), results, bundle.manifest.damaged, samples)
    try:
        if not force and files.listing(folder):
            raise UsageError(f"{folder} is not empty", "name another with -o, or use --force")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        (folder / outputs.PAGE).write_text(page, encoding="utf-8", newline="")
    except OSError as error:
        raise BenchdlError(
            f"cannot write to {folder}: {error.strerror or error}", "name another with -o"
        ) from None
    then = {path.removeprefix(TABLES): path for path in bundle.names(TABLES)}
    found = [
        Replayed(name, name in then, _difference(text, bundle.read(then[name])))
        if name in then
        else Replayed(name, False, "")
        for name, text in made.items()
    ]
    lost = [
        Replayed(name, True, "this benchdl does not make it") for name in then if name not in made
    ]
    return [*found, *lost, Replayed(outputs.PAGE, False, "")]


def _difference(now: str, stored: bytes) -> str:
    if now.encode() == stored:
        return ""
    lines = zip_longest(stored.decode("utf-8", errors="replace").split("\n"), now.split("\n"))
    for number, (old, new) in enumerate(lines, 1):
        if old != new:
            return f"line {number} was {_short(old)}, it is {_short(new)}"
    return "they differ in characters that are not UTF-8"


def _short(line: str | None) -> str:
    if line is None:
        return "not there"
    return f"'{line[:77]}...'" if len(line) > 80 else f"'{line}'"
