"""``benchdl fleet status``: how far the shards of a fleet are."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, driven, out


@click.command("status")
@driven.fleet_argument
@common.results_option
def command(fleet: str, results: Path | None) -> int:
    """Show each shard of a fleet.

    FLEET is its id, a part of it, or `latest`, which is the default.

    The exit status is 0 if all of them ran all of their jobs.
    """
    from harness import counted
    from harness.errors import BenchdlError
    from harness.fleet import fleet_record, fleet_view
    from harness.fleet.standing import Watch

    store = common.store(results)
    record = fleet_record.find(store, fleet, out.say)
    watches = [
        Watch(record.shard_folder(planned), planned.label, record.file.heartbeat_s)
        for planned in record.shards
    ]
    submissions = [watch.current() for watch in watches]
    ids = [last.job_id if last else None for last in submissions]
    try:
        seen = driven.scheduler(record.file).look([job_id for job_id in ids if job_id])
    except BenchdlError as problem:
        out.say(f"what the engine says is unknown: {problem}")
        seen = {}
    standings = [
        watch.look(seen.get(job_id or "")) for watch, job_id in zip(watches, ids, strict=True)
    ]
    out.line(f"fleet {record.fleet_id}: {fleet_view.summary(standings)}")
    out.drawn([fleet_view.table(standings)])
    waiting = fleet_view.uncollected(record, store)
    if waiting:
        lying = counted.things(waiting, "result")
        out.say(f"not collected yet: {lying}; benchdl fleet resume {record.fleet_id} does that")
    return 0 if all(standing.phase == "done" for standing in standings) else 1
