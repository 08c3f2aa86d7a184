"""The tables of columns in docs/definitions.md, as harness/tables/columns.py has them.

``python tests/definitions_page.py`` writes them anew.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "definitions.md"

_BLOCK = re.compile(r"(<!-- columns: ([a-z ]+) -->\n).*?(<!-- end of columns -->)", re.DOTALL)


def groups(page: str) -> list[str]:
    """The groups of columns that the page has tables of, in its order."""
    return [group for found in _BLOCK.finditer(page) for group in found[2].split()]


def renewed(page: str) -> str:
    """The page with every table of columns as it should be."""
    return _BLOCK.sub(lambda found: found[1] + _table(found[2].split()) + found[3], page)


def _table(names: list[str]) -> str:
    from harness.tables.columns import GROUPS

    lines = ["| column | definition |", "|---|---|"]
    for column in (column for name in names for column in GROUPS[name]):
        head = f"**{column.head}**" if "table" in column.shown else column.head
        words = column.definition[0].upper() + column.definition[1:]
        only = "".join(f" Only where `{key}` is `{value}`." for key, value in column.only.items())
        more = f" {column.more}" if column.more else ""
        lines.append(f"| {head} (`{column.key}`) | {words}{more}{only} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(PAGE.parents[1]))
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
