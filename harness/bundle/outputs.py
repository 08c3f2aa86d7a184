"""All that is made of a campaign's results: the same bytes for the same results and benchdl."""

from __future__ import annotations

from pathlib import Path

from harness.bundle.manifest import DamagedResult
from harness.campaign.records import Campaign
from harness.report import document, page, texts
from harness.tables import rows
from harness.tables.data_formats import to_csv, to_json
from harness.tables.told_beside import NOTHING, Beside
from runner.contract.result import Result

PAGE = "report.html"


def of(results: list[Result]) -> dict[str, str]:
    """File name to text: the tables of every side, their lines, and one row a run."""
    flat = [rows.row(result) for result in results]
    return {
        "report.md": texts.markdown(results),
        "report.csv": texts.csv_lines(results),
        "runs.csv": to_csv(flat),
        "runs.json": to_json(flat) + "\n",
    }


def web_page(
    campaign: Campaign,
    results: list[Result],
    damaged: list[DamagedResult],
    folder: Path,
    beside: Beside = NOTHING,
) -> str:
    """The report as one HTML file, dated like the campaign.

    ``folder`` holds one folder a run with its samples, named by its id; ``beside`` is what no
    result tells. The page is in no bundle:
    its data are packed, and how many bytes that makes depends on the zlib of the machine.
    """
    return page.render(
        document.Source(
            results=results,
            folders={result.run_id: folder / result.run_id for result in results},
            damaged=[result.reason for result in damaged],
            made_at=campaign.created_at,
            beside=beside,
        )
    )
