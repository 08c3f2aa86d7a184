"""The folder that one job sees: made before its start, read with suspicion after its end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO

from harness import files, marks, staging, trees
from harness.errors import BenchdlError
from harness.files import FileError, MissingError
from harness.launchers.launcher import Exit
from harness.nvidia import troubles
from runner.contract import signals
from runner.contract.job import Job, job_text
from runner.contract.result import Failure, Result, load_result
from runner.contract.schema import ContractError

OURS = "job.json"
"""The copy of the job that only the harness can write."""

MAX_RESULT_BYTES = 4 * 2**20
MAX_SAMPLES_BYTES = 256 * 2**20
MAX_LOG_BYTES = 16 * 2**20

_LOG = "log.txt"
_WARNING = re.compile(r"\b\w*Warning: |^\s*warnings\.warn\(")
_LIMITS = {
    "samples.csv": MAX_SAMPLES_BYTES,
    "samples.json": MAX_RESULT_BYTES,
    _LOG: MAX_LOG_BYTES,
}
_CHUNK_BYTES = 2**20

_LOG_ADVICE = "read log.txt in the result's folder: benchdl show RUN prints where it is"


class Exchange:
    """A private folder of the host with one open folder in it, which the job may write to.

    The job runs as some other user, perhaps one that the engine maps elsewhere: the inner folder
    is open to all, the outer one to nobody but us. In the outer one is a copy of job.json that the
    job cannot change: should we die, it says what ran.

    Args:
        folder: where all such folders are.
        job: whose folder it is.
        fresh: make it; False is for one that a harness left which died.
    """

    def __init__(self, folder: Path, job: Job, *, fresh: bool = True) -> None:
        self._outer = folder / job.run_id
        self.job_dir = self._outer / "job"
        self._job = job
        if not fresh:
            return
        new = folder / staging.partial(job.run_id)
        try:
            new.mkdir(parents=True, mode=0o700)
            (new / staging.OWNER).write_text(marks.own(), encoding="utf-8")
            (new / OURS).write_text(job.model_dump_json(indent=1), encoding="utf-8")
            open_to_all = new / self.job_dir.name
            open_to_all.mkdir()
            open_to_all.chmod(0o777)
            told = open_to_all / "job.json"
            told.write_text(job_text(job), encoding="utf-8")
            told.chmod(0o644)  # whatever the umask is: the job's user is another
            new.rename(self._outer)
        except OSError as error:
            trees.remove(new)
            raise unwritable(folder, error) from None

    def result(self, exit_: Exit) -> Result | Failure:
        """What the job left, believed only if its process ended and everything fits.

        Where a failure's words, or the last of what the job said, are those of a known trouble
        with a GPU, the advice is its fix.
        """
        said = self._said(exit_)
        failure = said.failure if isinstance(said, Result) else said
        if failure is None or self._job.device != "gpu":
            return said
        last = exit_.tail + "\n" + "\n".join(_last_lines(self.job_dir / _LOG))
        trouble = troubles.recognise(failure.message) or troubles.recognise(last)
        if trouble is None:
            return said
        told = failure.model_copy(update={"advice": f"{trouble.meaning}: {trouble.fix}"})
        return said.model_copy(update={"failure": told}) if isinstance(said, Result) else told

    def _said(self, exit_: Exit) -> Result | Failure:
        if exit_.ended != "exited":
            return _ended_early(exit_)
        try:
            return self._read(self.job_dir / "result.json")
        except MissingError:
            return self._no_result(exit_)
        except (ContractError, FileError) as error:
            return Failure(
                reason="invalid-result",
                message=f"the runner's result cannot be used: {error}",
                advice=_LOG_ADVICE,
                exit_code=exit_.code,
            )

    def _read(self, file: Path) -> Result:
        result = load_result(files.read_plain(file, MAX_RESULT_BYTES))
        if len(result.model_dump_json(indent=1)) > 2 * MAX_RESULT_BYTES:
            raise ContractError("it is too large: most of it is brackets")
        if result.run_id != self._job.run_id:
            raise ContractError(f"it is of another run: {result.run_id}")
        came = result.measurement if self._job.purpose == "measure" else result.conformance
        if result.status == "ok" and came is None:
            raise ContractError("it says ok and holds no measurement")
        if result.status != "ok" and result.failure is None:
            raise ContractError(f"it says {result.status} and does not say why")
        return result

    def _no_result(self, exit_: Exit) -> Failure:
        last = _telling(exit_.tail.strip().splitlines()) or _telling(
            _last_lines(self.job_dir / _LOG)
        )
        said = f"; last log line: {last[:300]}" if last else ""
        if exit_.code == 0:
            message = f"the runner ended without a result{said}"
            return Failure(reason="no-result", message=message, advice=_LOG_ADVICE, exit_code=0)
        how = f"with exit code {exit_.code}"
        if exit_.code is not None and (exit_.code < 0 or exit_.code > 128):
            how = signals.ended_by(-exit_.code if exit_.code < 0 else exit_.code - 128)
        return Failure(
            reason="crashed",
            message=f"the runner ended {how}{said}",
            advice=_LOG_ADVICE,
            exit_code=exit_.code,
        )

    def deliver(self, folder: Path) -> dict[str, str]:
        """Copy the samples and the end of log.txt to ``folder``; returns SHA-256 by name.

        What is no plain file of one name, and samples beyond their bound, stay behind.

        Raises:
            OSError: ``folder`` cannot be written.
        """
        delivered: dict[str, str] = {}
        for name, limit in _LIMITS.items():
            with contextlib.suppress(FileError), files.open_plain(self.job_dir / name) as stream:
                facts = os.fstat(stream.fileno())
                # A second name is a file of somebody else's that the job could not read itself.
                if facts.st_nlink > 1 or (facts.st_size > limit and name != _LOG):
                    continue
                stream.seek(max(0, facts.st_size - limit))
                delivered[name] = _copy(stream, folder / name, limit)
        return delivered

    def remove(self) -> None:
        """Remove the folder; nothing in it is needed any more."""
        going = self._outer.with_name(staging.partial(self._outer.name))
        try:
            self._outer.rename(going)  # half removed, it would not say whose it is
        except OSError:
            going = self._outer
        trees.remove(going)


def _copy(stream: BinaryIO, target: Path, limit: int) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as copy:
        while chunk := stream.read(min(_CHUNK_BYTES, limit)):
            copy.write(chunk)
            digest.update(chunk)
            limit -= len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def data_dir(staging: Path, run_id: str) -> Path:
    """Where a job that sees the host's own paths finds its data."""
    return staging / run_id / "data"


def _ended_early(exit_: Exit) -> Failure:
    """The failure of a job that did not come to an end of its own."""
    words = {
        "not-started": (exit_.detail, exit_.advice),
        "interrupted": ("stopped by the user", ""),
        "engine-lost": (exit_.detail, "benchdl resume runs it again, as a further attempt"),
        "too-big": (exit_.detail, "something is wrong with the backend: " + _LOG_ADVICE),
        "timeout": (
            exit_.detail or "the job ran past its time limit and was ended",
            "give it more with --timeout, or train less with --epochs",
        ),
        "out-of-memory": (
            "the job was killed for using more memory than its limit",
            "use a machine with more memory, or fewer --train-samples",
        ),
    }
    message, advice = words[exit_.ended]
    return Failure(reason=exit_.ended, message=message, advice=advice, exit_code=exit_.code)


def unwritable(folder: Path, error: OSError) -> BenchdlError:
    """An operating system's error on writing, as one line with the way out."""
    return BenchdlError(
        f"cannot write to {folder}: {error.strerror or error}",
        "make room there or name another folder with --results; finished results are kept",
    )


def _telling(lines: list[str]) -> str:
    """The last line that is no warning of Python's, or the last; empty if there is none."""
    plain = [line for line in lines if line.strip() and not _WARNING.search(line)]
    return (plain or lines or [""])[-1]


def _last_lines(file: Path) -> list[str]:
    try:
        lines = files.read_end(file, 4096).decode("utf-8", errors="replace").split("\n")
    except FileError:
        return []
    return [line.strip() for line in lines if line.strip()]
