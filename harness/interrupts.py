"""Ctrl-C and SIGTERM as one exception, raised once: the clean-up that follows is not disturbed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130


@contextmanager
def once() -> Iterator[None]:
    """Within the body the first signal raises KeyboardInterrupt; later ones are ignored."""
    received = False

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal received
        if not received:
            received = True
            raise KeyboardInterrupt

    before = {sign: signal.signal(sign, handle) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
