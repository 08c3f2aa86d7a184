"""What a killed harness left of a campaign: results that say so, and no process or container.

For whoever holds the campaign's lock, and so knows that nobody else runs it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from harness.launchers.base import Launcher
from harness.launchers.exchange import OURS, Exchange
from harness.store import Store
from runner.contract import ContractError, Failure, Job, Launch, Result, load_job

REASON = "harness-died"


def clear(
    campaign_id: str,
    machine: str,
    launcher: Launcher,
    store: Store,
    say: Callable[[str], None],
) -> list[Result]:
    """End what still runs of the campaign, and store each job that was cut off as interrupted.

    What such a job left is not taken for a measurement, even if it came to its end: nobody saw how.

    Returns:
        The results that were stored now.

    Raises:
        BenchdlError: a container belongs to a harness that runs, or a result cannot be written.
    """
    launcher.clear(campaign_id, say)
    stored: list[Result] = []
    staging = store.staging()
    for outer, job in _abandoned(staging, campaign_id):
        if not (store.directory / job.run_id).exists():  # else it died between storing and tidying
            result = _cut_off(job, outer, machine)
            store.add(result, Exchange(staging, job, fresh=False))
            stored.append(result)
            say(f"{job.run_id} was cut off when its harness died: stored as interrupted")
        for partial in staging.glob(f"{job.run_id}.*.partial"):
            shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(outer, ignore_errors=True)
    return stored


def _abandoned(staging: Path, campaign_id: str) -> Iterator[tuple[Path, Job]]:
    """The folders of the campaign's jobs; what does not say whose it is, is not touched."""
    for outer in sorted(staging.iterdir()):
        try:
            job = load_job((outer / OURS).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ContractError):
            continue
        if job.campaign_id == campaign_id and job.run_id == outer.name:
            yield outer, job


def _cut_off(job: Job, outer: Path, machine: str) -> Result:
    begin = (outer / OURS).stat().st_mtime
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
    """When each file of a job was last written; links are not followed."""
    return [file.lstat().st_mtime for file in job_dir.iterdir()] if job_dir.is_dir() else []


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
