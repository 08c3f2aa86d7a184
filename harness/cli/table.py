"""``benchdl table``: stored results side by side."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, filters, on_screen, out, priced
from harness.cli.priced import Asked
from harness.errors import UsageError
from harness.tables import reference_rows
from harness.tables.all_sides import SIDES
from harness.tables.data_formats import to_csv, to_json
from harness.tables.markdown import to_markdown
from harness.tables.selection import Selection


@click.command("table")
@common.format_option("text", "md", "csv", "json")
@click.option(
    "--by",
    type=click.Choice(list(SIDES)),
    default="tool",
    show_default=True,
    help="What a line of the tables is; device compares GPU and CPU.",
)
@click.option(
    "--with-reference",
    is_flag=True,
    help="Add the figures of the 2016 repository (Markdown), marked as other hardware.",
)
@common.quiet_option
@common.verbose_option
@filters.options()
@priced.options
@common.several_results_option  # fmt: skip
def command(
    form: str,
    by: str,
    with_reference: bool,
    quiet: bool,
    verbose: bool,
    selection: Selection,
    priced: Asked,
    results: tuple[Path, ...],
) -> None:
    """Print stored results: tables, or one row a run as CSV or JSON.

    On a terminal a sentence closes each table: which line is the fastest, and how sure that is.
    """
    if by != "tool" and form not in ("text", "md"):
        raise UsageError(
            f"--by {by} with --format {form}", "only tables have lines of several runs"
        )
    if with_reference and form != "md":
        raise UsageError(
            f"--with-reference with --format {form}", "reference rows are not data: only Markdown"
        )
    table = filters.rows(results, selection, priced)
    if selection and not table and form in ("text", "md"):
        return  # that nothing fits is said, and there are results
    if form == "text":
        on_screen.tables(table, SIDES[by], quiet=quiet, verbose=verbose)
    elif form == "md":
        out.document(to_markdown(table, SIDES[by]) + "\n")
        if with_reference:
            out.document("\n" + reference_rows.to_markdown() + "\n")
    elif form == "json":
        out.json(to_json(table))
    else:
        out.document(to_csv(table))
