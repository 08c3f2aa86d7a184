"""The end of ``run`` and ``resume``: the table, where it is stored, and the exit status."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness import counted
from harness.campaign.display import Display
from harness.campaign.preview import Preview
from harness.cli import on_screen, out
from harness.errors import UsageError
from harness.store import Store
from harness.tables import rows
from harness.tables.data_formats import to_json
from harness.tables.markdown import to_markdown
from harness.tables.told_beside import NOTHING, Beside
from runner.contract.result import Result

if TYPE_CHECKING:
    from harness.compare.comparing import Outcome


def show(
    done: list[Result],
    *,
    as_json: bool,
    begin: float,
    store: Store,
    display: Display,
    quiet: bool = False,
    verbose: bool = False,
    beside: Beside = NOTHING,
    against: bool = True,
) -> int:
    """Print results and return the exit status: 0 if every job that ended may be used.

    Args:
        done: the results, attempts that were cut off among them.
        as_json: print them as JSON and nothing else.
        begin: when the command began, on the monotonic clock.
        store: where they are.
        display: for the closing line.
        quiet: tables and answers alone.
        verbose: what columns mean as well.
        beside: what no result tells of itself.
        against: compare with earlier builds, if their campaign asks for it.
    """
    table = beside.rows(done)
    if as_json:
        out.json(to_json(table))
    else:
        compared = _with_earlier_builds(done, store) if against else None
        _print(table, compared, quiet=quiet, verbose=verbose)
        display.say(f"{counted.things(len(done), 'result')} in {time.monotonic() - begin:.0f} s, "
                    f"stored in {store.directory.absolute()}")  # fmt: skip
    usable = ("ok", "suspect", "interrupted")
    return 0 if all(row.status in usable for row in table) else 1


def _print(
    table: list[rows.Row], compared: Outcome | str | None, *, quiet: bool, verbose: bool
) -> None:
    """The table and the comparison with earlier builds; a text says why there is none."""
    from harness.compare import text

    if out.on_screen():
        out.line("")
        on_screen.tables(table, quiet=quiet, verbose=verbose)
        if isinstance(compared, str):
            out.line(compared)
        elif compared:
            on_screen.comparison(compared, verbose=verbose)
    else:
        out.document("\n" + to_markdown(table) + "\n")
        if compared:
            told = compared if isinstance(compared, str) else text.to_text(compared)
            out.document(told + "\n")


def preview(found: Preview, *, as_json: bool, display: Display) -> int:
    """Print what ``run`` would do and return the exit status, 0.

    Args:
        found: it.
        as_json: print it as JSON and nothing else.
        display: for what ``run`` tells before its first job.
    """
    if as_json:
        out.json(found.model_dump_json(indent=1))
        return 0
    for note in found.notes:
        display.say(note)
    for line in found.lines():
        words = line.lstrip()
        on_screen.paragraph(words, indent=len(line) - len(words))
    return 0


def _with_earlier_builds(done: list[Result], store: Store) -> Outcome | str | None:
    """The builds of now against those of ``--against``, or why that cannot be told; else None."""
    from harness.campaign import records
    from harness.compare import earlier

    if not done:
        return None
    campaign = records.find(store, done[0].job.campaign_id)
    if campaign.options.against is None:
        return None
    try:
        return earlier.outcome(campaign, done)
    except UsageError as error:
        return f"- not compared: {error}"
