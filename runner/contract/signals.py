"""How a process that a signal ended is told of."""

from __future__ import annotations

import signal


def ended_by(number: int) -> str:
    """``by signal 9``, and what it hints at: the kernel's killer of memory sends SIGKILL."""
    hint = " (SIGKILL: perhaps the machine ran out of memory)" if number == signal.SIGKILL else ""
    return f"by signal {number}{hint}"
