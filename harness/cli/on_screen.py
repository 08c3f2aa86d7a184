"""What verbs draw on a terminal: tables with their answer, and a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.cli import out
from harness.tables import fitted, screen
from harness.tables.rows import Row
from harness.tables.views import TOOL, Side

if TYPE_CHECKING:
    from harness.compare.comparing import Outcome

_WHERE = "The words are defined by -v, and in benchdl docs method."


def tables(
    rows: Sequence[Row], side: Side = TOOL, *, quiet: bool = False, verbose: bool = False
) -> None:
    """The tables of a side; those by tool end with a sentence on which is the fastest."""
    from harness.compare import fastest

    out.drawn(
        screen.to_screen(
            list(rows),
            out.width(),
            side,
            answer=fastest.sentences if side is TOOL else lambda _: [],
            quiet=quiet,
            verbose=verbose,
        )
    )


def comparison(outcome: Outcome, *, quiet: bool = False, verbose: bool = False) -> None:
    """Two sides: what is equal, a line a configuration, why, and the answer."""
    from harness.compare.told import told as words_of

    told = words_of(outcome)
    name, *others = told.header
    heads = [fitted.Head(name, wraps=True), *(fitted.Head(title) for title in others)]
    out.drawn([*(screen.sentence(words) for words in told.about), ""])
    out.drawn(fitted.tables(heads, told.cells, out.width()))
    out.drawn([""] if quiet else ["", *screen.notes(told.notes), ""])
    out.drawn(screen.sentence(words, "bold") for words in told.answers)
    if verbose:
        out.drawn(["", *(screen.sentence(words, "dim") for words in told.legend)])
    elif not quiet:
        out.drawn([screen.sentence(_WHERE, "dim")])


def paragraph(words: str, status: str = "", indent: int = 0) -> None:
    """A sentence in the colour of a status, wrapped at words; elsewhere one line. None of none."""
    from rich.padding import Padding

    if words and out.on_screen():
        told = screen.sentence(words, fitted.STYLES.get(status, ""))
        out.drawn([Padding(told, (0, 0, 0, indent))])
    elif words:
        out.line(" " * indent + words)
