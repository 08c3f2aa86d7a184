"""``benchdl report``: one page with everything, or its tables as Markdown or CSV."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import common, filters, out, priced
from harness.cli.priced import Asked
from harness.counted import things
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.report.writing import Format
    from harness.tables.selection import Selection


def _timelines(ctx: click.Context, param: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    if not re.fullmatch("[0-9]{1,9}", value):
        raise click.BadParameter(f"{value}: expected a number of runs, or all", ctx, param)
    return int(value)


@click.command("report")
@click.option(
    "-o",
    "--output",
    type=common.UserPath(dir_okay=False),
    help="File to write (default: report.html; Markdown and CSV go to standard output).",
)
@click.option(
    "--format", "form", type=click.Choice(["html", "md", "csv"]), default="html", show_default=True
)
@click.option(
    "--timelines",
    default="200",
    show_default=True,
    callback=_timelines,
    metavar="N|all",
    help="How many of the newest runs get a timeline in the page.",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in your browser.")
@filters.options()
@priced.options
@common.several_results_option
def command(
    output: Path | None,
    form: Format,
    timelines: int | None,
    opened: bool,
    selection: Selection,
    priced: Asked,
    results: tuple[Path, ...],
) -> None:
    """Write a report of all stored results.

    It is one file that needs no network. A file that is there already stays until the new one is
    whole.
    """
    from harness.report import writing

    if form == "html":
        output = output or Path("report.html")
    if opened and (form != "html" or str(output) == "-"):
        raise UsageError("--open without a page", "leave out --format and -o -")
    if output is not None:
        writing.check(output)
    stores = common.stores(results)
    beside = priced.read(stores)
    text, count = writing.made(stores, form, timelines, out.say, selection, beside)
    if output is None or str(output) == "-":
        out.document(text)
        return
    writing.write(output, text)
    out.say(f"{things(count, 'result')}, {len(text.encode()) / 1e6:.1f} MB: {output}")
    if opened and not webbrowser.open(output.absolute().as_uri()):
        out.say(f"no browser opens here: open {output.absolute()} yourself")
