"""Tables as HTML for a notebook's cell: what a terminal shows, with every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from harness import printable
from harness.tables.fitted import STYLES
from harness.tables.markdown import cells, header
from harness.tables.rows import Row
from harness.tables.sections import Section, grouped
from harness.tables.views import TOOL

_COLOURS = {"green": "#1a7f37", "cyan": "#0b7285", "yellow": "#9a6700", "red": "#cf222e"}
"""Of statuses and verdicts, whose words stand beside them: at least 4.5:1 on white."""


def to_html(rows: Sequence[Row]) -> str:
    """All sections by tool with their notes; of no rows, a sentence."""
    made = grouped(list(rows))
    return "".join(map(_section, made)) or paragraph(TOOL.empty)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose first column stands left, the others right."""
    heads = "".join(f"<th>{_safe(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(map(_cell, range(len(line)), line))}</tr>" for line in lines)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def notes(lines: Iterable[str]) -> str:
    """Sentences as a list; none of none."""
    items = "".join(f"<li>{_safe(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def paragraph(words: str) -> str:
    """A sentence."""
    return f"<p>{_safe(words)}</p>"


def _section(section: Section) -> str:
    lines = [cells(line, section.columns) for line in section.lines]
    made = table(header(section.columns), lines) if lines else ""
    return f"<p><b>{_safe(section.caption)}</b></p>{made}{notes(section.notes)}"


def _cell(number: int, text: str) -> str:
    colour = _COLOURS.get(STYLES.get(text, "").rpartition(" ")[2])
    style = f"text-align:{'right' if number else 'left'}" + (f";color:{colour}" if colour else "")
    return f'<td style="{style}">{_safe(text)}</td>'


def _safe(text: str) -> str:
    return html.escape(printable.line(text, printable.LONGEST_LINE))
