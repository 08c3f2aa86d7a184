"""``benchdl shard``: what a batch system starts on a host of a fleet."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import common, out


@click.command("shard")
@click.argument("folder", type=common.UserPath(file_okay=False))
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Run although this host differs from what the fleet asks for; its results are suspect.",
)
def command(folder: Path, accept_changes: bool) -> None:
    """Run the shard of a fleet in FOLDER on this host.

    Nobody types it: benchdl fleet run submits it. It goes on with what is left of the shard.
    """
    from harness.fleet import executing

    executing.run(folder.absolute(), out.say, accept_changes=accept_changes)
