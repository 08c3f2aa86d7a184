"""The sampler: a process of its own that writes what the machine and the job do, at a fixed rate.

    python -m runner.sampler --pid TRAINER_PID --interval 0.1 --out samples.csv [--no-gpu]

It prints ``ready`` once its first sample is written, and ends with a last sample when something
arrives on, or closes, its standard input, or when the trainer is gone. The judge starts and
stops it with :class:`Sampler`. :mod:`runner.meters.recorder` says what it writes.

Priority and affinity stay as inherited: a lower priority would lose samples exactly when all cores
work, a higher one needs privileges, and a core of its own would take that core from the job.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import IO, ContextManager, NamedTuple, Optional, Sequence

from runner.contract.samples import facts_path
from runner.meters.gpu_meter import open_gpus
from runner.meters.recorder import Recorder

READY = "ready"
STOPPED = "stopped"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


class SamplerEnd(NamedTuple):
    """How the sampling ended. ``detail`` is one line and says what broke unless ``ok``."""

    ok: bool
    detail: str
    samples: int


class Sampler:
    """Runs the sampler as a child of the process that makes this object, between start and stop.

    Writes ``out`` and the JSON file beside it; those of an earlier run are removed. Never raises:
    a finished training must be kept even if its sampler broke. :meth:`stop` (or ``end``, after a
    ``with``) says how it went; figures without samples stay ``None``.
    """

    def __init__(
        self,
        out: Path,
        interval_s: float = 0.1,
        gpu: bool = True,
        gpus: Optional[Sequence[str]] = None,
        pid: Optional[int] = None,
    ) -> None:
        """``pid``: whose process tree is the job; by default that of this process."""
        self.end: Optional[SamplerEnd] = None
        self._out = out.absolute()
        self._command = [sys.executable, "-m", "runner.sampler", "--pid", str(pid or os.getpid())]
        self._command += ["--interval", str(interval_s), "--out", str(self._out)]
        self._command += [] if gpu else ["--no-gpu"]
        self._command += ["--gpus", ",".join(gpus)] if gpus else []
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._errors: Optional[IO[bytes]] = None

    def start(self, timeout_s: float = START_TIMEOUT_S) -> bool:
        """Start it and wait for its first sample; ``False`` if there was none in time."""
        try:
            for stale in (self._out, facts_path(self._out)):
                stale.unlink(missing_ok=True)
            # A file, not a pipe: a pipe that nobody reads would block the sampler when full.
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=Path(__file__).resolve().parents[1],
            )
        except OSError as error:
            self.end = SamplerEnd(False, f"the sampler did not start: {error}", 0)
            return False
        self._process = process
        stdout = process.stdout
        readable = stdout is not None and select.select([stdout], [], [], timeout_s)[0]
        if stdout is not None and readable and stdout.readline().strip() == READY.encode():
            return True
        late = ""
        if not readable:
            process.kill()
            late = f" (killed: no sample within {timeout_s:g} s)"
        self.end = self._stop(STOP_TIMEOUT_S, late)
        return False

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> SamplerEnd:
        """Take the last sample, end the process and say how it went. May be called again."""
        if self.end is None:
            self.end = self._stop(timeout_s)
        return self.end

    def _stop(self, timeout_s: float, late: str = "") -> SamplerEnd:
        process, errors = self._process, self._errors
        if process is None or errors is None:
            return SamplerEnd(False, "the sampler was never started", 0)
        try:
            process.communicate(b"stop\n", timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            late = f" (killed: it did not stop within {timeout_s:g} s)"
        with errors:
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip().splitlines()
        try:
            facts = json.loads(facts_path(self._out).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = {}
        ended, samples = facts.get("ended"), int(facts.get("samples", 0))
        if process.returncode == 0 and ended == STOPPED:
            return SamplerEnd(True, STOPPED, samples)
        last = said[-1] if said else ended or "it said nothing"
        detail = f"the sampler ended with exit code {process.returncode}{late}: {last}"
        return SamplerEnd(False, detail, samples)

    def __enter__(self) -> Sampler:
        self.start()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.stop()


def of_this_process(out: Path, interval_s: Optional[float]) -> ContextManager[Optional[Sampler]]:
    """Watches this process and all that it starts, but for GPUs; nothing where no interval is."""
    return nullcontext() if interval_s is None else Sampler(out, interval_s, gpu=False)


def next_tick(start_s: float, interval_s: float, now_s: float) -> float:
    """The next moment of the fixed schedule ``start + n x interval`` after ``now``.

    Ticks that passed while a sample was taken are skipped, never made up for, and a late sample
    does not move the later ones.
    """
    # A moment within a millionth of a tick is that tick, whatever its rounding.
    passed = math.floor((now_s - start_s) / interval_s + 1e-6)
    return start_s + (passed + 1) * interval_s


def record(recorder: Recorder, interval_s: float, stdin: int = 0) -> str:
    """Sample until told to stop; return why it ended: ``stopped`` or ``trainer gone``."""
    parent = os.getppid()
    start = time.monotonic()
    recorder.sample()
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    while True:
        now = time.monotonic()
        wait = next_tick(start, interval_s, now) - now
        if select.select([stdin], [], [], wait)[0]:
            recorder.sample()  # so that the samples reach to the end of every window before it
            return STOPPED
        # A forked worker of a trainer that died may still hold our standard input open.
        if os.getppid() != parent or not recorder.tree.alive():
            return "trainer gone"
        recorder.sample()


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the sampler; the exit code is 0 unless it broke."""
    parser = argparse.ArgumentParser(prog="python -m runner.sampler")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--interval", type=float, default=0.1, help="seconds")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-gpu", action="store_true", help="do not look for GPUs")
    parser.add_argument("--gpus", help="only these: indices or UUIDs, separated by commas")
    options = parser.parse_args(arguments)
    if not options.interval > 0:
        parser.error("--interval must be above 0")
    # Ctrl-C reaches the whole terminal; when to stop is the judge's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    only = options.gpus.split(",") if options.gpus else None
    gpus = open_gpus(not options.no_gpu, only)
    recorder = Recorder(options.pid, options.interval, options.out, gpus)
    recorder.close(record(recorder, options.interval))
    return 0


if __name__ == "__main__":
    sys.exit(main())
