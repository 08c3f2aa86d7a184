"""Y. LeCun's IDX format, as MNIST's home states it ("File formats of the MNIST database").

A big-endian magic number (0, 0, a code for the type, number of dimensions), the sizes as 32-bit
integers, then the values.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict

import numpy as np

from runner.data import idx_header
from runner.data.contents import DatasetError, read


def unsigned_bytes(
    directory: Path, name: str, dimensions: int, expected_sha256: Dict[str, str]
) -> Any:
    """The bytes of one file, uint8 in the shape that its header states.

    Raises:
        DatasetError: as :func:`runner.data.contents.read`, or it is no IDX file of bytes in so many
            dimensions, or of another size than it says.
    """
    return _values(directory, name, dimensions, expected_sha256, idx_header.BYTES)


def shorts(directory: Path, name: str, dimensions: int, expected_sha256: Dict[str, str]) -> Any:
    """The signed 16-bit integers of one file, int16 in the shape that its header states.

    Raises:
        DatasetError: as :func:`unsigned_bytes`.
    """
    return _values(directory, name, dimensions, expected_sha256, idx_header.SHORTS)


_TYPES = {idx_header.BYTES: ("bytes", "u1"), idx_header.SHORTS: ("16-bit integers", ">i2")}


def _values(
    directory: Path, name: str, dimensions: int, expected_sha256: Dict[str, str], code: int
) -> Any:
    path, content = read(directory, name, expected_sha256)
    called, kind = _TYPES[code]
    start, width = 4 + 4 * dimensions, int(kind[-1])
    if len(content) < start or content[:4] != bytes((0, 0, code, dimensions)):
        raise DatasetError(f"{path}: not an IDX file of {called} in {dimensions} dimensions")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    count = math.prod(shape)
    if len(content) - start != count * width:
        raise DatasetError(
            f"{path}: {len(content) - start} bytes of data, its header says {count * width}"
        )
    values = np.frombuffer(content, kind, count, start).reshape(shape)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
