"""The outcome of a comparison for readers and for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from harness import counted, printable
from harness.compare import conditions, naming
from harness.compare.comparing import Line, Outcome
from harness.compare.conditions import BUILD, READ, Attribute
from harness.stats.describe import Summary
from harness.stats.medians import CONFIDENCE
from harness.stats.verdicts import ALPHA
from harness.tables.column import Column
from harness.tables.columns import BY_KEY
from harness.tables.markdown import table


def to_text(outcome: Outcome) -> str:
    """A table with a line a configuration, the reason of each verdict, and what differs."""
    varying = _varying(outcome)
    names = naming.of_lines([(line.a, line.b) for line in outcome.lines], varying)
    first = outcome.lines[0].a
    figure = BY_KEY[outcome.figure]
    parts = [
        _safe(
            f"A: {outcome.names[0]}   B: {outcome.names[1]}   "
            f"figure: {figure.compared}   question: {', '.join(outcome.questions)}"
        ),
        _safe(conditions.work(first, frozenset(varying))),
        "",
        table(
            _header(figure),
            [_cells(*named_line) for named_line in zip(outcome.lines, names, strict=True)],
        ),
        "",
    ]
    for line, name in zip(outcome.lines, names, strict=True):
        said = _said(line, "" if len(names) == 1 else f"{name}: ")
        parts += [f"- {_safe(words)}" for words in said]
    parts += [f"- {_safe(note)}" for note in outcome.notes]
    parts += ["", *(f"> {words}" for words in _legend(outcome))]
    return "\n".join(parts)


def to_json(outcome: Outcome) -> str:
    """Everything, with the values of each run and the ids of the runs."""
    lines = []
    for line in outcome.lines:
        found = line.comparison
        sides = {
            name: {**_known(row), **asdict(summary), "runs": runs}
            for name, row, summary, runs in (
                ("a", line.a, found.a, line.runs[0]),
                ("b", line.b, found.b, line.runs[1]),
            )
        }
        comparison = {key: value for key, value in asdict(found).items() if key not in ("a", "b")}
        lines.append(
            {
                **sides,
                **comparison,
                "verdict": line.verdict,
                "withheld": line.withheld,
                "differs": line.differs,
                "forced": line.forced,
            }
        )
    return json.dumps(
        {
            "a": outcome.names[0],
            "b": outcome.names[1],
            "questions": outcome.questions,
            "figure": outcome.figure,
            "margin": outcome.margin,
            "confidence": CONFIDENCE,
            "alpha": ALPHA,
            "comparisons": lines,
            "notes": outcome.notes,
        },
        indent=1,
    )


def _header(figure: Column) -> tuple[str, ...]:
    a, b = (f"{side} ({figure.unit})" for side in "AB")
    return ("B against A", a, b, "Runs", "B / A", "95 % interval", "Verdict")


def _safe(words: str) -> str:
    return printable.markdown(words, printable.LONGEST_LINE)


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
    runs = counted.things(found.pairs, "pair") if found.pairs else f"{found.a.n}, {found.b.n}"
    interval = (
        "-" if found.low is None or found.high is None else f"{found.low:.3f} to {found.high:.3f}"
    )
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


def _known(row: Any) -> dict[str, object]:
    return {name.replace(" ", "_"): read(row) for name, read in READ.items()}
