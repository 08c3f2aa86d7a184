"""``benchdl fleet resume``: drive a fleet again, and submit what ended early anew."""

from __future__ import annotations

import time
from pathlib import Path

import click

from harness.cli import common, driven, out


@click.command("resume")
@driven.fleet_argument
@driven.accept_option
@common.results_option
@common.quiet_option
@common.verbose_option
def command(
    fleet: str, accept_changes: bool, results: Path | None, quiet: bool, verbose: bool
) -> int:
    """Go on with a fleet.

    FLEET is its id, a part of it, or `latest`, which is the default.

    What still runs is followed; what was lost, refused, stopped or cancelled is submitted again.
    """
    from harness.fleet import cancelling, fleet_record, mending

    begin = time.monotonic()
    store = common.store(results)
    record = fleet_record.find(store, fleet, out.say)
    scheduler = driven.scheduler(record.file)
    for note in scheduler.check(record.file.hosts):
        out.say(note)
    mending.put_again(record, out.say)
    cancelling.go_on(record)
    return driven.drive(
        record,
        scheduler,
        store,
        begin=begin,
        again=True,
        accept_changes=accept_changes,
        quiet=quiet,
        verbose=verbose,
    )
