"""A command under its supervisor, as the launcher sees it: output, end, and ending it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from harness.launchers import supervisor
from harness.launchers.stream import Stop

_ANSWER_BYTES = 65536
_LOOK_S = 0.2


class Guarded:
    """Starts ``command`` in a session of its own; whatever comes of it ends with it or with us.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: all of its environment.

    Raises:
        OSError: the supervisor does not start.
    """

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._line, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", supervisor.__file__, *command],
                    cwd=folder,
                    env=environment,
                    stdin=theirs.fileno(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError:
            self._line.close()
            raise
        self._said = b""
        self._heard_all = False

    def output(self) -> Iterator[bytes]:
        """What it prints, until the last of its processes has closed it."""
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - opened as a pipe above
        while chunk := os.read(stream.fileno(), 65536):
            yield chunk

    def over(self) -> bool:
        """Whether the supervisor itself has ended, as it does after all others."""
        return self._process.poll() is not None

    def ended(self, within_s: float, stop: Stop | None = None) -> bool:
        """Wait for the end of the command and of all that came of it; False if it does not come.

        Raises:
            KeyboardInterrupt: ``stop`` says so.
        """
        deadline = time.monotonic() + within_s
        while not self._heard_all:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if stop is not None:
                stop.check()
            if select.select([self._line], [], [], min(left, _LOOK_S))[0]:
                try:
                    told = self._line.recv(_ANSWER_BYTES)
                except OSError:  # it died with our word unread
                    told = b""
                self._said += told
                self._heard_all = not told
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.1, deadline - time.monotonic()))
        return True

    @property
    def problem(self) -> str:
        """Why the command did not start; empty if it did."""
        return str(self._answer().get("problem", ""))

    @property
    def code(self) -> int | None:
        """How it ended, negative for a signal; the supervisor's own end if that was killed."""
        code = self._answer().get("code")
        return code if isinstance(code, int) else self._process.returncode

    def end(self) -> None:
        """End whatever still runs, politely first. Nothing happens if it has ended."""
        with contextlib.suppress(OSError):
            self._line.send(b"end")
        if not self.ended(supervisor.GRACE_S * 2):
            self._line.close()  # the supervisor now kills at once
        self._line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(supervisor.GRACE_S)
            return
        self._process.kill()  # and the command dies with it
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(supervisor.GRACE_S)

    def _answer(self) -> dict[str, object]:
        try:
            answer = json.loads(self._said)
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}
