"""What a killed harness left of a campaign: results that say so, and no process or container.

For whoever holds the campaign's lock, and so knows that nobody else runs it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from importlib import metadata
from itertools import islice
from pathlib import Path

from harness import files, staging, trees
from harness.files import FileError
from harness.launchers.exchange import MAX_RESULT_BYTES, OURS, Exchange
from harness.launchers.launcher import Launcher
from harness.store import Store
from runner.contract.job import Job, load_job
from runner.contract.result import Failure, Launch, Result
from runner.contract.schema import ContractError

REASON = "harness-died"

_CLOCKS_DIFFER_S = 3600.0
_MOST_LOOKED_AT = 1000  # of the files that a job left, for its last sign of life


def clear(
    campaign_id: str,
    machine: str,
    launcher: Launcher,
    store: Store,
    say: Callable[[str], None],
) -> list[Result]:
    """End what still runs of the campaign, and store each job that was cut off as interrupted.

    What such a job left is never used as a measurement: nobody saw how it ended.

    Returns:
        The results that were stored now.

    Raises:
        BenchdlError: a container belongs to a harness that runs, or a result cannot be written.
    """
    launcher.clear(campaign_id, say)
    stored: list[Result] = []
    folder = store.staging()
    for outer, job in _abandoned(folder, campaign_id):
        stored_already = files.exists(store.directory / job.run_id)  # it died while it tidied
        if job.purpose == "measure" and not stored_already:
            result = _cut_off(job, outer, machine)
            store.add(result, Exchange(folder, job, fresh=False))
            stored.append(result)
            say(f"{job.run_id} was cut off when its harness died: stored as interrupted")
        for partial in files.listing(folder):
            ours = partial.name.startswith((f"{job.run_id}.", f"{job.run_id}~"))
            if ours and staging.owner_of(partial.name) is not None:
                trees.remove(partial)
        Exchange(folder, job, fresh=False).remove()
    return stored


def _abandoned(folder: Path, campaign_id: str) -> Iterator[tuple[Path, Job]]:
    """The folders of the campaign's jobs; what does not say whose it is, is not touched."""
    for outer in files.listing(folder):
        try:
            job = load_job(files.read_plain(outer / OURS, MAX_RESULT_BYTES))
        except (FileError, ContractError):
            continue
        if job.campaign_id == campaign_id and job.run_id == outer.name:
            yield outer, job


def _cut_off(job: Job, outer: Path, machine: str) -> Result:
    begin = max(0.0, _likely((outer / OURS).stat().st_mtime))
    last = max([begin, *_writes(outer / "job")])
    return Result(
        run_id=job.run_id,
        status="interrupted",
        started_at=_utc(begin),
        finished_at=_utc(last),
        job=job,
        failure=Failure(
            reason=REASON,
            message=f"benchdl was killed, or the machine stopped, while it ran; its last sign of "
            f"life came after {last - begin:.0f} s",
            advice="benchdl resume runs it again, as a further attempt",
        ),
        launch=Launch(
            launcher=job.launcher,
            harness_version=metadata.version("benchdl"),
            machine=machine,
            wall_s=last - begin,
        ),
    )


def _writes(job_dir: Path) -> list[float]:
    """When each file of a job was last written, as it says, but not in a far future."""
    moments = []
    with contextlib.suppress(OSError):
        for entry in islice(os.scandir(job_dir), _MOST_LOOKED_AT):
            moments.append(entry.stat(follow_symlinks=False).st_mtime)
    return [_likely(moment) for moment in moments]


def _likely(moment: float) -> float:
    """A file's time may be anything: one in a far future is not believed."""
    return min(moment, time.time() + _CLOCKS_DIFFER_S)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
