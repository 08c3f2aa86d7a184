"""Do as many starts of one side stray from its median as of the other? ``same`` asks for that.

A fifth of the starts can take half as long again, and the median does not move. So the shares of
starts far above and far below their own side's median are compared, and the means.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from harness.stats.describe import MAD_TO_SIGMA

if TYPE_CHECKING:
    import numpy as np

UNSEEN_SHARE = 0.2
"""``same`` says that the shares of stray starts differ by less than this."""

ERROR = 0.05
"""The chance that it says so wrongly, for each of the two directions (Schuirmann 1987)."""

_FAR = 3
"""A start is astray from so many margins on, or as many standard deviations if that is more. What
is nearer than three margins moves the mean by less than one, even if it happens to
``UNSEEN_SHARE`` of the starts."""


def fewest(share: float = UNSEEN_SHARE) -> int:
    """Samples of each that can show it: so many without a stray one leave less than ``share``."""
    n = 1
    while (1 - share) ** n > ERROR:
        n += 1
    return n


def far(margin: float, *sides: np.ndarray) -> np.ndarray:
    """From which ratio to its side's median on a value is astray, by row.

    Of two sides that scatter differently the narrower one is the measure.
    """
    import numpy as np

    scatter = np.min([_scatter(side) for side in sides], axis=0)
    limit: np.ndarray = 1 + _FAR * np.maximum(margin, scatter)
    return limit


def astray(values: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many values of each row lie far below and far above the row's median."""
    import numpy as np

    relative = values / np.median(values, axis=1, keepdims=True)
    return (relative < 1 / limit[:, None]).sum(axis=1), (relative > limit[:, None]).sum(axis=1)


def difference(a: np.ndarray, b: np.ndarray, margin: float, *, paired: bool) -> np.ndarray:
    """How far apart the shares of stray starts may be, at the most: one figure a row.

    An upper confidence limit, of the larger of both directions and both tails. Of pairs it is the
    ratio within a block that strays, upwards if B was slow or A was fast there.
    """
    import numpy as np

    if paired:
        ratios = b / a
        down, up = astray(ratios, far(margin, ratios))
        n = a.shape[1]
        either: np.ndarray = np.maximum(_limit(down, n, up, n), _limit(up, n, down, n))
        return either
    limit = far(margin, a, b)
    tails = zip(astray(a, limit), astray(b, limit), strict=True)
    n, m = a.shape[1], b.shape[1]
    limits = [(_limit(x, n, y, m), _limit(y, m, x, n)) for x, y in tails]
    highest: np.ndarray = np.max([upper for both in limits for upper in both], axis=0)
    return highest


def _scatter(values: np.ndarray) -> np.ndarray:
    """The median absolute deviation over the median, as a standard deviation."""
    import numpy as np

    middle = np.median(values, axis=1, keepdims=True)
    share: np.ndarray = MAD_TO_SIGMA * np.median(np.abs(values / middle - 1), axis=1)
    return share


def _limit(x: np.ndarray, n: int, y: np.ndarray, m: int) -> np.ndarray:
    """The upper limit of y's share less x's: MOVER of the limits of Clopper and Pearson."""
    import numpy as np

    low, high = _share_limits(n)[0][x], _share_limits(m)[1][y]
    first, second = x / n, y / m
    limit: np.ndarray = second - first + np.hypot(high - second, first - low)
    return limit


@functools.lru_cache(maxsize=256)
def _share_limits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limit of a share by the count of n (Clopper and Pearson, Biometrika 1934)."""
    import numpy as np
    from scipy import special  # scipy.stats takes a second to import

    counts = np.arange(n + 1)
    low, high = np.zeros(n + 1), np.ones(n + 1)
    low[1:] = special.betaincinv(counts[1:], n - counts[1:] + 1, ERROR)
    high[:-1] = special.betaincinv(counts[:-1] + 1, n - counts[:-1], 1 - ERROR)
    return low, high
