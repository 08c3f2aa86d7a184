"""``benchdl fleet run``: plan a fleet, submit its shards, and collect what comes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from harness.cli import common, driven, out
from harness.counted import things


@click.command("run")
@click.option(
    "--campaign",
    "file",
    required=True,
    type=common.UserPath(),
    metavar="FILE.toml",
    help="What to run, as for benchdl run; `repeat` is the blocks on each type of host.",
)
@click.option(
    "--fleet",
    "fleet_file",
    required=True,
    type=common.UserPath(),
    metavar="FILE.toml",
    help="On which hosts, and where they meet.",
)
@common.launcher_option
@common.python_option
@common.data_dir_option
@common.allow_unpinned_option
@common.tags_option
@common.note_option
@common.conform_option
@common.make_base_option
@driven.accept_option
@common.results_option
@common.quiet_option
@common.verbose_option
def command(
    fleet_file: Path,
    make_base: bool,
    accept_changes: bool,
    results: Path | None,
    quiet: bool,
    verbose: bool,
    **asked: Any,
) -> int:
    """Run a campaign on every type of host, and print the table.

    Ctrl-C leaves the hosts at work and says how to come back.
    """
    from harness.campaign.display import Display
    from harness.cli import request
    from harness.fleet import fleet_file as fleet_files
    from harness.fleet import planning
    from harness.launchers import choice

    begin = time.monotonic()
    display = Display(out.console(), quiet=quiet, verbose=verbose)
    try:
        file = fleet_files.read(fleet_file)
        options = request.for_hosts(asked)
        scheduler = driven.scheduler(file)
        for note in scheduler.check(file.hosts):
            display.say(note)
        builder = choice.builder(
            options.launcher, python=options.python, make_base=make_base, say=display.say
        )
        store = common.store(results)
        fleet = planning.make(options, file, builder, store, display)
        shards = things(len(fleet.shards), "shard")
        display.say(f"fleet {fleet.fleet_id}: {shards} in {fleet.folder}")
    finally:
        display.close()
    return driven.drive(
        fleet,
        scheduler,
        store,
        begin=begin,
        accept_changes=accept_changes,
        quiet=quiet,
        verbose=verbose,
    )
