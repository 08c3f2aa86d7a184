"""The folder that one job sees: made before its start, read with suspicion after its end."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from harness.checks import troubles
from harness.errors import BenchdlError
from harness.launchers.base import Exit
from runner.contract import ContractError, Failure, Job, Result, job_text, load_result

OURS = "job.json"
"""The copy of the job that only the harness can write."""

MAX_RESULT_BYTES = 4 * 2**20
MAX_SAMPLES_BYTES = 256 * 2**20
MAX_LOG_BYTES = 16 * 2**20

_LOG_ADVICE = "read log.txt in the result's folder: benchdl show RUN prints where it is"


class Exchange:
    """A private folder of the host with one open folder in it, which the job may write to.

    The job runs as some other user, perhaps one that the engine maps elsewhere: the inner folder
    is open to all, the outer one to nobody but us. In the outer one is a copy of job.json that the
    job cannot change: should we die, it says what ran.

    Args:
        staging: where all such folders are.
        job: whose folder it is.
        fresh: make it; False is for one that a harness left which died.
    """

    def __init__(self, staging: Path, job: Job, *, fresh: bool = True) -> None:
        self._outer = staging / job.run_id
        self.job_dir = self._outer / "job"
        self._job = job
        if not fresh:
            return
        text = job.model_dump_json(indent=1)
        try:
            self._outer.mkdir(parents=True, mode=0o700)
            (self._outer / OURS).write_text(text, encoding="utf-8")
            self.job_dir.mkdir()
            self.job_dir.chmod(0o777)
            told = self.job_dir / "job.json"
            told.write_text(job_text(job), encoding="utf-8")
            told.chmod(0o644)  # whatever the umask is: the job's user is another
        except OSError as error:
            raise unwritable(staging, error) from None

    def result(self, exit_: Exit) -> Result | Failure:
        """What the job left, believed only if its process ended and everything fits.

        Where a failure's words, or the last of what the job said, are those of a known trouble
        with a GPU, the advice is its fix.
        """
        said = self._said(exit_)
        failure = said.failure if isinstance(said, Result) else said
        if failure is None or self._job.device != "gpu":
            return said
        last = exit_.tail + "\n" + "\n".join(_last_lines(self.job_dir / "log.txt"))
        trouble = troubles.recognise(failure.message) or troubles.recognise(last)
        if trouble is None:
            return said
        told = failure.model_copy(update={"advice": f"{trouble.meaning}: {trouble.fix}"})
        return said.model_copy(update={"failure": told}) if isinstance(said, Result) else told

    def _said(self, exit_: Exit) -> Result | Failure:
        if exit_.ended != "exited":
            return _ended_early(exit_)
        file = self.job_dir / "result.json"
        try:
            return self._read(file)
        except FileNotFoundError:
            return self._no_result(exit_)
        except (ContractError, OSError, UnicodeDecodeError) as error:
            return Failure(
                reason="invalid-result",
                message=f"the runner's result cannot be used: {error}",
                advice=_LOG_ADVICE,
                exit_code=exit_.code,
            )

    def _read(self, file: Path) -> Result:
        file.lstat()
        stream = _open_plain(file)
        if stream is None:
            raise ContractError("result.json is not a plain file")
        with stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_RESULT_BYTES:
                raise ContractError(
                    f"result.json has {size / 2**20:.0f} MiB, the limit is "
                    f"{MAX_RESULT_BYTES // 2**20} MiB"
                )
            result = load_result(stream.read(MAX_RESULT_BYTES).decode("utf-8"))
        if result.run_id != self._job.run_id:
            raise ContractError(f"it is of another run: {result.run_id}")
        if result.status == "ok" and result.measurement is None:
            raise ContractError("it says ok and holds no measurement")
        if result.status != "ok" and result.failure is None:
            raise ContractError(f"it says {result.status} and does not say why")
        return result

    def _no_result(self, exit_: Exit) -> Failure:
        last = exit_.tail.strip().splitlines()[-1:] or _last_lines(self.job_dir / "log.txt")[-1:]
        said = f"; it said last: {last[0][:300]}" if last else ""
        if exit_.code == 0:
            message = f"the runner ended without a result{said}"
            return Failure(reason="no-result", message=message, advice=_LOG_ADVICE, exit_code=0)
        how = f"with exit code {exit_.code}"
        if exit_.code is not None and (exit_.code < 0 or exit_.code > 128):
            signal = -exit_.code if exit_.code < 0 else exit_.code - 128
            how = f"by signal {signal}" + (
                " (SIGKILL: perhaps the machine ran out of memory)" if signal == 9 else ""
            )
        return Failure(
            reason="crashed",
            message=f"the runner ended {how}{said}",
            advice=_LOG_ADVICE,
            exit_code=exit_.code,
        )

    def deliver(self, folder: Path) -> None:
        """Copy the samples and the end of log.txt to ``folder``; links and giants stay behind."""
        limits = {
            "samples.csv": MAX_SAMPLES_BYTES,
            "samples.json": MAX_RESULT_BYTES,
            "log.txt": MAX_LOG_BYTES,
        }
        for name, limit in limits.items():
            stream = _open_plain(self.job_dir / name)
            if stream is None:
                continue
            with stream:
                size = os.fstat(stream.fileno()).st_size
                stream.seek(max(0, size - limit))
                with (folder / name).open("wb") as target:
                    shutil.copyfileobj(stream, target)
                    target.flush()
                    os.fsync(target.fileno())

    def remove(self) -> None:
        """Remove the folder; nothing in it is needed any more."""
        shutil.rmtree(self._outer, ignore_errors=True)


def data_dir(staging: Path, run_id: str) -> Path:
    """Where a job that sees the host's own paths finds its data."""
    return staging / run_id / "data"


def _ended_early(exit_: Exit) -> Failure:
    """The failure of a job that did not come to an end of its own."""
    words = {
        "not-started": (exit_.detail, exit_.advice),
        "interrupted": ("stopped by the user before its end", ""),
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


def _last_lines(file: Path) -> list[str]:
    stream = _open_plain(file)
    if stream is None:
        return []
    with stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(max(0, size - 4096))
        lines = stream.read().decode("utf-8", errors="replace").split("\n")
    return [line.strip() for line in lines if line.strip()]


def _open_plain(file: Path) -> BinaryIO | None:
    """Open what a job left, if it is a plain file: no link is followed, no pipe waited for."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return os.fdopen(handle, "rb")
