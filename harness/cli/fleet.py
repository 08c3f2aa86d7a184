"""``benchdl fleet``: a campaign on many hosts."""

from __future__ import annotations

import click

from harness.cli import fleet_cancel, fleet_resume, fleet_run, fleet_status


@click.group("fleet")
def command() -> None:
    """Run a campaign on many hosts that Slurm starts.

    `benchdl docs fleet` walks through it.
    """


command.add_command(fleet_run.command)
command.add_command(fleet_status.command)
command.add_command(fleet_resume.command)
command.add_command(fleet_cancel.command)
