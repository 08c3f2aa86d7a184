"""What the verbs of ``benchdl fleet`` share: options, the engine, and driving with its view."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import counted
from harness.cli import finish, out
from harness.errors import BenchdlError
from harness.tables.told_beside import Beside
from runner.contract.result import Result

if TYPE_CHECKING:
    from harness.fleet.fleet_file import FleetFile
    from harness.fleet.fleet_record import Fleet
    from harness.fleet.scheduler import Scheduler
    from harness.store import Store

fleet_argument = click.argument("fleet", default="latest")
accept_option = click.option(
    "--accept-changes",
    is_flag=True,
    help="Hosts that differ from what the fleet asks for run as well; their results are suspect.",
)


def scheduler(file: FleetFile) -> Scheduler:
    """The engine that a fleet file names."""
    from harness.fleet.slurm import Slurm

    return {"slurm": Slurm}[file.engine]()


def drive(
    fleet: Fleet,
    engine: Scheduler,
    store: Store,
    *,
    begin: float,
    again: bool = False,
    accept_changes: bool = False,
    quiet: bool = False,
    verbose: bool = False,
) -> int:
    """Drive it to its end, print its table and return the exit status.

    Raises:
        KeyboardInterrupt: Ctrl-C, after it was said how to come back.
    """
    from harness.campaign.display import Display
    from harness.fleet.driving import Driver
    from harness.fleet.fleet_view import FleetView

    view = FleetView(out.console(), quiet=quiet)
    driver = Driver(
        fleet, engine, store, view, _command(), again=again, accept_changes=accept_changes
    )
    try:
        outcome = driver.drive()
    except KeyboardInterrupt:
        view.close()
        out.say(f"the hosts go on; {', '.join(fleet.commands())}")
        raise
    finally:
        view.close()
    display = Display(out.console(), quiet=quiet, verbose=verbose)
    code = finish.show(
        outcome.results,
        as_json=False,
        begin=begin,
        store=store,
        display=display,
        quiet=quiet,
        verbose=verbose,
        beside=Beside(origins=_hosts(outcome.results)),
        against=False,  # planning refuses it; and a shard's campaign record may be damaged
    )
    left = [shard for shard in outcome.shards if shard.phase != "done"]
    for shard in left:
        out.say(f"shard {shard.name} is not complete: {shard.phase}: {shard.words}")
    if left:
        out.say(f"{counted.things(len(left), 'shard')} left; to go on: {fleet.commands()[1]}")
    return code if outcome.complete else 1


def _hosts(results: list[Result]) -> dict[str, str]:
    """By run id the shard, and so the host, that a result is from."""
    shards = {result.run_id: result.launch and result.launch.shard for result in results}
    return {run_id: f"shard {shard}" for run_id, shard in shards.items() if shard}


def _command() -> Path:
    """The ``benchdl`` that runs now, by the path that hosts shall find it under.

    Raises:
        BenchdlError: it was not started as a command, and there is none on the path.
    """
    started = Path(sys.argv[0]).absolute()
    if started.name == "benchdl" and started.is_file():
        return started
    found = shutil.which("benchdl")
    if found is None:
        raise BenchdlError(
            "no command benchdl for the hosts to start",
            "name it in the fleet file: benchdl = PATH, below [hosts.NAME]",
        )
    return Path(found).absolute()
