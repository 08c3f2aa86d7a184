"""A history in words: a table with a line a configuration, its changes, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness import counted
from harness.history import changed, spark
from harness.history.courses import Change, Course, Over
from harness.history.points import Point
from harness.stats.change_points import FALSE_ALARM, FEWEST, LEAST
from harness.tables.column import NOT_MEASURED
from harness.tables.columns import BY_KEY

_MOST_BESIDE = 8


@dataclass(frozen=True)
class Part:
    """The lines of one caption: the work and the machine. ``cells`` stand under :func:`header`."""

    caption: str
    cells: list[tuple[str, ...]]
    notes: list[str]


def header(over: Over) -> tuple[str, ...]:
    """The heads of the table, the first two of texts."""
    figure = BY_KEY[over.figure]
    return ("Configuration", "Over time", f"Now ({figure.unit})", "Last change", "Campaigns")


def parts(over: Over) -> list[Part]:
    """A table for each caption, in the order of the lines."""
    captions: dict[str, list[Course]] = {}
    for course in over.courses:
        captions.setdefault(course.caption, []).append(course)
    return [
        Part(caption, [_cells(course, over) for course in members], _notes(members))
        for caption, members in captions.items()
    ]


def answers(over: Over) -> list[str]:
    """One sentence: how many lines there are, and what their last changes were."""
    lines = counted.things(len(over.courses), "configuration")
    last = Counter(course.last_change.verdict for course in over.courses if course.last_change)
    told = ", ".join(f"{many} {word} than before" for word, many in sorted(last.items()))
    searched = sum(not course.unsearched for course in over.courses)
    if not searched:
        return [f"{lines}, none of them long enough to tell a change"]
    return [f"{lines}, {searched} of them long enough to tell a change: {told or 'none changed'}"]


def legend(over: Over) -> list[str]:
    """What the words mean."""
    figure = BY_KEY[over.figure]
    return [
        f"One point a campaign: the median of its {figure.title} ({figure.unit}). Over time: the "
        f"newest {spark.MOST}, {spark.CHANGE} before a new level, {spark.NOTHING} no figure. Now: "
        "the median since the last change, whose ratio and first day stand beside it.",
        rule(over),
    ]


def rule(over: Over) -> str:
    """When a change is marked, and how often without one."""
    return (
        f"A change is marked from {FEWEST} campaigns on, {LEAST} at least on either side, where "
        f"levels differ by more than {100 * over.margin:g} %. Of lines in which nothing but chance "
        f"is at work, at most {200 * FALSE_ALARM:g} % get a mark; a machine that drifts gets more. "
        "Details: docs/history.md"
    )


def point_header(over: Over) -> tuple[str, ...]:
    """The heads of the points of one line."""
    figure = BY_KEY[over.figure]
    return ("Begun (UTC)", "Runs", figure.head, "Level", "Changed since the campaign before")


def point_cells(course: Course) -> list[tuple[str, ...]]:
    """Every point of a line, the oldest first."""
    verdicts = {change.number: change.verdict for change in course.changes}
    told: list[tuple[str, ...]] = []
    for number, point in enumerate(course.points):
        before = course.points[number - 1] if number else None
        others = changed.between(before.row, point.row) if before else []
        level = verdicts.get(number, "" if number in course.counted else "not counted")
        told.append((_at(point), str(len(point.values)), _figure(point), level, _few(others)))
    return told


def _cells(course: Course, over: Over) -> tuple[str, ...]:
    changes = {change.number for change in course.changes}
    line = spark.line([point.median_s for point in course.points], changes, over.margin)
    last = course.last_change
    return (
        course.name,
        line,
        _now(course),
        f"{_percent(last.ratio)} {last.at:%Y-%m-%d}" if last else "none",
        str(len(course.points)),
    )


def _now(course: Course) -> str:
    known = [course.points[number].median_s for number in course.counted]
    since = course.last_change.counts[1] if course.last_change else len(known)
    values = [value for value in known[-since:] if value is not None]
    return _seconds(median(values)) if values else NOT_MEASURED


def of_course(course: Course) -> list[str]:
    """All that there is to say of one line."""
    return [
        *(_change(change, course) for change in course.changes),
        *([f"no change is looked for ({course.unsearched})"] if course.unsearched else []),
        *_left_out(course),
    ]


def _notes(courses: Sequence[Course]) -> list[str]:
    """The same of several, with one note for all that are too short alike."""
    told = [_change(change, course) for course in courses for change in course.changes]
    short: dict[str, list[str]] = {}
    for course in courses:
        if course.unsearched:
            short.setdefault(course.unsearched, []).append(course.name)
    told += [f"no change is looked for ({why}): {'; '.join(names)}" for why, names in short.items()]
    return [*told, *(note for course in courses for note in _left_out(course))]


def _left_out(course: Course) -> list[str]:
    """Which runs are in no point, or in one that does not count."""
    told = []
    lost = sum((Counter(point.lost) for point in course.points), Counter[str]())
    if lost:
        words = ", ".join(f"{many} {status}" for status, many in sorted(lost.items()))
        told.append(f"{course.name}: {words}, in no point")
    beside = [point for point in course.points if point.values and point.suspect]
    if beside and len(beside) < sum(bool(point.values) for point in course.points):
        told.append(
            f"{course.name}: {counted.things(len(beside), 'campaign')} of suspect runs alone: "
            "shown, and not searched for changes"
        )
    if course.left_out:
        runs = counted.things(course.left_out, "run")
        told.append(f"{course.name}: {runs} of earlier builds, run again, left out")
    return told


def _change(change: Change, course: Course) -> str:
    interval = ""
    if change.interval:
        interval = f" ({change.interval[0]:.3f} to {change.interval[1]:.3f})"
    before, after = change.counts
    levels = f"{_seconds(change.before_s)} s in {before} campaigns, then "
    levels += f"{_seconds(change.after_s)} s in {after}"
    beside = _few(change.beside) or "nothing that benchdl records"
    return (
        f"{change.verdict} since {change.at:%Y-%m-%d %H:%M}: {course.name}, "
        f"{change.ratio:.3f}{interval} × its time before: {levels}; changed with it: {beside}"
    )


def _few(words: Sequence[str]) -> str:
    more = len(words) - _MOST_BESIDE
    return ", ".join([*words[:_MOST_BESIDE], *([f"{more} more"] if more > 0 else [])])


def _at(point: Point) -> str:
    return f"{point.at:%Y-%m-%d %H:%M}"


def _figure(point: Point) -> str:
    if point.median_s is None:
        return ", ".join(f"{many} {status}" for status, many in sorted(point.lost.items()))
    words = _seconds(point.median_s)
    if point.interval_s:
        words += f" ({_seconds(point.interval_s[0])} to {_seconds(point.interval_s[1])})"
    return words + (" (suspect)" if point.suspect else "")


def _seconds(value: float) -> str:
    """Three digits at least."""
    return f"{value:#.3g}" if value < 100 else f"{value:.1f}"


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"
