"""The pen strokes of the stand-in's digits, as distance fields made of integers only.

Every digit has a few ways of being written. A way is a list of strokes; a stroke is a list of
control points of a smooth curve in a box 100 wide and 100 high, y downwards. A point written twice
makes a corner. :func:`masters` moves the points a little for every master copy, so that no two
copies are the same handwriting.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.generators.bitstream import SPREAD, bell

Ints = npt.NDArray[np.int32]

COPIES = 96
"""Master copies of each digit."""

SIDE = 64
"""Width and height of a master copy: a grid of half pixels, the glyph in the middle."""

UNIT = 64
"""Distances are in 1/64 pixel of the 28×28 picture."""

FAR = 12 * UNIT
"""Distances are cut off here: no stroke is that thick."""

_HEIGHT = 17  # pixels from the top to the bottom of a glyph's box
_WOBBLE = 4  # per cent of the box: the spread of a control point

_STROKES: dict[int, tuple[str, ...]] = {
    0: (
        "50,0 30,2 16,20 10,50 16,80 30,98 50,100 70,98 84,80 90,50 84,20 70,2 50,0",
        "62,2 44,-2 26,12 18,46 20,78 34,98 52,100 68,92 80,72 84,40 76,12 60,0 44,6",
        "50,0 38,2 28,22 24,50 28,80 38,98 50,100 62,98 72,78 76,50 72,22 62,2 50,0",
    ),
    1: (
        "52,0 51,30 50,70 49,100",
        "58,0 54,30 48,70 44,100",
        "30,24 42,16 53,0 53,0 52,40 51,100",
    ),
    2: (
        "14,24 20,0 60,-4 82,14 74,46 40,76 12,100 12,100 50,100 90,98",
        "18,20 30,0 62,-2 78,18 66,50 44,80 20,98 8,88 24,78 52,92 90,98",
        "20,12 46,-2 78,8 76,40 46,70 14,98 14,98 40,92 84,100",
    ),
    3: (
        "16,10 44,-6 84,6 78,40 42,48 42,48 84,52 90,88 50,106 12,90",
        "18,2 50,0 82,0 82,0 62,22 42,42 42,42 82,44 92,84 54,106 14,90",
        "22,14 48,-4 76,8 74,38 50,46 50,46 78,54 80,88 44,104 16,94",
    ),
    4: (
        "22,0 18,30 14,56 14,56 50,58 88,52|74,2 72,40 68,100",
        "66,0 66,0 40,32 10,62 10,62 50,64 92,62|66,0 65,50 64,100",
        "28,4 22,36 24,54 48,56 74,46 74,46|80,0 72,46 66,70 62,100",
    ),
    5: (
        "84,0 50,2 24,2 24,2 22,24 18,46 18,46 50,32 88,46 88,88 48,106 10,92",
        "80,2 52,0 30,4 30,4 24,44 24,44 56,42 80,60 74,92 44,104 14,92",
        "26,4 24,26 22,44 22,44 54,34 86,52 82,90 46,104 12,94|26,4 54,4 88,0",
    ),
    6: (
        "72,0 40,14 14,52 18,94 50,106 84,92 82,58 52,48 22,66",
        "58,0 34,24 18,60 24,98 52,104 76,88 70,60 46,56 24,76",
        "80,8 52,0 20,30 12,76 38,104 80,100 86,66 60,50 18,70",
    ),
    7: (
        "12,4 50,4 86,2 86,2 66,36 52,66 44,100",
        "14,18 14,2 14,2 50,4 82,2 82,2 74,30 58,60 54,100",
        "14,4 50,2 84,4 84,4 64,40 50,70 42,100|30,52 56,50 80,50",
    ),
    8: (
        "50,48 20,38 20,4 50,-2 80,4 80,38 50,48 16,58 14,96 50,104 86,96 84,58 50,48",
        "80,12 60,-6 22,0 22,30 52,50 82,70 80,100 46,106 18,96 22,68 54,46 78,26 80,12",
        "56,46 30,38 32,6 58,-2 80,8 76,34 50,50 20,68 20,98 46,104 70,94 70,66 56,46",
    ),
    9: (
        "80,18 58,-6 20,2 16,40 46,54 78,36 82,12 82,12 80,50 74,100",
        "78,10 50,-4 20,10 20,44 52,50 80,26 80,26 82,60 66,98 28,100",
        "74,22 58,0 30,6 24,34 44,50 70,36 76,10 76,10 66,56 50,100",
    ),
}


def masters() -> Ints:
    """Distances to the pen's path, in 1/64 pixel.

    Returns:
        Shape (10 * COPIES, SIDE, SIDE); the copies of digit d start at d * COPIES. The grid has
        two points per pixel and its point (32, 32) is the middle of the picture.
    """
    fields = np.empty((10 * COPIES, SIDE, SIDE), dtype=np.int32)
    for digit, ways in _STROKES.items():
        for copy in range(COPIES):
            number = digit * COPIES + copy
            fields[number] = _distance_field(ways[copy % len(ways)], number)
    return fields


def _distance_field(way: str, number: int) -> Ints:
    starts, ends = [], []
    for stroke in way.split("|"):
        path = _smooth(_control_points(stroke, number))
        starts.append(path[:-1])
        ends.append(path[1:])
    start, end = np.concatenate(starts), np.concatenate(ends)
    axis = (np.arange(SIDE, dtype=np.int32) - SIDE // 2) * (UNIT // 2)
    squared = np.full((SIDE, SIDE), FAR * FAR, dtype=np.int32)
    for (x0, y0), (x1, y1) in zip(start.tolist(), end.tolist(), strict=True):
        dx, dy = x1 - x0, y1 - y0
        length2 = max(dx * dx + dy * dy, 1)
        along = ((axis - x0) * dx)[None, :] + ((axis - y0) * dy)[:, None]
        share = np.clip(along, 0, length2) * 64 // length2
        off_x = axis[None, :] - x0 - (share * dx >> 6)
        off_y = axis[:, None] - y0 - (share * dy >> 6)
        squared = np.minimum(squared, off_x * off_x + off_y * off_y)
    return _integer_sqrt(squared)


def _control_points(stroke: str, number: int) -> Ints:
    """The stroke's points around (0, 0) in 1/64 pixel; equal points are moved alike."""
    points = [tuple(int(part) for part in point.split(",")) for point in stroke.split()]
    keys = np.array([number * 65536 + (x + 64) * 256 + y + 64 for x, y in points], dtype=np.uint64)
    moves = np.stack([bell(1, keys * np.uint64(2)), bell(1, keys * np.uint64(2) + np.uint64(1))], 1)
    hundredths = np.array(points, dtype=np.int64) * 100 - 5000 + moves * (_WOBBLE * 100) // SPREAD
    return (hundredths * _HEIGHT * UNIT // 10_000).astype(np.int32)


def _smooth(path: Ints) -> Ints:
    """Cut the corners twice (Chaikin 1974): a quadratic B-spline that keeps its two ends."""
    for _ in range(2):
        near = (3 * path[:-1] + path[1:]) >> 2
        far = (path[:-1] + 3 * path[1:]) >> 2
        cut = np.stack([near, far], 1).reshape(-1, 2)
        path = np.concatenate([path[:1], cut[1:-1], path[-1:]])
    return path


def _integer_sqrt(square: Ints) -> Ints:
    """The largest integers whose squares do not exceed ``square``, which is below 2**20."""
    root = np.zeros_like(square)
    for bit in range(9, -1, -1):
        candidate = root | (1 << bit)
        root = np.where(candidate * candidate <= square, candidate, root)
    return root
