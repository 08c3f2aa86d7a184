"""``benchdl runs archive``: put runs away where no table reads them."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, out
from harness.errors import UsageError


@click.command("archive")
@common.runs_argument
@common.campaigns_option
@common.results_option
def command(runs: tuple[str, ...], campaigns: tuple[str, ...], results: Path | None) -> None:
    """Move runs into archive/, a folder of results itself.

    It lies among the results. A run that the record of a campaign needs is refused; a campaign goes
    whole. Nothing is changed in what is moved: benchdl table --results results/archive shows it.
    """
    from harness.campaign import retiring

    if not runs and not campaigns:
        raise UsageError("nothing to archive", "name a RUN, or --campaign CAMPAIGN")
    store = common.store(results)
    chosen = retiring.choose(store, runs, campaigns, out.say)
    folder = retiring.archive(store, chosen)
    out.say(f"{chosen}: moved to {folder}")
