"""What verbs draw on a terminal: tables with their answer, and a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.cli import out
from harness.tables import fitted, screen
from harness.tables.rows import Row
from harness.tables.side import Side
from harness.tables.views import TOOL

if TYPE_CHECKING:
    from harness.compare.comparing import Outcome
    from harness.history.courses import Course, Over

_NAMES = 28
_HISTORY = "The rule is told by -v, and in benchdl docs history."
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


def history(over: Over, *, quiet: bool = False, verbose: bool = False) -> None:
    """Every configuration over time, its changes, and what they come to."""
    from harness.history import sentences

    courses: dict[str, list[Course]] = {}
    for course in over.courses:
        courses.setdefault(course.caption, []).append(course)
    heads = _heads(sentences.header(over), left=2)
    for part in sentences.parts(over):
        out.drawn([screen.sentence(part.caption, "bold"), ""])
        out.drawn(fitted.tables(heads, part.cells, out.width()))
        out.drawn([""] if quiet or not part.notes else ["", *screen.notes(part.notes), ""])
        for course in courses[part.caption] if verbose else ():
            out.drawn([screen.sentence(f"{course.name}:"), ""])
            points = _heads(sentences.point_header(over), left=1, wraps="Changed")
            out.drawn(fitted.tables(points, sentences.point_cells(course), out.width()))
            out.drawn([""])
    out.drawn(screen.sentence(words, "bold") for words in sentences.answers(over))
    if verbose:
        out.drawn(["", *(screen.sentence(words, "dim") for words in sentences.legend(over))])
    elif not quiet:
        out.drawn([screen.sentence(_HISTORY, "dim")])


def _heads(titles: Sequence[str], left: int, wraps: str = "Configuration") -> list[fitted.Head]:
    """The first ``left`` columns to the left, and those whose head begins with ``wraps``."""
    return [
        fitted.Head(title, left=i < left or title.startswith(wraps), wraps=title.startswith(wraps))
        for i, title in enumerate(titles)
    ]


def paragraph(words: str, status: str = "", indent: int = 0) -> None:
    """A sentence in the colour of a status, wrapped at words; elsewhere one line. None of none."""
    from rich.padding import Padding

    if words and out.on_screen():
        told = screen.sentence(words, fitted.STYLES.get(status, ""))
        out.drawn([Padding(told, (0, 0, 0, indent))])
    elif words:
        out.line(" " * indent + words)


def facts(told: Mapping[str, str], indent: int, names: int = _NAMES) -> None:
    """Names, in a column of so many characters, and values, each in a line.

    On a terminal a long value is wrapped at words beside its name.
    """
    if not out.on_screen():
        for name, value in told.items():
            out.line(f"{' ' * indent}{name:<{names}} {value}")
        return
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=names)
    grid.add_column(overflow="fold")  # an id is never cut
    for name, value in told.items():
        grid.add_row(screen.sentence(name), screen.sentence(value))
    if told:
        out.drawn([Padding(grid, (0, 0, 0, indent))])
