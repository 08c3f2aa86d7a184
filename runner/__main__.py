"""``python -m runner JOB_DIR``: read job.json, run it, write result.json; exit status 0 or 1."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional

from runner.contract import ContractError, Failure, Job, Result, load_job
from runner.measurement import Measurement
from runner.progress import Progress


def main() -> int:
    """Run the one job of the directory given as the only argument."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m runner JOB_DIR\n")
        return 2
    job_dir = Path(sys.argv[1])
    try:
        job = load_job((job_dir / "job.json").read_text(encoding="utf-8"))
    except (OSError, ContractError) as error:
        sys.stderr.write(f"runner: cannot read the job: {error}\n")
        return 2
    return _run(job, job_dir)


def _run(job: Job, job_dir: Path) -> int:
    started = _now()
    progress = Progress(job_dir / "log.txt")
    measurement: Optional[Measurement] = None
    failure: Optional[Failure] = None
    try:
        # Imported here so that a broken environment is a recorded failure, not a traceback.
        from runner.train import measure  # noqa: PLC0415

        measurement = measure(job, job_dir, progress)
    except Exception as error:
        traceback.print_exc()
        failure = Failure(
            reason=_reason(error),
            message=" ".join(f"{type(error).__name__}: {error}".split())[:500],
            advice="the job's log.txt has the traceback",
        )
    result = Result(
        run_id=job.run_id,
        status="failed" if failure else "ok",
        started_at=started,
        finished_at=_now(),
        job=job,
        measurement=measurement,
        failure=failure,
    )
    temporary = job_dir / "result.json.tmp"
    temporary.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    temporary.replace(job_dir / "result.json")
    progress.event("done", status=result.status)
    return 1 if failure else 0


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "import-error"
    if isinstance(error, MemoryError):
        return "out-of-memory"
    if type(error).__name__ == "DivergenceError":
        return "diverged"
    return "dataset-error" if type(error).__name__ == "DatasetError" else "runner-error"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


if __name__ == "__main__":
    code = main()
    if code == 0:
        sys.stdout.flush()
        sys.stderr.flush()
        # The result is written. What frameworks do when an interpreter ends takes up to a second,
        # and now and then crashes.
        os._exit(0)
    sys.exit(code)
