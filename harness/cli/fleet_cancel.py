"""``benchdl fleet cancel``: end a fleet; what is finished stays."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, driven, out


@click.command("cancel")
@driven.fleet_argument
@common.results_option
def command(fleet: str, results: Path | None) -> None:
    """End what runs or waits of a fleet.

    FLEET is its id, a part of it, or `latest`, which is the default.

    A job in the middle of its training is stored as interrupted; `benchdl fleet resume` goes on.
    """
    from harness import counted
    from harness.fleet import cancelling, fleet_record

    record = fleet_record.find(common.store(results), fleet, out.say)
    ended = cancelling.cancel(record, driven.scheduler(record.file), out.say)
    out.say(f"fleet {record.fleet_id}: {counted.things(ended, 'shard')} told to end")
