"""Each configuration over time, and where its level changed.

A line is of one machine and one kind of work: what :mod:`harness.compare.conditions` lets differ
between campaigns of different times may differ along it, and nothing else. Its points are medians
of campaigns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from harness import counted
from harness.compare import conditions, naming
from harness.compare.conditions import Attribute, Key
from harness.history import changed, points
from harness.history.points import Point
from harness.stats import change_points, medians
from harness.stats.verdicts import MARGIN
from harness.tables.rows import Row
from harness.tables.views import TOOL, label, mode

_VARYING = conditions.allowed(["time"])
_MEASURED: frozenset[Attribute] = frozenset(
    {"samples", "GPU", "ranks", "layout", "convolutions", "machine"}
)
"""What only a run that reached its end says; of the machine, whether its job had less of it than
the harness (:mod:`harness.tables.job_machine`)."""


@dataclass(frozen=True)
class Change:
    """A new level.

    Args:
        at: when its first campaign began.
        number: of its first point, from 0.
        before_s, after_s: the medians of the points of both levels, in seconds.
        counts: of those points.
        interval: of after over before; None where a level has too few points for one.
        beside: what else changed there.
    """

    at: datetime
    number: int
    before_s: float
    after_s: float
    counts: tuple[int, int]
    interval: tuple[float, float] | None
    beside: list[str]

    @property
    def ratio(self) -> float:
        """Above 1, it became slower."""
        return self.after_s / self.before_s

    @property
    def verdict(self) -> str:
        """``slower`` or ``faster``."""
        return "slower" if self.ratio > 1 else "faster"


@dataclass(frozen=True)
class Course:
    """One configuration over time.

    Args:
        name: what tells it from the others of its caption.
        caption: the work and the machine.
        points: in the order of time.
        counted: the numbers of those whose figures count.
        changes: of its level.
        unsearched: why no change was looked for; empty if it was.
        left_out: runs of earlier builds that ``run --against`` ran again.
    """

    name: str
    caption: str
    points: list[Point]
    counted: list[int]
    changes: list[Change]
    unsearched: str
    left_out: int

    @property
    def last_change(self) -> Change | None:
        """The newest change, if there is one."""
        return self.changes[-1] if self.changes else None


@dataclass(frozen=True)
class Over:
    """All lines of one question.

    ``figure`` is the key of the column, ``margin`` what a change has to be beyond, a share.
    """

    figure: str
    margin: float
    courses: list[Course]


def over_time(rows: Iterable[Row], figure: str = "time_s", margin: float = MARGIN) -> Over:
    """Every configuration of these runs over time, sorted by work, machine and name.

    Args:
        rows: any runs, whatever came of them.
        figure: key of the column.
        margin: changes within it make no difference; a share.
    """
    captions: dict[str, list[list[Row]]] = {}
    for members in _alike(rows):
        captions.setdefault(TOOL.caption(members[-1].kind), []).append(members)
    made = []
    for caption, alike in sorted(captions.items()):
        newest = [members[-1] for members in alike]
        plain = [", ".join([label(row.kind), mode(row.kind)]) for row in newest]
        names = naming.apart(plain, [(row, row) for row in newest])
        made += sorted(
            (_course(*named, caption, figure, margin) for named in zip(names, alike, strict=True)),
            key=lambda course: course.name,
        )
    return Over(figure, margin, made)


def _alike(rows: Iterable[Row]) -> list[list[Row]]:
    """Runs that may share a line, in the order of time, the last of each a measured one.

    A run that measured nothing does not say what only a measurement tells: it is put to those that
    were asked for the same.
    """
    measured: dict[Key, list[Row]] = {}
    asked: dict[Key, list[list[Row]]] = {}
    lost = []
    for row in sorted(rows, key=lambda row: row.started_at):
        if row.time_s is None:
            lost.append(row)
            continue
        key = conditions.key(row, _VARYING)
        if key not in measured:
            measured[key] = []
            asked.setdefault(_asked(row), []).append(measured[key])
        measured[key].append(row)
    for row in reversed(lost):  # each goes to the front, behind those that began before it
        asked.setdefault(_asked(row), [[]])[-1].insert(0, row)
    return [members for groups in asked.values() for members in groups]


def _asked(row: Row) -> Key:
    """What a run was asked for, and the machine as the harness saw it."""
    host = (row.machine or "").partition(" (its job: ")[0]
    return (host, *conditions.key(row, _VARYING | _MEASURED))


def _course(name: str, rows: list[Row], caption: str, figure: str, margin: float) -> Course:
    found, left_out = points.of_rows(rows, figure)
    numbers = points.counted(found)
    values = [value for number in numbers if (value := found[number].median_s) is not None]
    why = _unsearched(rows[-1], len(values))
    places = [] if why else change_points.changes(values, margin)
    bounds = [0, *places, len(values)]
    changes = [_change(found, numbers, values, bounds[i : i + 3]) for i in range(len(bounds) - 2)]
    return Course(name, caption, found, numbers, changes, why, left_out)


def _unsearched(row: Row, count: int) -> str:
    if row.machine is None:
        return "its machine was not recorded"
    if count < change_points.FEWEST:
        return f"{counted.things(count, 'campaign')}, it takes {change_points.FEWEST}"
    if not change_points.known():
        return "ruptures, which finds changes, has no release for this Python"
    return ""


def _change(
    found: list[Point], numbers: list[int], values: Sequence[float], bounds: Sequence[int]
) -> Change:
    start, place, end = bounds
    before, after = values[start:place], values[place:end]
    here, last = found[numbers[place]], found[numbers[place - 1]]
    return Change(
        at=here.at,
        number=numbers[place],
        before_s=median(before),
        after_s=median(after),
        counts=(len(before), len(after)),
        interval=medians.ratio_interval(before, after),
        beside=changed.between(last.row, here.row),
    )
