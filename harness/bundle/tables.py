"""Every table of a set of results, as files: from the results alone, the same for the same ones."""

from __future__ import annotations

from harness import rows, tables
from runner.contract import Result


def of(results: list[Result]) -> dict[str, str]:
    """File name to text: the tables by tool, and one row a run as CSV and JSON."""
    flat = [rows.row(result) for result in results]
    return {
        "tables.md": tables.to_markdown(flat) + "\n",
        "runs.csv": tables.to_csv(flat),
        "runs.json": tables.to_json(flat) + "\n",
    }
