"""``benchdl history``: each configuration over days, versions and images, its changes marked."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import common, compared, failing, filters, on_screen, out
from harness.tables import judged
from harness.tables.selection import Selection

if TYPE_CHECKING:
    from harness.history.courses import Over

_VERDICTS = {"regression": ("slower",), "change": ("slower", "faster")}


@click.command("history")
@compared.options("follow", "A change that does not matter: within it two levels are one.")
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(list(_VERDICTS)),
    help="Exit with 1 if the last change of any configuration made it slower, or was any.",
)
@click.option(
    "--changed-since",
    type=filters.Since(),
    metavar="WHEN",
    help="For --fail-on, only changes since then: a date (UTC), or an age as in 14d.",
)
@filters.options()
@common.format_option("text", "md", "csv", "json")
@common.quiet_option
@common.verbose_option
@common.several_results_option  # fmt: skip
def command(
    figure: str,
    margin: float,
    fail_on: str | None,
    changed_since: datetime | None,
    selection: Selection,
    form: str,
    quiet: bool,
    verbose: bool,
    results: tuple[Path, ...],
) -> int:
    """Follow each configuration over days, versions and images.

    One point is one campaign. Where the level of a line changed it is marked, with what changed
    beside it: image, lock files, software, driver, kernel, benchdl. Lines are of one machine and
    one kind of work. A change takes 10 campaigns, 4 or more on either side; docs/history.md says
    how often a mark is false.

    Exit status: 0; 1 by --fail-on; 2 a problem.
    """
    from harness.errors import UsageError
    from harness.history import courses, written

    if changed_since and not fail_on:
        raise UsageError("--changed-since without --fail-on", "--since chooses runs")
    with failing.apart():
        stored = filters.rows(results, selection)
    over = courses.over_time(stored, judged.key(figure), margin / 100)
    if form == "json":
        out.json(written.to_json(over))
    elif form == "csv":
        out.document(written.to_csv(over))
    elif not over.courses:
        if not selection:
            out.say("no runs yet: benchdl run BACKEND")
    elif form == "text":
        on_screen.history(over, quiet=quiet, verbose=verbose)
    else:
        out.document(written.to_markdown(over, verbose=verbose) + "\n")
    return _status(over, fail_on, changed_since) if fail_on else 0


def _status(over: Over, fail_on: str, since: datetime | None) -> int:
    """What ``--fail-on`` makes of the last change of each line, which it tells."""
    last = [(course, course.last_change) for course in over.courses]
    found = [
        f"{course.name} {change.verdict} since {change.at:%Y-%m-%d}"
        for course, change in last
        if change and change.verdict in _VERDICTS[fail_on] and (not since or change.at >= since)
    ]
    searched = sum(not course.unsearched for course in over.courses)
    told = "; ".join(found) or f"of {len(over.courses)} configurations {searched} searched"
    out.say(f"--fail-on {fail_on}: {'failed' if found else 'passed'} ({told})")
    return failing.FOUND if found else 0
