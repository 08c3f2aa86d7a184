"""Progress as JSON lines on standard output; everything else a job prints goes to log.txt.

Frameworks and their C++ parts write to file descriptors 1 and 2 whenever they like, so the
separation is made at that level, before anything is imported.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


class Progress:
    """Owns the real standard output; descriptors 1 and 2 lead to ``log``."""

    def __init__(self, log: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.close(target)

    def event(self, event: str, **facts: Any) -> None:
        """Write one line; a reader that has gone away does not end a running job."""
        try:
            self._stream.write(json.dumps({"event": event, **facts}) + "\n")
            self._stream.flush()
        except OSError:
            pass

    def forget(self) -> None:
        """Give up the real standard output: in a forked process, which must not speak there."""
        os.close(self._stream.fileno())
