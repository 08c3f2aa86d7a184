"""A line of figures as one row of characters, for terminals and Markdown."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

BARS = "▁▂▃▄▅▆▇█"
CHANGE = "│"
NOTHING = "·"
"""Where a campaign has no figure."""

MOST = 16
"""Points that are shown, the newest."""


def line(values: Sequence[float | None], changes: Collection[int], margin: float) -> str:
    """The newest points, higher is more time; a bar stands before each new level.

    What scatters by less than the margin looks flat: the scale spans twice the margin at least.

    Args:
        values: more than 0, or None.
        changes: the numbers of the points that begin a new level.
        margin: a share.
    """
    start = max(0, len(values) - MOST)
    shown = values[start:]
    logs = [math.log(value) for value in shown if value is not None]
    if not logs:
        return NOTHING * len(shown)
    middle = (min(logs) + max(logs)) / 2
    half = max((max(logs) - min(logs)) / 2, math.log1p(margin))
    words = ""
    for number, value in enumerate(shown, start):
        words += CHANGE if number in changes and number > start else ""
        if value is None:
            words += NOTHING
        else:
            share = (math.log(value) - middle + half) / (2 * half)
            words += BARS[min(int(share * len(BARS)), len(BARS) - 1)]
    return words
