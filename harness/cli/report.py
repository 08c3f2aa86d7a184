"""``benchdl report``: one page with everything, or its tables as Markdown or CSV."""

from __future__ import annotations

import re
from pathlib import Path

import click

from harness import files
from harness import store as store_module
from harness.cli import common, out
from harness.errors import BenchdlError, UsageError


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
@common.results_option
def command(output: Path | None, form: str, timelines: int | None, results: Path | None) -> None:
    """Write a report of all stored results: one file that needs no network.

    A file that is there already stays until the new one is whole.
    """
    import gc

    gc.disable()  # ten thousand results are kept to the end: looking through them takes a second
    from harness.report import texts

    store = common.store(results)
    found, damaged = store.load()
    store_module.report(damaged, out.say)
    if form == "html":
        from harness.report import page
        from harness.report.document import Source

        text = page.render(
            Source(
                results=found,
                folders={one.run_id: store.directory / one.run_id for one in found},
                damaged=[f"{one.name}: {one.reason}" for one in damaged],
                timelines=timelines,
            )
        )
        output = output or Path("report.html")
    else:
        text = texts.markdown(found) if form == "md" else texts.csv_lines(found)
    if output is None or str(output) == "-":
        out.document(text)
        return
    _write(output, text)
    out.say(f"{len(found):,} results, {len(text.encode()) / 1e6:.1f} MB: {output}")


def _write(output: Path, text: str) -> None:
    if files.is_dir(output):
        raise UsageError(f"{output} is a folder", "name a file, as in -o report.html")
    try:
        files.write_whole(output, text)
    except OSError as error:
        raise BenchdlError(
            f"cannot write {output} ({error.strerror or error})", "name another file with -o"
        ) from None
