"""The lines of a table that others published as CSV, column by column of those that are needed."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence


def chosen(content: bytes, file: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The number of each line, from 2 on, and its values of these columns, in their order.

    Args:
        content: of the table; its first line names the columns.
        file: what messages call it.
        columns: which are needed.

    Raises:
        ValueError: a column is missing, or a line is none of such a table.
    """
    text = content.removeprefix(codecs.BOM_UTF8)  # spreadsheets write it
    lines = csv.reader(text.decode("ascii", "replace").splitlines())
    try:
        names = next(lines, [])
        missing = [name for name in columns if name not in names]
        if missing:
            raise ValueError(f"{file} has no column {', '.join(missing)}")
        places = [names.index(name) for name in columns]
        for number, line in enumerate(lines, 2):
            if len(line) != len(names):
                raise ValueError(
                    f"{file}, line {number}: {len(line)} values for {len(names)} columns"
                )
            yield number, [line[place] for place in places]
    except csv.Error as error:
        raise ValueError(f"{file}, line {lines.line_num}: {error}") from None


def within(value: int, most: int, what: str) -> int:
    """``value``, where it is from 0 to ``most``.

    Raises:
        ValueError: it is not.
    """
    if not 0 <= value <= most:
        raise ValueError(f"{what} {value} is not from 0 to {most}")
    return value
