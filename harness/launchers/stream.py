"""Following a running job: its progress lines, its deadline, and the last of what it said."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterable

from harness import files
from harness.files import FileError
from harness.launchers.base import OnEvent

_MAX_LINE_BYTES = 64 * 1024
_POLL_S = 0.2


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

    def until(self, deadline: float, stop: threading.Event | None = None) -> bool:
        """Handle lines until the output ends; False if ``deadline`` (monotonic) came first.

        Raises:
            KeyboardInterrupt: ``stop`` was set.
        """
        while True:
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                line = self._lines.get(timeout=min(_POLL_S, left))
            except queue.Empty:
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
