"""One sentence for a table: which line is the fastest, by how much, and how sure that is.

The same rules as everywhere: a verdict takes enough runs, holds against every other line at once,
and is withheld where the two did not do quite the same work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import counted
from harness.compare import conditions
from harness.compare.conditions import NO_WINNER
from harness.stats import verdicts
from harness.stats.verdicts import Comparison
from harness.tables.sampled import samples
from harness.tables.sections import Line, Section


@dataclass(frozen=True)
class Answer:
    """What is said of ``name``, and where nothing is certain why: ``doubt``, else empty.

    ``brief`` is the claim where there is little room.
    """

    name: str
    claim: str
    doubt: str = ""
    brief: str = ""

    def __str__(self) -> str:
        said = f"{self.name}: {self.claim}"
        return f"{said}. {self.doubt}" if self.doubt else said


def sentences(section: Section) -> list[str]:
    """The answers of a section, each as one text."""
    return [str(answer) for answer in answers(section)]


def answers(section: Section) -> list[Answer]:
    """One for each mode of which there are two lines or more; a mode is not compared with another.

    Lines are those of tables by tool: in the order of their times.
    """
    modes: dict[str, list[Line]] = {}
    for line in section.lines:
        modes.setdefault(line.members[0].mode, []).append(line)
    return [_answer(lines) for lines in modes.values() if len(lines) > 1]


def _answer(lines: Sequence[Line]) -> Answer:
    best, *others = lines
    fastest = samples(best.members)
    found = verdicts.corrected(
        [verdicts.compare(fastest, samples(other.members)) for other in others]
    )
    couples = list(zip(others, found, strict=True))
    near, beside = couples[0]
    # What stands against the best: the nearest line that is not slower for certain.
    other, told = next((c for c in couples if c[1].verdict != "slower"), couples[0])
    doubts = " (suspect runs)" if best.suspect or near.suspect else ""
    times = f"{_ratio(beside)} × as fast as {near.name}{doubts}"
    brief = f"{_shown(beside.ratio)} × as fast as {near.name.label}"
    against = "" if other is near else f" against {other.name}"
    differing = _differing(best, other)
    if differing:
        doubt = f"No winner is named{against}: they differ in {differing}"
        return Answer(str(best.name), f"lowest time; {times}", doubt, brief)
    if told.verdict == "slower":
        return Answer(str(best.name), f"fastest; {times}", brief=f"fastest, {brief}")
    if told.verdict == "same":
        same = f"the same within {100 * told.margin:g} %"
        return Answer(f"{best.name} and {other.name}", f"{same}{doubts}", brief=same)
    more = counted.things(told.more, "more repeat") if told.more else ""
    settling = f"; about {more} of each would probably settle it" if more else ""
    doubt = f"No verdict{against}: {told.reason}{settling}"
    return Answer(str(best.name), f"lowest time; {times}", doubt, brief)


def _ratio(found: Comparison) -> str:
    if found.low is None or found.high is None:
        return _shown(found.ratio)
    return f"{_shown(found.ratio)} ({_shown(found.low)} to {_shown(found.high)})"


def _shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def _differing(best: Line, other: Line) -> str:
    """What keeps either from being named the winner, in words; empty for nothing."""
    found = conditions.differences(best.members[-1], other.members[-1])
    silent = NO_WINNER["backend"]
    return conditions.words({name: values for name, values in found.items() if name in silent})
