"""samples.csv read back, and its cumulative counters at any moment of a window.

The file is the sampler's: a header, one row a sample, an empty field where a figure was not
available. Times are seconds of CLOCK_MONOTONIC, the clock of the trainer's ``time.monotonic()``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple, Type, TypeVar

from runner.contract import strict_json

SAMPLES_FILE = "samples.csv"
PROOF_FILE = "proof.csv"
"""Of the judge, from when the trainer is gone: for the campaign's jobs that train meanwhile."""
TIME_COLUMN = "t_s"
STEAL_COLUMN = "steal_s"
JOB_CPU_COLUMN = "job_cpu_s"
RSS_COLUMN = "rss_bytes"
FOREIGN = "foreign_processes"
PERIODS_COLUMN = "periods"
THROTTLED_PERIODS_COLUMN = "throttled_periods"
THROTTLED_COLUMN = "throttled_s"
DEFAULT_INTERVAL_S = 0.1
MOST_FIGURES = 16_000_000
"""That is two hours of 200 cores at 10 Hz; as Python's floats they take half a gigabyte."""
LARGEST = 1e20
"""Above any counter: bytes of 64 bits are 1.8e19."""

_T = TypeVar("_T")


def core_column(core: int) -> str:
    """The column of a core's cumulative busy seconds."""
    return f"cpu{core}_busy_s"


def gpu_column(index: int, quantity: str) -> str:
    """The column of a GPU's quantity: a field of GpuReading, or ``FOREIGN``."""
    return f"gpu{index}_{quantity}"


def facts_path(samples_path: Path) -> Path:
    """The JSON file beside samples.csv: rate, cores, GPU identities and state, how it ended."""
    return samples_path.with_suffix(".json")


@dataclass(frozen=True)
class Samples:
    """All samples of a job, by column. ``None`` is "not available"."""

    columns: Dict[str, List[Optional[float]]] = field(default_factory=dict)
    times: List[float] = field(default_factory=list)
    interval_target_s: float = DEFAULT_INTERVAL_S
    cores: List[int] = field(default_factory=list)
    gpu: Dict[str, Any] = field(default_factory=dict)
    quota_cores: Optional[float] = None

    def inside(self, column: str, start_s: float, end_s: float) -> List[float]:
        """The values available in a window, both ends included."""
        first, last = bisect_left(self.times, start_s), bisect_right(self.times, end_s)
        return [value for value in self.columns.get(column, [])[first:last] if value is not None]

    def covered(self, start_s: float, end_s: float) -> Optional[Tuple[float, float]]:
        """The window cut to what was sampled; ``None`` if more than a sample is missing there."""
        if not self.times:
            return None
        slack = self.interval_target_s
        if self.times[0] > start_s + slack or self.times[-1] < end_s - slack:
            return None
        start, end = max(start_s, self.times[0]), min(end_s, self.times[-1])
        return (start, end) if end > start else None

    def longest_gap(self, start_s: float, end_s: float) -> float:
        """The longest time between two samples in or around a covered window, in seconds."""
        first = max(bisect_right(self.times, start_s) - 1, 0)
        times = self.times[first : bisect_left(self.times, end_s) + 1]
        return max((late - early for early, late in zip(times, times[1:])), default=0.0)

    def at(self, column: str, moment_s: float) -> Optional[float]:
        """A quantity at a moment between two samples, interpolated linearly."""
        values = self.columns.get(column)
        if not values or not self.times[0] <= moment_s <= self.times[-1]:
            return None
        right = bisect_left(self.times, moment_s)
        after = values[right]
        if self.times[right] == moment_s or after is None:
            return after
        before = values[right - 1]
        if before is None:
            return None
        span = self.times[right] - self.times[right - 1]
        return before + (after - before) * (moment_s - self.times[right - 1]) / span

    def growth(self, column: str, start_s: float, end_s: float) -> Optional[float]:
        """How much a cumulative counter grew over a window; ``None`` if it cannot be told."""
        before, after = self.at(column, start_s), self.at(column, end_s)
        return None if before is None or after is None else max(0.0, after - before)

    def integral(self, column: str, start_s: float, end_s: float) -> Optional[float]:
        """The area under a quantity over a window (trapezoids); ``None`` without both its ends."""
        first, last = self.at(column, start_s), self.at(column, end_s)
        if first is None or last is None:
            return None
        low, high = bisect_right(self.times, start_s), bisect_left(self.times, end_s)
        inner = zip(self.times[low:high], self.columns[column][low:high])
        known = [(moment, value) for moment, value in inner if value is not None]
        points = [(start_s, first), *known, (end_s, last)]
        return sum((b - a) * (y + x) / 2 for (a, x), (b, y) in zip(points, points[1:]))


def read_samples(path: Path) -> Samples:
    """Read samples.csv and the facts beside it; what is missing or damaged is left out.

    A sampler that died leaves fewer rows, or none, or half of the last: never an error here,
    since the training that it watched is finished and its result must be kept.
    """
    try:
        facts = facts_path(path).read_bytes()
    except OSError:
        facts = b""
    try:
        with path.open(encoding="ascii", errors="replace", newline="") as lines:
            return parse_samples(lines, facts)
    except OSError:
        return parse_samples((), facts)


def parse_samples(lines: Iterable[str], facts_json: bytes) -> Samples:
    """The samples in the lines of a samples.csv and the contents of the file beside it.

    What is damaged is left out; of more than ``MOST_FIGURES`` figures, the rest.
    """
    facts = _facts(facts_json)
    rows: List[List[Optional[float]]] = []
    header: List[str] = []
    for number, line in enumerate(lines):
        if not line.endswith("\n") or number * len(header) > MOST_FIGURES:
            break  # cut off in the middle of a number, or no sampler's
        if number == 0:
            header = line.rstrip("\n").split(",")
            continue
        row = _parse(line.rstrip("\n").split(","))
        if row is not None and len(row) == len(header) and row[0] is not None:
            rows.append(row)
    if header[:1] != [TIME_COLUMN]:
        header, rows = [], []
    columns = {name: [row[number] for row in rows] for number, name in enumerate(header)}
    return Samples(
        columns=columns,
        times=[row[0] for row in rows if row[0] is not None],
        interval_target_s=_interval(facts.get("interval_target_s")),
        cores=[core for core in _of_type(list, facts.get("cores")) if isinstance(core, int)],
        gpu=_of_type(dict, facts.get("gpu")),
        quota_cores=_quota(facts.get("quota_cores")),
    )


def _parse(fields: List[str]) -> Optional[List[Optional[float]]]:
    try:
        row = [float(value) if value else None for value in fields]
    except ValueError:
        return None
    sound = all(value is None or abs(value) <= LARGEST for value in row)  # NaN is not
    return row if sound else None


def _interval(value: Any) -> float:
    sound = isinstance(value, (int, float)) and value > 0
    return float(value) if sound else DEFAULT_INTERVAL_S


def _quota(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and 1e-6 < value < 1e6 else None


def _of_type(kind: Type[_T], value: Any) -> _T:
    return value if isinstance(value, kind) else kind()


def _facts(content: bytes) -> Dict[str, Any]:
    try:
        facts = strict_json.parse(content)
    except strict_json.JsonError:
        return {}
    return facts if isinstance(facts, dict) else {}
