"""``benchdl data fetch|list``: the datasets, and where they are."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, out
from harness.datasets import provision


@click.group("data", no_args_is_help=False)
def command() -> None:
    """Fetch and list datasets."""


@command.command("fetch")
@click.argument(
    "name", metavar="NAME", type=click.Choice(["mnist", "synthetic-mnist"]), default="mnist"
)
def fetch(name: str) -> None:
    """Download MNIST (or make the stand-in) into the cache and verify it."""
    dataset = provision.fetch(name, out.say)
    out.line(f"{dataset.name} is in {dataset.directory}, verified")


@command.command("list")
@common.data_dir_option
def list_(data_dir: Path | None) -> None:
    """List the datasets that are here, and whether they are what they should be."""
    for state in provision.listing(data_dir):
        out.line(f"{state.name:<16} {state.state:<9} {state.where}  {state.problem}".rstrip())
