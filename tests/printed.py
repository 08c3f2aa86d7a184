"""Printed tables, read back."""

from __future__ import annotations


def cells(line: str) -> list[str]:
    """The cells of one line of a Markdown table."""
    return [cell.strip() for cell in line.strip("| ").split("|")]


def rows_by_tool(markdown: str) -> list[dict[str, str]]:
    """Every line of the tables by tool, as column to cell; the tables below them are left out."""
    found: list[dict[str, str]] = []
    header: list[str] = []
    for line in map(cells, (text for text in markdown.splitlines() if text.startswith("|"))):
        if line[0] == "Tool" or line[0].startswith("Instance"):
            header = line if "vs lowest" in line else []
        elif header and set(line[0]) != {"-"}:
            found.append(dict(zip(header, line, strict=True)))
    return found
