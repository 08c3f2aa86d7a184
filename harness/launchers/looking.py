"""A thread that looks at something again and again while a job runs."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Looking:
    """Begins at once.

    Args:
        look: looks once, and says whether that was enough.
        every_s: seconds between two looks. One that takes long is done less often.
        first_s: seconds before the first.
    """

    def __init__(self, look: Callable[[], bool], every_s: float, first_s: float = 0.0) -> None:
        self._look = look
        self._every_s = every_s
        self._first_s = first_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for the present look any more."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Look no more, and come back once the last look has ended. May be called again."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = self._first_s
        while not self._stop.wait(wait_s):
            if self._look():
                return
            wait_s = self._every_s
