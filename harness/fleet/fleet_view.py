"""How a fleet is shown: a table of its shards, live on a terminal, lines elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import counted, printable
from harness.campaign.outlook import duration
from harness.fleet.fleet_record import Fleet
from harness.fleet.standing import Phase, Standing
from harness.notices import WARNING
from harness.store import Store

if TYPE_CHECKING:  # only a terminal needs it
    from rich.live import Live

_COLOURS: dict[Phase, str] = {
    "done": "green",
    "running": "cyan",
    "silent": "yellow",
    "lost": "yellow",
    "out of time": "yellow",
    "refused": "red",
    "failed": "red",
    "stopped": "red",
    "given up": "red",
}


class FleetView:
    """A :class:`harness.fleet.driving.FleetWatcher` that writes to ``console``."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._live: Live | None = None
        self._told = ""

    def say(self, line: str) -> None:
        """One line of notice."""
        if not self._quiet or line.startswith(WARNING):
            self._console.print(Text(printable.line(line)), soft_wrap=True)

    def standing(self, shards: list[Standing]) -> None:
        """Draw the table anew; in a pipe, a line whenever the count of anything changed."""
        if self._quiet:
            return
        if self._console.is_terminal:
            self._draw(table(shards))
            return
        told = summary(shards)
        if told != self._told:
            self._told = told
            self._console.print(Text(printable.line(told)), soft_wrap=True)

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, drawn: Table) -> None:
        if self._live is None:
            from rich.live import Live  # noqa: PLC0415 - only a terminal needs it

            self._live = Live(drawn, console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(drawn, refresh=True)


def table(shards: Sequence[Standing]) -> Table:
    """A line for each shard: where it runs, how far it is, what it waits for."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Shard", "State", "Host", "Jobs", "To go", ""):
        drawn.add_column(title, justify="right" if title in ("Jobs", "To go") else "left")
    for shard in shards:
        beat = shard.beat
        jobs = f"{beat.ended}/{beat.total}" if beat.total else "-"
        left = duration(beat.left_s) if beat.left_s is not None and beat.total else "-"
        words = shard.words or beat.running
        drawn.add_row(
            Text(shard.name),
            Text(shard.phase, _COLOURS.get(shard.phase, "")),
            Text(printable.line(shard.host or "-")),
            jobs,
            left if shard.phase in ("running", "silent") else "-",
            Text(printable.line(words)),
        )
    return drawn


def summary(shards: Sequence[Standing]) -> str:
    """All shards in one line: how many are in which state, and how many jobs have ended."""
    hosts = sorted({shard.host for shard in shards if shard.phase == "running" and shard.host})
    words = [
        f"{many} {phase}" + (f" on {', '.join(hosts)}" if phase == "running" and hosts else "")
        for phase, many in Counter(shard.phase for shard in shards).items()
    ]
    ended = sum(shard.beat.ended for shard in shards)
    known = sum(shard.beat.total for shard in shards)
    jobs = f"; {ended} of their {known} jobs ended" if known else ""
    return f"{counted.things(len(shards), 'shard')}: {', '.join(words)}{jobs}"


def uncollected(fleet: Fleet, store: Store) -> int:
    """How many results lie in the shards' folders and not in the store."""
    here = {folder.name for folder in store.folders()}
    there = {
        run.name for shard in fleet.shards for run in fleet.shard_folder(shard).store.folders()
    }
    return len(there - here)
