"""The outcome of a comparison for readers and for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from harness import printable
from harness.compare import Line, Outcome, conditions
from harness.compare.conditions import READ, Attribute
from harness.stats.samples import CONFIDENCE, RESAMPLES, SEED, Summary
from harness.stats.verdicts import ALPHA
from harness.tables import markdown
from harness.tables.sampled import Figure

HEADER = ("B against A", "A (s)", "B (s)", "Runs", "B / A", "95 % interval", "Verdict")

FIGURES: dict[str, Figure] = {
    "time": "time_s",
    "first-epoch": "first_epoch_s",
    "steady-epoch": "steady_epoch_s",
    "total": "total_s",
}


def to_text(outcome: Outcome) -> str:
    """A table with a line a configuration, the reason of each verdict, and what differs."""
    varying = _varying(outcome)
    first = outcome.lines[0].a
    named = [name for name, figure in FIGURES.items() if figure == outcome.figure]
    parts = [
        _safe(
            f"A: {outcome.names[0]}   B: {outcome.names[1]}   "
            f"figure: {named[0]}   question: {', '.join(outcome.questions)}"
        ),
        _safe(conditions.work(first, frozenset(varying))),
        "",
        markdown(HEADER, [_cells(line, varying) for line in outcome.lines]),
        "",
    ]
    for line in outcome.lines:
        said = _said(line, varying, alone=len(outcome.lines) == 1)
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
            "resamples": RESAMPLES,
            "seed": SEED,
            "comparisons": lines,
            "notes": outcome.notes,
        },
        indent=1,
    )


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


def _name(line: Line, varying: list[Attribute]) -> str:
    """The configurations compared: ``tf tuned -> theano tuned``, or one word if they are alike."""

    def words(side: str) -> str:
        row = line.a if side == "a" else line.b
        shown = [row.backend]
        for name in varying:
            value = READ[name](row)
            told = name in ("backend", "layout", "software", "settings", "machine", "GPU")
            if not told and value is not None:
                shown.append(f"{value} {name}" if isinstance(value, int) else str(value))
        return " ".join(shown)

    a, b = words("a"), words("b")
    return a if a == b else f"{b} against {a}"


def _cells(line: Line, varying: list[Attribute]) -> tuple[str, ...]:
    found = line.comparison
    runs = f"{found.pairs} pairs" if found.pairs else f"{found.a.n}, {found.b.n}"
    interval = (
        "-" if found.low is None or found.high is None else f"{found.low:.3f} to {found.high:.3f}"
    )
    marked = line.verdict + (" (forced)" if line.forced else "")
    return (
        _name(line, varying),
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


def _said(line: Line, varying: list[Attribute], *, alone: bool) -> list[str]:
    found = line.comparison
    name = "" if alone else f"{_name(line, varying)}: "
    if line.withheld:
        said = [f"{name}no winner is named, because {line.withheld}; --force gives the verdict"]
    else:
        said = [f"{name}{found.verdict}: {found.reason}"]
        if found.verdict == "ambiguous":
            said[0] += (
                "; more than a thousand repeats would be needed"
                if found.more is None
                else f"; about {found.more} more repeat{'s' if found.more > 1 else ''} of each "
                "would probably settle it"
            )
    if found.left_out:
        said.append(f"{name}{found.left_out} run(s) without a partner in their block left out")
    # Every backend has its own software: a long list that says nothing new.
    silent = {"backend", "software", "settings"} if line.a.backend != line.b.backend else set()
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
        "ratios; else the ratio of the medians.",
        f"faster, slower: the ratio is beyond {margin}, its interval leaves out 1, and a rank test "
        f"agrees (p at most {ALPHA:g}). same: the whole interval is within {margin}. Else "
        "ambiguous. Details: docs/method.md",
    ]
    if len(outcome.lines) > 1:
        lines.append(
            f"{len(outcome.lines)} comparisons: by Holm's method the chance that any faster or "
            f"slower among them is false is at most {ALPHA:.0%}; intervals are of each by itself."
        )
    return lines


def _known(row: Any) -> dict[str, object]:
    return {name.replace(" ", "_"): read(row) for name, read in READ.items()}
