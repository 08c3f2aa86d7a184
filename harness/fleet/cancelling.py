"""Ending a fleet: its hosts are told to end, and no driver submits any more of it."""

from __future__ import annotations

from collections.abc import Callable

from harness import files
from harness.errors import BenchdlError
from harness.fleet.fleet_record import Fleet
from harness.fleet.scheduler import Scheduler
from harness.launchers.exchange import unwritable

_NAME = "cancelled"


def is_cancelled(fleet: Fleet) -> bool:
    """Whether its user ended it."""
    return files.exists(fleet.folder / _NAME)


def cancel(fleet: Fleet, scheduler: Scheduler, say: Callable[[str], None]) -> int:
    """End all that runs or waits; finished results stay. Returns how many jobs were told to end.

    Raises:
        BenchdlError: the folder cannot be written, or the engine refuses: some may go on.
    """
    try:
        files.write_whole(fleet.folder / _NAME, "")
    except OSError as error:
        raise unwritable(fleet.folder, error) from None
    active = {}
    for planned in fleet.shards:
        folder = fleet.shard_folder(planned)
        submissions, ends = folder.submissions(), folder.ends()
        last = submissions[-1].job_id if submissions else None
        if last and last not in ends:
            active[last] = planned.name
    seen = scheduler.look(active) if active else {}
    told, problems = 0, []
    for job_id, name in active.items():
        if seen[job_id].state == "ended":
            continue
        try:
            scheduler.cancel(job_id, running=seen[job_id].state != "waiting")
            told += 1
            say(f"shard {name}: job {job_id} was told to end")
        except BenchdlError as problem:
            problems.append(f"{name}: {problem}")
    if problems:
        raise BenchdlError(f"some were not ended: {'; '.join(problems)}", "try again")
    return told


def go_on(fleet: Fleet) -> None:
    """Take it back: a driver submits again.

    Raises:
        BenchdlError: the folder cannot be written.
    """
    try:
        (fleet.folder / _NAME).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(fleet.folder, error) from None
