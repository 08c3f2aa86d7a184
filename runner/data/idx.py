"""Arrays from files in the IDX format; :mod:`runner.contract.idx_header` has the format."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from runner.contract.idx_header import Kind
from runner.data.contents import DatasetError, read

_TYPES = {Kind.UBYTE: ("bytes", ">u1"), Kind.SHORT: ("16-bit integers", ">i2")}


def values(
    directory: Path, name: str, kind: Kind, dimensions: int, expected_sha256: Dict[str, str]
) -> Any:
    """The values of one file, in the shape that its header states: uint8 or int16.

    Raises:
        DatasetError: as :func:`runner.data.contents.read`, or it is no IDX file of this kind in so
            many dimensions, or of another size than it says.
    """
    path, content = read(directory, name, expected_sha256)
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, kind, dimensions)):
        raise DatasetError(
            f"{path}: not an IDX file of {_TYPES[kind][0]} in {dimensions} dimensions"
        )
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    count = math.prod(shape)
    if len(content) - start != count * kind.size_bytes:
        raise DatasetError(
            f"{path}: {len(content) - start} bytes of data, its header says "
            f"{count * kind.size_bytes}"
        )
    return array(content, kind, shape, start)


def array(content: bytes, kind: Kind, shape: Tuple[int, ...], start: int = 0) -> Any:
    """Big-endian values of this kind as an array of this shape, in the machine's own order."""
    stored = _TYPES[kind][1]
    found = np.frombuffer(content, stored, math.prod(shape), start).reshape(shape)
    return found.astype(found.dtype.newbyteorder("="), copy=False)
