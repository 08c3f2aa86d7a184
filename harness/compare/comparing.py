"""Comparing runs that may be compared: ``benchdl compare``.

words A and B ──► sides.resolve ──► between ──► text.to_text | text.to_json
                                    │ rows with equal conditions meet: conditions.py
                                    └ ratio and verdict of each: harness.stats.verdicts
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.compare import conditions, naming
from harness.compare.conditions import NO_WINNER, READ, Attribute, Key, Question
from harness.errors import UsageError
from harness.stats import verdicts
from harness.stats.describe import Sample
from harness.stats.verdicts import MARGIN, Comparison
from harness.tables import builds
from harness.tables.rows import Row
from harness.tables.sampled import samples, usable

Differences = dict[Attribute, tuple[object, object]]


@dataclass(frozen=True)
class Line:
    """One configuration of A against one of B.

    ``differs`` is what differs and may, ``forced`` what differs and would have prevented the
    comparison without ``--force``. ``withheld`` says why no verdict is given although there is one.
    """

    a: Row
    b: Row
    runs: tuple[list[str], list[str]]
    comparison: Comparison
    differs: Differences
    forced: Differences
    withheld: str | None = None

    @property
    def verdict(self) -> str:
        """faster, slower, same, ambiguous; or withheld: the ratio is told, and no winner."""
        return "withheld" if self.withheld else self.comparison.verdict


@dataclass(frozen=True)
class Outcome:
    """All lines of one question, and what could not be compared."""

    names: tuple[str, str]
    questions: tuple[Question, ...]
    figure: str
    margin: float
    lines: list[Line]
    notes: list[str]


def between(
    rows: tuple[Sequence[Row], Sequence[Row]],
    questions: tuple[Question, ...],
    *,
    names: tuple[str, str] = ("A", "B"),
    figure: str = "time_s",
    margin: float = MARGIN,
    force: bool = False,
    others: Sequence[Row] = (),
) -> Outcome:
    """Compare each configuration that both sides have under equal conditions.

    Args:
        rows: all rows of A and of B; which of them count says ``sampled.usable``.
        questions: what is asked, and so may differ.
        names: of A and B, for messages.
        figure: key of the column that is compared.
        margin: of equivalence, a share.
        force: compare also what has no equal on the other side, with the nearest that there is.
        others: rows of further campaigns, which tell how much campaigns of the same differ.

    Raises:
        UsageError: one side has no usable run, or nothing can be compared.
    """
    free = conditions.allowed(questions)
    notes: list[str] = []
    a, b = (
        _groups(side, free, figure, name, notes) for side, name in zip(rows, names, strict=True)
    )
    for side, name, stored in ((a, names[0], rows[0]), (b, names[1], rows[1])):
        if not side:
            advice = "benchdl runs lists them"
            raise UsageError(f"no usable run of {name} ({_ends(stored, figure)})", advice)
    couples = [(a[key], b[key]) for key in a if key in b]
    lonely = [a[key] for key in a if key not in b], [b[key] for key in b if key not in a]
    near = _nearest(*lonely, free)
    if force:
        couples += near
        lonely = (
            [group for group in lonely[0] if all(group is not pair[0] for pair in near)],
            [group for group in lonely[1] if all(group is not pair[1] for pair in near)],
        )
    elif not couples:
        told = conditions.words(_unasked(near[0], free))
        raise UsageError(
            f"not compared: {names[0]} and {names[1]} differ in {told}",
            "run both alike, name the difference as the question, or add --force",
        )
    for group, name in zip(lonely, names, strict=True):
        if group:
            labels = naming.of_rows([alike[0] for alike in group])
            notes.append(f"only in {name}: {'; '.join(sorted(labels))}")
    for number, name in enumerate(names):
        members = [couple[number] for couple in couples]
        labels = naming.of_rows([alike[0] for alike in members])
        for label, some in zip(labels, members, strict=True):
            notes += builds.notes(f"{name}: {label}", some)
    further = _by_kind(others)
    lines = [
        _line(group_a, group_b, free, questions, figure, margin, force, further)
        for group_a, group_b in couples
    ]
    held = verdicts.corrected([line.comparison for line in lines])
    lines = [
        replace(line, comparison=comparison) for line, comparison in zip(lines, held, strict=True)
    ]
    return Outcome(names, questions, figure, margin, lines, notes)


def _ends(rows: Sequence[Row], figure: str) -> str:
    """Why none of the rows can be compared: how they ended, or that they lack the figure."""
    lost = Counter(row.status for row in rows if row.status not in ("ok", "suspect"))
    words = [f"{many} {status}" for status, many in sorted(lost.items())]
    kept = len(rows) - lost.total()
    return ", ".join([*words, f"{kept} without {figure}"] if kept else words)


def _groups(
    rows: Sequence[Row], free: frozenset[Attribute], figure: str, name: str, notes: list[str]
) -> dict[Key, list[Row]]:
    """Usable rows by their conditions; of several kinds under one, those of the newest."""
    kinds: dict[Key, dict[Key, list[Row]]] = {}
    for row in rows:
        exact = conditions.key(row, frozenset())
        kinds.setdefault(conditions.key(row, free), {}).setdefault(exact, []).append(row)
    found: dict[Key, list[Row]] = {}
    for key, by_kind in kinds.items():
        good = [counted for alike in by_kind.values() if (counted := _with(usable(alike), figure))]
        if not good:
            continue
        good.sort(key=lambda members: max(row.started_at for row in members))
        found[key] = good[-1]
        for older in good[:-1]:
            what = conditions.words(conditions.differences(older[0], good[-1][0]))
            many = "run" if len(older) == 1 else "runs"
            notes.append(f"{name}: {len(older)} older {many} left out, which differ in {what}")
        if found[key][0].status == "suspect":
            (label,) = naming.of_rows([found[key][0]])
            why = ", ".join(_doubts(found[key]))
            notes.append(f"{name}: {label} has only suspect runs ({why})")
    return found


def _doubts(rows: list[Row]) -> list[str]:
    """The codes of the findings that make these runs suspect."""
    kinds = [finding.partition(": ") for row in rows for finding in row.findings]
    return sorted({code for severity, _, code in kinds if severity == "suspect"})


def _with(rows: list[Row], figure: str) -> list[Row]:
    known = {sample.run_id for sample in samples(rows, figure)}
    return [row for row in rows if row.run_id in known]


def _nearest(
    a: list[list[Row]], b: list[list[Row]], free: frozenset[Attribute]
) -> list[tuple[list[Row], list[Row]]]:
    """Couples with the fewest differences first; each group once."""
    ranked = sorted(
        (
            (len(_unasked((group_a, group_b), free)), i, j)
            for i, group_a in enumerate(a)
            for j, group_b in enumerate(b)
        ),
    )
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    couples = []
    for _, i, j in ranked:
        if i not in taken_a and j not in taken_b:
            taken_a.add(i)
            taken_b.add(j)
            couples.append((a[i], b[j]))
    return couples


def _unasked(couple: tuple[list[Row], list[Row]], free: frozenset[Attribute]) -> Differences:
    found = conditions.differences(couple[0][0], couple[1][0])
    return {name: values for name, values in found.items() if name not in free}


def _line(
    a: list[Row],
    b: list[Row],
    free: frozenset[Attribute],
    questions: tuple[Question, ...],
    figure: str,
    margin: float,
    force: bool,
    further: dict[Key, list[Row]],
) -> Line:
    found = conditions.differences(a[0], b[0])
    silent = frozenset().union(*(NO_WINNER.get(question, frozenset()) for question in questions))
    doubtful = {name: values for name, values in found.items() if name in silent}
    forced = {name: values for name, values in found.items() if name not in free}
    withheld = None
    if doubtful and force:
        forced |= doubtful
    elif doubtful:
        withheld = f"they differ in {conditions.words(doubtful)}"
    samples_a, samples_b = samples(a, figure), samples(b, figure)
    comparison = verdicts.compare(samples_a, samples_b, margin, _like(a, b, further, figure))
    if comparison.other_times:
        comparison = replace(comparison, hint=conditions.hint(questions, a[0].launcher))
    return Line(
        a=a[-1],
        b=b[-1],
        runs=([sample.run_id for sample in samples_a], [sample.run_id for sample in samples_b]),
        comparison=comparison,
        differs={name: found[name] for name in READ if name in found and name not in forced},
        forced=forced,
        withheld=withheld,
    )


def _by_kind(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    """Rows by all of their conditions, what they were built from among them."""
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(conditions.key(row, frozenset()), []).append(row)
    return found


def _like(
    a: list[Row], b: list[Row], further: dict[Key, list[Row]], figure: str
) -> list[list[Sample]]:
    """Samples of the same as A, and of the same as B, from campaigns that hold neither side."""
    own = {row.campaign_id for row in (*a, *b)}
    kinds = dict.fromkeys(conditions.key(side[0], frozenset()) for side in (a, b))
    elsewhere = [
        [row for row in further.get(kind, []) if row.campaign_id not in own] for kind in kinds
    ]
    return [samples(usable(rows), figure) for rows in elsewhere]
