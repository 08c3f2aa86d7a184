"""``benchdl runs rm``: remove runs for good."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli import common, out
from harness.errors import UsageError


@click.command("rm")
@common.runs_argument
@common.campaigns_option
@click.option("--yes", is_flag=True, help="Do not ask: they are gone for good.")
@common.results_option
def command(
    runs: tuple[str, ...], campaigns: tuple[str, ...], yes: bool, results: Path | None
) -> None:
    """Remove runs for good.

    `benchdl runs archive` puts them away instead. A run that the record of a campaign needs is
    refused; a campaign goes whole.
    """
    from harness.campaign import retiring

    if not runs and not campaigns:
        raise UsageError("nothing to remove", "name a RUN, or --campaign CAMPAIGN")
    store = common.store(results)
    chosen = retiring.choose(store, runs, campaigns, out.say)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"{chosen} would be gone for good", "say so: --yes")
        if not click.confirm(f"Remove {chosen} for good?", err=True):
            raise click.Abort
    retiring.remove(store, chosen)
    out.say(f"{chosen}: removed")
