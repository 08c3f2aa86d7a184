"""``benchdl table``: stored results side by side."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, filters, out
from harness.errors import UsageError
from harness.tables import reference_rows, rows, views
from harness.tables.data_formats import to_csv, to_json
from harness.tables.markdown import to_markdown
from harness.tables.selection import Selection


@click.command("table")
@click.option(
    "--format", "form", type=click.Choice(["md", "csv", "json"]), default="md", show_default=True
)
@click.option(
    "--by",
    type=click.Choice(list(views.SIDES)),
    default="tool",
    show_default=True,
    help="What a line of the Markdown tables is; device compares GPU and CPU.",
)
@click.option(
    "--with-reference",
    is_flag=True,
    help="Add the figures of the 2016 repository (Markdown), marked as other hardware.",
)
@filters.options()
@common.results_option  # fmt: skip
def command(
    form: str, by: str, with_reference: bool, selection: Selection, results: Path | None
) -> None:
    """Print stored results: Markdown tables, or one row a run as CSV or JSON."""
    if by != "tool" and form != "md":
        raise UsageError(
            f"--by {by} with --format {form}", "only Markdown has lines of several runs"
        )
    if with_reference and form != "md":
        raise UsageError(
            f"--with-reference with --format {form}", "reference rows are not data: only Markdown"
        )
    table = [rows.row(result) for result in filters.chosen(results, selection)]
    if selection and not table and form == "md":
        return  # that nothing fits is said, and there are results
    if form == "md":
        out.document(to_markdown(table, views.SIDES[by]) + "\n")
        if with_reference:
            out.document("\n" + reference_rows.to_markdown() + "\n")
    elif form == "json":
        out.json(to_json(table))
    else:
        out.document(to_csv(table))
