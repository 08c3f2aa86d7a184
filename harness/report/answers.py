"""What a table says in a sentence or two, as the terminal closes it: here they stand before it."""

from __future__ import annotations

from harness.compare import fastest
from harness.compare.fastest import Answer
from harness.tables.columns import BY_KEY
from harness.tables.markdown import interval_text
from harness.tables.sections import Line, Section
from harness.tables.side import Side
from harness.tables.views import TOOL


def of(section: Section, side: Side) -> list[Answer]:
    """The answers of a section of a side; only tables by tool say who is the fastest.

    Where nothing can be compared the answer says so, with what was measured; of no line there is
    none.
    """
    if side is not TOOL:
        return []
    return fastest.answers(section) or [_alone(line) for line in section.lines]


def _alone(line: Line) -> Answer:
    """A line that nothing stands beside."""
    time = BY_KEY["time_s"]
    bounds = interval_text(line)
    interval = f" ({bounds})" if bounds else ""
    runs = len(line.members)
    of_runs = f", median of {runs} runs" if runs > 1 else ""
    doubt = " (suspect)" if line.suspect else ""
    lasted = f"{time.text(line.values)} {time.unit}"
    said = f"{lasted}{interval}{of_runs}{doubt}"
    return Answer(str(line.name), said, "Nothing to compare it with", lasted)
