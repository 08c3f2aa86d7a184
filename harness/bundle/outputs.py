"""All that is made of a set of results, as files: the same bytes for the same results."""

from __future__ import annotations

from harness import tables
from harness.tables import rows, sides
from runner.contract import Result


def of(results: list[Result]) -> dict[str, str]:
    """File name to text: the tables from every side, and one row a run as CSV and JSON."""
    flat = [rows.row(result) for result in results]
    made = {
        f"by-{name}.md": tables.to_markdown(flat, side) + "\n" for name, side in sides.SIDES.items()
    }
    return {**made, "runs.csv": tables.to_csv(flat), "runs.json": tables.to_json(flat) + "\n"}
