"""``benchdl data fetch|list``: the datasets, and where they are."""

from __future__ import annotations

from pathlib import Path

import click

from harness.campaign.question import DEFAULT_WORKLOAD
from harness.cli import common, out
from harness.provision import discovery, obtain, progress, workload_data


@click.group("data", no_args_is_help=False)
def command() -> None:
    """Fetch and list datasets."""


@command.command("fetch")
@click.argument("name", metavar="[NAME]", type=click.Choice(discovery.names()), required=False)
def fetch(name: str | None) -> None:
    """Download a dataset into the cache, or generate it, and verify it.

    Without a NAME that of the usual workload; `benchdl data list` has all.
    """
    name = name or workload_data.chosen(discovery.AUTO, DEFAULT_WORKLOAD).name
    dataset = obtain.fetch(name, out.say, progress.on(out.console()))
    out.line(f"{dataset.name} is in {dataset.directory}, verified")


@command.command("list")
@common.data_dir_option
def list_(data_dir: Path | None) -> None:
    """List the datasets, and whether they are here and sound."""
    states = obtain.listing(data_dir)
    wide = max(len(state.spec.name) for state in states)
    for state in states:
        name = state.spec.name
        out.line(f"{name:<{wide}} {state.state:<9} {state.where}  {state.problem}".rstrip())
