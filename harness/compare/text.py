"""The outcome of a comparison as Markdown for readers and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from harness import printable
from harness.compare.comparing import Outcome
from harness.compare.conditions import READ
from harness.compare.told import told
from harness.stats.medians import CONFIDENCE
from harness.stats.verdicts import ALPHA
from harness.tables.markdown import table


def to_text(outcome: Outcome) -> str:
    """A Markdown table with the reason of each verdict, what differs, and what words mean."""
    words = told(outcome)
    return "\n".join(
        [
            *map(_safe, words.about),
            "",
            table(words.header, words.cells),
            "",
            *(f"- {_safe(note)}" for note in words.notes),
            "",
            *(f"> {line}" for line in words.legend),
        ]
    )


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


def _safe(words: str) -> str:
    return printable.markdown(words, printable.LONGEST_LINE)


def _known(row: Any) -> dict[str, object]:
    return {name.replace(" ", "_"): read(row) for name, read in READ.items()}
