"""The outcome of a comparison in words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from harness import counted
from harness.compare import conditions, naming
from harness.compare.comparing import Line, Outcome
from harness.compare.conditions import BUILD, READ, Attribute
from harness.stats.describe import Summary
from harness.stats.medians import CONFIDENCE
from harness.stats.verdicts import ALPHA
from harness.tables.column import Column
from harness.tables.columns import BY_KEY


@dataclass(frozen=True)
class Told:
    """An outcome in words from anywhere, not yet safe for any output.

    ``about``: the two sides and the conditions that are equal; ``header`` and ``cells``: a line a
    configuration; ``notes``: the reason of each verdict, and what differs; ``legend``: what the
    words mean; ``answers``: what it all comes to.
    """

    about: list[str]
    header: tuple[str, ...]
    cells: list[tuple[str, ...]]
    notes: list[str]
    legend: list[str]
    answers: list[str]


def told(outcome: Outcome) -> Told:
    """The outcome in words."""
    varying = _varying(outcome)
    names = naming.of_lines([(line.a, line.b) for line in outcome.lines], varying)
    figure = BY_KEY[outcome.figure]
    named = list(zip(outcome.lines, names, strict=True))
    return Told(
        about=[
            f"A: {outcome.names[0]}   B: {outcome.names[1]}   "
            f"figure: {figure.compared}   question: {', '.join(outcome.questions)}",
            conditions.work(outcome.lines[0].a, frozenset(varying)),
        ],
        header=_header(figure),
        cells=[_cells(line, name) for line, name in named],
        notes=[
            *(
                words
                for line, name in named
                for words in _said(line, "" if len(names) == 1 else f"{name}: ")
            ),
            *outcome.notes,
        ],
        legend=_legend(outcome),
        answers=_answers(outcome),
    )


def _answers(outcome: Outcome) -> list[str]:
    """One sentence: B against A, or of several lines how many came out which way."""
    if len(outcome.lines) > 1:
        found = Counter(line.verdict for line in outcome.lines)
        outcomes = ", ".join(f"{count} {verdict}" for verdict, count in found.most_common())
        return [f"B against A, of {len(outcome.lines)} configurations: {outcomes}"]
    (line,) = outcome.lines
    a, b = outcome.names
    decided = line.verdict in ("faster", "slower")
    verdict = f"{line.verdict} than {a}" if decided else line.verdict
    interval = "" if line.comparison.low is None else f" ({_interval(line)})"
    return [f"{b}: {verdict}; its time is {line.comparison.ratio:.3f}{interval} × that of {a}"]


def _header(figure: Column) -> tuple[str, ...]:
    a, b = (f"{side} ({figure.unit})" for side in "AB")
    return ("B against A", a, b, "Runs", "B / A", "95 % interval", "Verdict")


def _varying(outcome: Outcome) -> list[Attribute]:
    """What tells the lines apart, and what differs within one."""
    found = []
    for name, read in READ.items():
        if len({read(line.a) for line in outcome.lines}) > 1 or any(
            name in line.differs or name in line.forced for line in outcome.lines
        ):
            found.append(name)
    return found


def _cells(line: Line, name: str) -> tuple[str, ...]:
    found = line.comparison
    pairs = counted.things(found.pairs, "pair")
    runs = pairs if found.pairs else f"{found.a.n}, {found.b.n}"
    interval = _interval(line)
    if found.coverage is not None and found.coverage < CONFIDENCE:
        interval += f" ({100 * found.coverage:g} %)"
    marked = line.verdict + (" (forced)" if line.forced else "")
    return (
        name,
        _median(found.a),
        _median(found.b),
        runs,
        f"{found.ratio:.3f}",
        interval,
        marked,
    )


def _interval(line: Line) -> str:
    found = line.comparison
    if found.low is None or found.high is None:
        return "-"
    return f"{found.low:.3f} to {found.high:.3f}"


def _median(summary: Summary) -> str:
    """Three digits at least, and what the runs scatter by."""
    digits = max(1, 2 - math.floor(math.log10(summary.median)))
    spread = "" if summary.spread is None else f" ±{summary.spread:.1%}"
    return f"{summary.median:.{digits}f}{spread}"


def _said(line: Line, name: str) -> list[str]:
    found = line.comparison
    if line.withheld:
        said = [f"{name}no winner is named, because {line.withheld}; --force gives the verdict"]
    else:
        said = [f"{name}{found.verdict}: {found.reason}"]
        if found.verdict == "ambiguous":
            said[0] += (
                (f"; {found.hint}" if found.hint else "")
                if found.more is None
                else f"; about {found.more} more repeat{'s' if found.more > 1 else ''} of each "
                "would probably settle it"
            )
    if found.left_out:
        runs = "run" if found.left_out == 1 else "runs"
        said.append(f"{name}{found.left_out} {runs} left out: no run of the other in their block")
    # Every backend has its own software: a long list that says nothing new.
    silent = {"backend", "settings", *BUILD} if line.a.backend != line.b.backend else set()
    told = {key: values for key, values in line.differs.items() if key not in silent}
    if told:
        said.append(f"{name}differ, as asked, in {conditions.words(told)}")
    if line.forced:
        said.append(f"{name}FORCED although they differ in {conditions.words(line.forced)}")
    return said


def _legend(outcome: Outcome) -> list[str]:
    margin = f"{100 * outcome.margin:g} %"
    lines = [
        "A (s), B (s): medians, ± the scatter of single runs (scaled median deviation). B / A: "
        "below 1, B is faster. Pairs ran in the same block of one campaign: the median of their "
        "ratios; else the ratio of the medians. The interval of 5 pairs holds with 93.75 %.",
        f"faster, slower: the ratio is beyond {margin}, its interval leaves out 1, and a rank test "
        f"agrees (p at most {ALPHA:g}). same: the whole interval is within {margin}, and so are "
        "means and tails. Else ambiguous. Details: docs/method.md",
    ]
    if any(line.withheld for line in outcome.lines):
        lines.append(
            "withheld: the two did not do quite the same work, so the ratio is shown and neither "
            "is called faster; --fail-on passes over it, --force gives the verdict."
        )
    if len(outcome.lines) > 1:
        lines.append(
            f"{len(outcome.lines)} comparisons: by Holm's method the chance that any faster or "
            f"slower among them is false is at most {ALPHA:.0%}; intervals are of each by itself."
        )
    return lines
