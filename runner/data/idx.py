"""Y. LeCun's IDX format, as MNIST's home states it ("File formats of the MNIST database").

A big-endian magic number (0, 0, 8 for unsigned bytes, number of dimensions), the sizes as 32-bit
integers, then the bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np

from runner.data.contents import DatasetError, read


def unsigned_bytes(
    directory: Path, name: str, dimensions: int, expected_sha256: Dict[str, str]
) -> Any:
    """The bytes of one file, uint8 in the shape that its header states.

    Raises:
        DatasetError: as :func:`runner.data.contents.read`, or it is no IDX file of bytes in so many
            dimensions, or of another size than it says.
    """
    path, content = read(directory, name, expected_sha256)
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):
        raise DatasetError(f"{path}: not an IDX file of bytes in {dimensions} dimensions")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    size = 1
    for length in shape:
        size *= length
    if len(content) - start != size:
        raise DatasetError(f"{path}: {len(content) - start} bytes of data, its header says {size}")
    return np.frombuffer(content, np.uint8, size, start).reshape(shape)
