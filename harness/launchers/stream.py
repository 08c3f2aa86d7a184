"""Following a running job: its progress lines, its deadline, and the last of what it said."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from harness import files, interrupts
from harness.files import FileError
from harness.launchers.launcher import OnEvent

LAST_WORDS_S = 10.0
"""For a job that has written its result: its measurement is finished and not to be lost."""

_MAX_LINE_BYTES = 64 * 1024
_POLL_S = 0.2


class Stop:
    """Whether a job is to be ended before its time: by a signal, or by another thread's event.

    Args:
        event: of another thread, if there is one.
        result: the file that the job writes last. Once it is there the job has a moment to end.
    """

    def __init__(self, event: threading.Event | None, result: Path | None = None) -> None:
        self._event = event
        self._result = result
        self._since: float | None = None

    def check(self) -> None:
        """Nothing, or the end.

        Raises:
            KeyboardInterrupt: a signal came or the event was set, and the job has not finished.
        """
        asked = self._event is not None and self._event.is_set()
        if not asked and not interrupts.pending():
            return
        if self._result is not None and files.exists(self._result):
            self._since = time.monotonic() if self._since is None else self._since
            if time.monotonic() - self._since < LAST_WORDS_S:
                return
        interrupts.check()
        raise KeyboardInterrupt


class Follower:
    """Reads a job's output in a thread, so that the deadline holds however silent it is.

    Lines that are JSON objects with an ``event`` go to ``on_event``; of all others the last few
    are kept in :attr:`tail`, for the case that the job dies.
    """

    def __init__(self, chunks: Iterable[bytes], on_event: OnEvent) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=10_000)
        self._on_event = on_event
        self._tail: deque[str] = deque(maxlen=20)
        self.broken: Exception | None = None
        """Why the output ended before its end; None where it came to its end."""
        self._thread = threading.Thread(target=self._read, args=(chunks,), daemon=True)
        self._thread.start()

    @property
    def tail(self) -> str:
        """The last lines that were not progress."""
        return "\n".join(self._tail)

    def until(
        self,
        deadline: float,
        stop: Stop | None = None,
        over: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Handle lines until the output ends; False if ``deadline`` (monotonic) came first.

        Args:
            deadline: when to give up.
            stop: ends it before.
            over: whether the job is known to have ended: then nothing more is waited for, though
                some process may keep the output open.

        Raises:
            KeyboardInterrupt: ``stop`` says so.
        """
        while True:
            if stop is not None:
                stop.check()
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            ended = over()
            try:
                line = self._lines.get(timeout=min(_POLL_S, left))
            except queue.Empty:
                if ended:
                    return True
                continue
            if line is None:
                return True
            self._handle(line)

    def _handle(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").rstrip()
        try:
            event = files.parse_json(text)
        except FileError:
            event = None
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            self._on_event(event)
        elif text:
            self._tail.append(text[:500])

    def _read(self, chunks: Iterable[bytes]) -> None:
        rest = b""
        try:
            for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._lines.put(line[:_MAX_LINE_BYTES])
                rest = rest[-_MAX_LINE_BYTES:]
        except Exception as error:  # whatever a stream raises, it must not be waited for any more
            self.broken = error
        if rest:
            self._lines.put(rest)
        self._lines.put(None)
