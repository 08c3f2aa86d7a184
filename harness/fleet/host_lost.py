"""Jobs that a host began and never ended: each is an interrupted result, and runs again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from harness import files
from harness.files import FileError
from harness.fleet.shard_files import ShardFolder
from harness.launchers.exchange import MAX_RESULT_BYTES
from runner.contract.job import Job, load_job
from runner.contract.result import Failure, Launch, Result
from runner.contract.schema import ContractError

REASON = "host-lost"


def results(folder: ShardFolder, known: Collection[str], machine: str, shard: str) -> list[Result]:
    """A result for each job that was started and is not among the ``known``, ids of runs.

    What cannot be read says nothing, and is left out.

    Raises:
        BenchdlError: the folder cannot be read.
    """
    found = []
    for file in folder.started():
        job = None if file.stem in known else _job(file)
        if job is not None:
            found.append(_lost(job, file, machine, shard))
    return found


def is_lost(result: Result) -> bool:
    """Whether it is one of :func:`results`, and not what a host measured."""
    return result.failure is not None and result.failure.reason == REASON


def _job(file: Path) -> Job | None:
    try:
        job = load_job(files.read_plain(file, MAX_RESULT_BYTES))
    except (FileError, ContractError):
        return None
    return job if job.run_id == file.stem else None


def _lost(job: Job, file: Path, machine: str, shard: str) -> Result:
    begin = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc).isoformat(timespec="seconds")
    return Result(
        run_id=job.run_id,
        status="interrupted",
        started_at=begin,
        finished_at=begin,
        job=job,
        failure=Failure(
            reason=REASON,
            message="its host gave no further sign of life, and no result came",
            advice="the fleet runs it again, as a further attempt",
        ),
        launch=Launch(
            launcher=job.launcher,
            harness_version=metadata.version("benchdl"),
            machine=machine,
            wall_s=0.0,
            shard=shard,
        ),
    )
