"""The clock that all times are read from: its resolution, and its rate beside others."""

from __future__ import annotations

import time

from harness.selftest.outcome import Outcome

COARSEST_S = 1e-4
"""Times are given to 0.01 s at the best: a hundredth of that."""

_READINGS = 200_000
_RATE = 1e-3
"""NTP slews a clock by at most 500 ppm (RFC 5905: MAXFREQ): a difference above twice that is
a clock that runs wrong, or one that was set."""


def resolution() -> Outcome:
    """The smallest step between readings of the monotonic clock, which never goes back."""
    smallest, backwards = float("inf"), 0
    last = time.monotonic()
    for _ in range(_READINGS):
        now = time.monotonic()
        if now > last:
            smallest = min(smallest, now - last)
        backwards += now < last
        last = now
    said = (
        f"smallest step {smallest * 1e9:,.0f} ns in {_READINGS:,} readings, {backwards} backwards"
    )
    good = smallest <= COARSEST_S and not backwards
    return Outcome("clock resolution", "PASS" if good else "FAIL", said)


def rate(seconds: float) -> Outcome:
    """The monotonic clock against the wall clock and the hardware's own over some seconds."""

    def read() -> tuple[float, float, float]:
        return time.monotonic(), time.time(), time.clock_gettime(time.CLOCK_MONOTONIC_RAW)

    before = read()
    time.sleep(seconds)
    passed, wall, raw = (now - then for now, then in zip(read(), before, strict=True))
    return judge_rate(passed, wall, raw)


def judge_rate(passed_s: float, wall_s: float, raw_s: float) -> Outcome:
    """What the clocks say of each other.

    Args:
        passed_s: seconds of the monotonic clock.
        wall_s: of the wall clock, which somebody may set.
        raw_s: of the hardware's clock, which nobody slews or sets.
    """
    said = (
        f"in {passed_s:.1f} s of the monotonic clock the wall clock went "
        f"{1e3 * (wall_s - passed_s):+.3f} ms further, the hardware's "
        f"{1e3 * (raw_s - passed_s):+.3f}"
    )
    room = _RATE * passed_s
    if abs(raw_s - passed_s) > room:
        return Outcome("clock rate", "FAIL", f"{said}: over {_RATE:.1%}")
    if abs(wall_s - passed_s) > room:
        return Outcome("clock rate", "INCONCLUSIVE", f"{said}: the wall clock was set meanwhile")
    return Outcome("clock rate", "PASS", said)
