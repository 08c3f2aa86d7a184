"""What the trainer tells the judge, and the word to go on: frames over two pipes.

The two are processes, so that a framework cannot reach the clock, the data or the result of the
judge. A frame is a line of JSON; where it has ``bytes`` that many raw bytes follow (weights, or
probabilities).
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

_MAX_LINE_BYTES = 4 * 2**20
_GO = b"g"


class ChannelError(ValueError):
    """What arrived is no frame, or is larger than the judge takes."""


class Frame(NamedTuple):
    """One frame and the moment (CLOCK_MONOTONIC, s) at which it was complete."""

    heard_s: float
    kind: str
    facts: Dict[str, Any]
    payload: bytes = b""


class Teller:
    """The trainer's end."""

    def __init__(self, frames: int, orders: int) -> None:
        self._frames, self._orders = frames, orders

    def tell(self, kind: str, payload: bytes = b"", **facts: Any) -> None:
        """Send one frame; a judge that is gone ends the trainer by SIGPIPE or this error.

        Raises:
            OSError: the judge is gone.
        """
        line = json.dumps({"kind": kind, "bytes": len(payload), **facts}) + "\n"
        _write(self._frames, line.encode())
        _write(self._frames, payload)

    def hand_over(self, kind: str, tensors: Sequence[Any]) -> None:
        """Send arrays as little-endian float32, one behind the other, and what type they had."""
        import numpy  # noqa: PLC0415 - a trainer chooses when NumPy is imported

        arrays = [numpy.asarray(tensor) for tensor in tensors]
        raw = b"".join(numpy.ascontiguousarray(array, "<f4").tobytes() for array in arrays)
        types = [str(array.dtype) for array in arrays]
        self.tell(kind, raw, shapes=[list(array.shape) for array in arrays], types=types)

    def wait(self) -> None:
        """Until the judge says to go on.

        Raises:
            EOFError: the judge is gone.
        """
        if os.read(self._orders, 1) != _GO:
            raise EOFError("the judge is gone")


class Listener:
    """The judge's end. ``most_bytes`` is the largest payload that it takes."""

    def __init__(self, frames: int, orders: int, most_bytes: int) -> None:
        self._stream = os.fdopen(frames, "rb")
        self._orders = orders
        self._most_bytes = most_bytes

    def go(self) -> None:
        """Let the trainer go on; one that is gone is noticed by its frames' end."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._orders, _GO)

    def frames(self) -> Iterator[Frame]:
        """Each frame as it arrives, until the trainer closes its end.

        Raises:
            ChannelError: something else came.
        """
        while True:
            line = self._stream.readline(_MAX_LINE_BYTES)
            if not line.endswith(b"\n"):
                if line:
                    raise ChannelError("the trainer's last words were cut off or too long")
                return
            facts = _parsed(line)
            size = facts.pop("bytes", 0)
            if not isinstance(size, int) or not 0 <= size <= self._most_bytes:
                raise ChannelError(f"the trainer announces {size} bytes of arrays")
            payload = self._stream.read(size) if size else b""
            if len(payload) != size:
                raise ChannelError("the trainer ended while it handed over its arrays")
            yield Frame(time.monotonic(), str(facts.pop("kind", "")), facts, payload)


def tensors(frame: Frame) -> List[Any]:
    """The arrays of a frame, as float32.

    Raises:
        ChannelError: shapes and bytes do not fit together.
    """
    import numpy  # noqa: PLC0415 - not needed by whoever only listens

    shapes: Optional[List[List[int]]] = frame.facts.get("shapes")
    values = numpy.frombuffer(frame.payload, "<f4")
    found, start = [], 0
    for shape in shapes or []:
        if not all(isinstance(side, int) and side >= 0 for side in shape):
            raise ChannelError(f"the trainer's arrays have the shape {shape}")
        size = 1
        for side in shape:
            size *= side
        if start + size > len(values):
            raise ChannelError("the trainer's arrays are fewer than their shapes say")
        found.append(values[start : start + size].reshape(shape))
        start += size
    if start != len(values):
        raise ChannelError("the trainer's arrays are more than their shapes say")
    return found


def _parsed(line: bytes) -> Dict[str, Any]:
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        raise ChannelError("the trainer said something that is no frame") from None
    if not isinstance(facts, dict):
        raise ChannelError("the trainer said something that is no frame")
    return facts


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
