"""``python -m runner JOB_DIR``: the judge of one job. Writes result.json; exit status 0 or 1."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional

from runner.contract.conformance import Conformance
from runner.contract.job import Job, load_job
from runner.contract.measurement import Measurement
from runner.contract.result import Failure, Result
from runner.contract.schema import ContractError
from runner.events import Progress


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
    conformance: Optional[Conformance] = None
    failure: Optional[Failure] = None
    try:
        # Imported here so that a broken environment is a recorded failure, not a traceback.
        if job.purpose == "prove":
            from runner.proving.prove import conformance as proven  # noqa: PLC0415

            conformance = proven(job, job_dir, progress)
        else:
            from runner.judge import measure  # noqa: PLC0415

            measurement = measure(job, job_dir, progress)
    except Exception as error:
        traceback.print_exc()
        failure = _failure(error)
    result = Result(
        run_id=job.run_id,
        status="failed" if failure else "ok",
        started_at=started,
        finished_at=_now(),
        job=job,
        measurement=measurement,
        conformance=conformance,
        failure=failure,
    )
    temporary = job_dir / "result.json.tmp"
    temporary.write_text(result.model_dump_json(indent=1), encoding="utf-8")
    temporary.replace(job_dir / "result.json")
    progress.event("done", status=result.status)
    return 1 if failure else 0


def _failure(error: Exception) -> Failure:
    name, line = type(error).__name__, _plain(" ".join(str(error).split())[:500])
    advice = "the job's log.txt has the traceback"
    if name == "TrainingError":  # not by its class: importing it may be what failed
        reason, code = getattr(error, "reason", "runner-error"), getattr(error, "exit_code", None)
        return Failure(reason=_plain(reason)[:40], message=line, advice=advice, exit_code=code)
    reason = {"DatasetError": "dataset-error"}.get(name, "runner-error")
    if isinstance(error, ImportError):
        reason = "import-error"
    return Failure(reason=reason, message=f"{name}: {line}", advice=advice)


def _plain(text: str) -> str:
    """A text that JSON can hold: a file's name, or a trainer, may give halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


if __name__ == "__main__":
    code = main()
    if code == 0:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # the result is written: nothing that ends an interpreter is worth its time
    sys.exit(code)
