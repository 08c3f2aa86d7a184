"""Commands as a user types them: printed before they run, with what they print, into a log too."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from benchmarks.many_gpus.timed import Ran

REPO = Path(__file__).resolve().parents[2]
VARIABLES = {"NCCL_NVLS_ENABLE": "0"}
"""Multicast over NVLink is off: hosts in virtual machines lack it."""

_GRACE_S = 20.0


class Commands:
    """Runs ``benchdl`` of this checkout, and the load of somebody else."""

    patience_s = 60.0
    """With what takes seconds: a table, or the begin of a load."""

    def __init__(self, log: TextIO) -> None:
        self._log = log

    def say(self, line: str) -> None:
        """A line for the reader, and for the log."""
        for stream in (sys.stdout, self._log):
            stream.write(line.rstrip("\n") + "\n")
            stream.flush()

    def run(self, words: Sequence[str], within_s: float) -> Ran:
        """``benchdl`` with these words; after ``within_s`` it is interrupted, as with Ctrl-C."""
        self.say(f"\n$ {shown(words)}")
        command = [sys.executable, "-m", "benchdl", *words]
        late = threading.Event()
        with subprocess.Popen(
            command,
            cwd=REPO,
            env={**os.environ, **VARIABLES},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:

            def end(how: signal.Signals) -> None:
                late.set()
                process.send_signal(how)

            timers = [
                threading.Timer(within_s, end, (signal.SIGINT,)),
                threading.Timer(within_s + _GRACE_S, end, (signal.SIGKILL,)),
            ]
            for timer in timers:
                timer.start()
            try:
                for line in process.stdout or ():
                    self.say(line)
                status = process.wait()
            finally:
                for timer in timers:
                    timer.cancel()
        return Ran(status, late.is_set())

    def printed(self, words: Sequence[str]) -> str:
        """What ``benchdl`` with these words prints, which is short and takes seconds."""
        self.say(f"\n$ {shown(words)}")
        done = subprocess.run(
            [sys.executable, "-m", "benchdl", *words],
            cwd=REPO, capture_output=True, text=True, check=False, timeout=self.patience_s,
        )  # fmt: skip
        if done.returncode:
            self.say(done.stderr)
        return done.stdout

    @contextmanager
    def stranger(self, python: str, uuid: str) -> Iterator[None]:
        """Somebody else's work on a GPU, from before until after.

        Raises:
            RuntimeError: it does not begin, or takes too long to.
        """
        command = [python, str(Path(__file__).with_name("stranger.py")), uuid]
        self.say(f"\n$ PYTHONPATH=. {shlex.join(command)} &")
        with subprocess.Popen(
            command,
            cwd=REPO,
            env={**os.environ, "PYTHONPATH": str(REPO)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            overdue = threading.Timer(self.patience_s, process.kill)
            overdue.start()
            try:
                begun = process.stdout is not None and process.stdout.readline() == "working\n"
                overdue.cancel()
                if not begun:
                    words = process.communicate()[1].strip().splitlines()
                    why = words[-1] if words else f"it did not begin within {self.patience_s:g} s"
                    raise RuntimeError(f"no load could be made: {why}")
                yield
            finally:
                overdue.cancel()
                process.kill()


def shown(words: Sequence[str]) -> str:
    """As it is typed."""
    variables = " ".join(f"{name}={value}" for name, value in VARIABLES.items())
    return f"{variables} python -m benchdl {shlex.join(words)}"
