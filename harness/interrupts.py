"""Ctrl-C, SIGTERM and SIGHUP as one exception, raised once: clean-up is not disturbed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last: the terminal was closed


@contextmanager
def once() -> Iterator[None]:
    """Within the body the first signal raises KeyboardInterrupt; later ones are ignored."""
    received = False

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal received
        if not received:
            received = True
            raise KeyboardInterrupt

    before = {sign: signal.signal(sign, handle) for sign in _SIGNALS}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
