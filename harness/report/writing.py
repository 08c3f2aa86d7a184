"""A report of all stored results: made in one of its formats, and written whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from harness import files, together
from harness import store as store_module
from harness.errors import BenchdlError, UsageError
from harness.report import page, texts
from harness.report.document import Source
from harness.store import Store
from harness.tables.selection import ALL, Selection
from harness.tables.told_beside import NOTHING, Beside

Format = Literal["html", "md", "csv"]


def made(
    stores: Sequence[Store],
    form: Format,
    timelines: int | None,
    say: Callable[[str], None],
    selection: Selection = ALL,
    beside: Beside = NOTHING,
) -> tuple[str, int]:
    """The report's text and the number of results in it.

    Args:
        stores: whose results.
        form: the page, or its tables as Markdown or CSV.
        timelines: how many of the newest runs get one in the page; None for all.
        say: is told of results that cannot be read.
        selection: which of the results.
        beside: what no result tells: prices, a loss to be reached.

    Raises:
        BenchdlError: the results cannot be listed, two of one id differ, or the cache cannot be
            written.
        UsageError: the selection asks for what is nothing known, or a price fits no machine.
    """
    held = together.load(stores)
    store_module.report(held.damaged, say)
    found = selection.of(held.results, say)
    beside = replace(beside, origins=held.origins)
    if form == "md":
        return texts.markdown(found, beside), len(found)
    if form == "csv":
        return texts.csv_lines(found, beside), len(found)
    source = Source(
        results=found,
        folders=held.folders,
        damaged=[f"{result.name}: {result.reason}" for result in held.damaged],
        timelines=timelines,
        left_out=len(held.results) - len(found),
        beside=beside,
    )
    return page.render(source), len(found)


def check(output: Path) -> None:
    """What can be known before a report is made, which takes a while.

    Raises:
        UsageError: ``output`` is a folder.
    """
    if files.is_dir(output):
        raise UsageError(f"{output} is a folder", "name a file, as in -o report.html")


def write(output: Path, text: str) -> None:
    """Write the file; one that is there already stays until the new one is whole.

    Raises:
        BenchdlError: it cannot be written.
    """
    try:
        files.write_whole(output, text)
    except OSError as error:
        raise BenchdlError(
            f"cannot write {output} ({error.strerror or error})", "name another file with -o"
        ) from None
