"""NVML's own samples of a GPU's utilisation: how busy it was in which period, to the millisecond.

A reading of nvmlDeviceGetUtilizationRates is of a period that ended up to a second ago: in windows
of 1 to 3 s a GPU that was busy throughout reads 72 to 90 %. nvmlDeviceGetSamples gives the periods
themselves (on an H100 72 of them, 0.2 s each), stamped at their ends in microseconds of the wall
clock. Source: https://docs.nvidia.com/deploy/nvml-api/
"""

from __future__ import annotations

import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from runner.contract.samples import Samples, gpu_column
from runner.meters.nvml import NOT_OFFERED

PERIOD_END, PERIOD_PERCENT = "period_end_s", "period_percent"

COVERED_SHARE = 0.8
"""Of a window that periods have to cover to tell its mean; the last may come too late."""

LOOK_S = 0.19
"""A look takes 2.5 ms of CPU time on an H100, whose periods are 0.2 s: not at every sample."""

_DOUBLE = 0  # nvmlValueType_t
_NOTHING_NEW = 6  # NVML_ERROR_NOT_FOUND
_OLDEST_S, _AHEAD_S = 60.0, 1.0


class Period(NamedTuple):
    """Up to ``end_s`` of CLOCK_MONOTONIC, since the end of the one before."""

    end_s: Optional[float] = None
    percent: Optional[float] = None


class PeriodReader:
    """Reads what is new since the last time; of several periods their mean by length."""

    def __init__(self, nvml: Any, look_s: float = LOOK_S) -> None:
        """``look_s``: looks of one GPU are at least this far apart."""
        self._nvml = nvml
        self._look_s = look_s
        self._next_look: Dict[int, float] = {}
        self._last: Dict[int, int] = {}
        self._offered = hasattr(nvml, "nvmlDeviceGetSamples")

    def read(self, index: int, handle: Any) -> Period:
        """The newest period of one GPU; empty where none is new or NVML has none.

        Raises:
            NVMLError: the device was lost.
        """
        now = time.monotonic()
        if not self._offered or now < self._next_look.get(index, now):
            return Period()
        self._next_look[index] = now + self._look_s
        last = self._last.get(index, 0)
        try:
            kind, listed = self._nvml.nvmlDeviceGetSamples(
                handle, self._nvml.NVML_GPU_UTILIZATION_SAMPLES, last
            )
        except self._nvml.NVMLError as error:
            if error.value == _NOTHING_NEW:
                return Period()
            if error.value in NOT_OFFERED:
                self._offered = False
                return Period()
            raise
        # The buffer is longer than what is in it: the rest has no time.
        found = sorted(
            (int(period.timeStamp), _percent(kind, period.sampleValue))
            for period in listed
            if period.timeStamp > last
        )
        if not found:
            return Period()
        end_us = found[-1][0]
        self._last[index] = end_us
        age_s = time.time() - end_us / 1e6
        if not -_AHEAD_S <= age_s <= _OLDEST_S:
            return Period()  # of another clock than ours, or long ago
        return Period(time.monotonic() - age_s, _mean(found, last))


def _percent(kind: int, value: Any) -> float:
    return float(value.dVal if kind == _DOUBLE else value.uiVal)


def _mean(found: List[Tuple[int, float]], last: int) -> float:
    if not last:
        return found[-1][1]  # at the first look: only the newest has to do with now
    starts = [last, *(stamp for stamp, _ in found)]
    lengths = [end - start for (end, _), start in zip(found, starts)]
    busy = sum(length * percent for length, (_, percent) in zip(lengths, found))
    return busy / sum(lengths)


def utilisation(samples: Samples, index: int, start_s: float, end_s: float) -> Optional[float]:
    """Mean over a window, each period by its share in it; ``None`` where too little is covered."""
    ends = samples.columns.get(gpu_column(index, PERIOD_END), [])
    percents = samples.columns.get(gpu_column(index, PERIOD_PERCENT), [])
    covered = busy = 0.0
    before: Optional[float] = None
    for end, percent in zip(ends, percents):
        if end is None or percent is None or not 0 <= percent <= 100:
            continue
        if before is not None:
            overlap = max(0.0, min(end, end_s) - max(before, start_s))
            covered += overlap
            busy += overlap * percent
        before = end if before is None else max(before, end)
    length = end_s - start_s
    return busy / covered if length > 0 and covered >= COVERED_SHARE * length else None


def utilisation_until(
    samples: Samples, index: int, start_s: float, end_s: float
) -> Optional[float]:
    """The same up to the last period that had ended at ``end_s``: nothing later is in it."""
    ends = samples.columns.get(gpu_column(index, PERIOD_END), [])
    last = max((end for end in ends if end is not None and end <= end_s), default=None)
    return None if last is None else utilisation(samples, index, start_s, last)
