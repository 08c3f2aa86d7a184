"""``benchdl runs archive``: put runs away where no table reads them."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, completion, out
from harness.errors import UsageError


@click.command("archive")
@click.argument("runs", nargs=-1, metavar="[RUN...]", shell_complete=completion.runs)
@click.option(
    "--campaign",
    "campaigns",
    multiple=True,
    metavar="CAMPAIGN",
    shell_complete=completion.campaigns,
    help="Its record and all of its runs; repeat for several.",
)
@common.results_option
def command(runs: tuple[str, ...], campaigns: tuple[str, ...], results: Path | None) -> None:
    """Move runs into the folder archive/ among the results, which is a folder of results itself.

    A run that the record of a campaign needs is refused; a campaign goes whole. Nothing is changed
    in what is moved: benchdl table --results results/archive shows it.
    """
    from harness.campaign import retiring

    if not runs and not campaigns:
        raise UsageError("nothing to archive", "name a RUN, or --campaign CAMPAIGN")
    store = common.store(results)
    chosen = retiring.choose(store, runs, campaigns, out.say)
    folder = retiring.archive(store, chosen)
    out.say(f"{chosen}: moved to {folder}")
