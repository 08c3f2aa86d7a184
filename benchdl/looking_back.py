"""The verbs that look at stored results; each imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchdl import given
from benchdl.given import Folders
from benchdl.shown import Comparison, History, Runs
from harness import named_paths
from harness.campaign import notebook
from harness.store import report as report_damaged

if TYPE_CHECKING:
    from harness.report.writing import Format
    from harness.tables.rows import Row


def load(results: Folders = None) -> Any:
    """All stored results: a ``pandas.DataFrame`` where pandas is installed, else :class:`Runs`.

    Args:
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: the folder cannot be read. A result that cannot be is left out with a warning.
    """
    with given.told():
        stored = _rows(results)
    return _framed(Runs(stored))


def compare(
    a: str,
    b: str,
    *,
    figure: str = "time",
    margin: float | None = None,
    force: bool = False,
    campaign: str | None = None,
    results: Folders = None,
) -> Comparison:
    """Is B faster than A, by how much, and how sure is that?

    Args:
        a: as in ``benchdl compare``: a backend (``tf:tuned:gpu``), a campaign, or a folder.
        b: likewise.
        figure: ``time``, ``first-epoch``, ``steady-epoch`` or ``total``.
        margin: a difference that does not matter, as a share; the command's own without.
        force: compare what differs in more than was asked.
        campaign: of two backends only the runs of this campaign.
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: a word is nothing known, a margin is none, or the two may not be compared.
    """
    from harness.compare import comparing, sides
    from harness.tables import judged
    from harness.tables.selection import Selection

    with given.told():
        key, within = judged.key(figure), judged.margin(margin)
        selection = Selection(campaign=campaign)
        found = sides.resolve((a, b), given.stores(results), notebook.warn, selection)
        outcome = comparing.between(
            found.rows,
            found.questions,
            names=found.names,
            figure=key,
            margin=within,
            force=force,
            others=found.others,
        )
    return Comparison(outcome)


def history(results: Folders = None, *, figure: str = "time", margin: float | None = None) -> Any:
    """Each configuration over days, versions and images: one line a campaign of each.

    A ``pandas.DataFrame`` where pandas is installed, else :class:`History`; its columns are those
    of ``benchdl history --format csv``, ``begun_at`` as a time of UTC.

    Args:
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.
        figure: ``time``, ``first-epoch``, ``steady-epoch`` or ``total``.
        margin: a change that does not matter, as a share; the command's own without.

    Raises:
        Error: a figure or margin that is none, or the folder cannot be read. A result that cannot
            be is left out with a warning.
    """
    from harness.history import courses
    from harness.tables import judged

    with given.told():
        key, within = judged.key(figure), judged.margin(margin)
        stored = _rows(results)
    return _framed(History(courses.over_time(stored, key, within)))


def report(
    output: str | Path = "report.html",
    *,
    form: Format = "html",
    timelines: int | None = 200,
    results: Folders = None,
) -> Path:
    """Write a report of all stored results: one file that needs no network; returns where it is.

    Args:
        output: the file to write; one that is there stays until the new one is whole.
        form: the page (``html``), or its tables as ``md`` or ``csv``.
        timelines: how many of the newest runs get one in the page; None for all.
        results: the folder of the results, or several; ``$BENCHDL_RESULTS`` or ``results`` here.

    Raises:
        Error: the results cannot be read, or the file cannot be written.
    """
    from harness.report import writing

    with given.told():
        file = named_paths.named(output, "output")
        writing.check(file)
        text, _ = writing.made(given.stores(results), form, timelines, notebook.warn)
        writing.write(file, text)
    return file


def _rows(results: Folders) -> list[Row]:
    """All stored runs, each with where it is from; a warning for each that cannot be read."""
    from harness import together
    from harness.tables.told_beside import Beside

    held = together.load(given.stores(results))
    report_damaged(held.damaged, notebook.warn)
    return Beside(held.origins).rows(held.results)


def _framed(made: Runs | History) -> Any:
    """As a ``pandas.DataFrame``; where there is no pandas, as it is."""
    try:
        return made.frame()
    except ImportError:
        return made
