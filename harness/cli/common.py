"""What several verbs share: the results option and the console for notices."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from harness import paths
from harness.store import Store

results_option = click.option(
    "--results",
    "results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the results (default: $BENCHDL_RESULTS or ./results).",
)


def store(results: Path | None) -> Store:
    """The store of ``--results``."""
    return Store(paths.results_dir(results))


def console() -> Console:
    """Notices and progress go to standard error; standard output is for results."""
    return Console(stderr=True)


def say(line: str) -> None:
    """One line of notice on standard error."""
    click.echo(line, err=True)
