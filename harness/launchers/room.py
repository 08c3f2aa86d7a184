"""How much a job may write to the host's disk: its folders are looked at while it runs.

A bind mount has no size of its own, so the limit on one file (``fsize``) says nothing of many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.launchers.looking import Looking

MAX_JOB_BYTES = 2 * 2**30
"""Far more than a job leaves: samples of 256 MiB, a log, a result."""

MAX_CACHE_BYTES = 16 * 2**30
"""Compiled code of one backend, of which the GPU driver's own may have 4 GiB."""

LOOK_S = 5.0
_MAX_FILES = 200_000
_BLOCK_BYTES = 512  # of st_blocks, whatever the file system's are (stat(3type))


class Room:
    """Watches folders in a thread while its body runs, and ends the job that fills one.

    Args:
        limits: folders and how many bytes of disk each may take.
        end: ends the job; called once.
        look_s: seconds between two looks. A tree that takes long to look at is looked at less.
    """

    def __init__(
        self, limits: Mapping[Path, int], end: Callable[[], None], look_s: float = LOOK_S
    ) -> None:
        self._limits = limits
        self._end = end
        self._look_s = look_s
        self._looking: Looking | None = None
        self.problem: str | None = None
        """What was exceeded, in words."""

    def __enter__(self) -> Room:
        self._looking = Looking(self._look, self._look_s, first_s=self._look_s)
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self._looking is not None:
            self._looking.stop()

    def _look(self) -> bool:
        for folder, limit in self._limits.items():
            self.problem = self._exceeded(folder, limit)
            if self.problem:
                self._end()
                return True
        return False

    def _exceeded(self, folder: Path, limit: int) -> str | None:
        taken, files = 0, 0
        waiting = [str(folder)]
        while waiting and not (self._looking and self._looking.stopped):
            try:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        files += 1
                        found = entry.stat(follow_symlinks=False)
                        taken += found.st_blocks * _BLOCK_BYTES
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        if taken > limit:
                            return f"more than {limit / 2**30:g} GiB in {folder}"
                        if files > _MAX_FILES:
                            return f"more than {_MAX_FILES:,} files in {folder}"
            except OSError:
                continue  # it has just been removed, or is closed to us
        return None
