"""``benchdl import``: results that were measured on other machines."""

from __future__ import annotations

from pathlib import Path

import click

from harness import files
from harness.cli import common, out
from harness.errors import UsageError


@click.command("import")
@click.argument(
    "sources", nargs=-1, required=True, type=common.UserPath(), metavar="FOLDER|BUNDLE..."
)
@click.option(
    "--from",
    "place",
    metavar="NAME",
    help="What tables call the host of a FOLDER or BUNDLE (default: its path as it is named here).",
)
@common.results_option
def command(sources: tuple[Path, ...], place: str | None, results: Path | None) -> int:
    """Take results of other machines.

    A FOLDER is one of results that was copied here. Each result is checked with its checksums and
    comes in whole or not at all. Nothing here is replaced: what is there already stays, and of two
    results of one id that differ the second is refused. Doing it again takes what is new.

    Exit status 1 if something was refused.
    """
    from harness.importing import incoming, taking
    from harness.provision import progress

    store = common.store(results)
    for source in sources:
        if files.real(source) == files.real(store.directory):
            raise UsageError(
                f"{files.shown(source)} is the folder that is imported into",
                "name the other one, or another with --results",
            )
    refused = 0
    counting = progress.counted(out.console())
    for source in sources:
        with incoming.opened(source, place, out.say) as held:
            shown = files.shown(source)
            with counting(f"importing {shown}", len(held.runs())) as advance:
                taken = taking.take(held, store, advance)
        for line in taken.refused:
            out.say(f"refused: {line}")
        out.line(f"{shown}: {taken}")
        refused += len(taken.refused)
    return 1 if refused else 0
