"""The options that add what no result tells, prices and a loss: the same ones everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from harness import prices
from harness.cli import common
from harness.store import Store
from harness.tables.told_beside import Beside

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Asked:
    """``file`` as ``--prices`` names it, ``given`` the words of each ``--price``; ``to_loss``."""

    file: Path | None = None
    given: tuple[str, ...] = ()
    to_loss: float | None = None

    def read(self, stores: Iterable[Store]) -> Beside:
        """What rows have besides; prices beside the results count where no file is named.

        Raises:
            UsageError: one cannot be read, or is no price.
        """
        places = [store.directory for store in stores]
        return Beside(prices=prices.read(self.file, self.given, places), to_loss=self.to_loss)


def options(command: Command) -> Command:
    """``--prices``, ``--price`` and ``--to-loss``; the command gets ``priced``."""

    @functools.wraps(command)
    def with_prices(*args: Any, **asked: Any) -> Any:
        named = {name: asked.pop(name) for name in ("file", "given", "to_loss")}
        return command(*args, priced=Asked(**named), **asked)

    decorated: Any = with_prices
    for option in (_TO_LOSS, PRICE, PRICES):
        decorated = option(decorated)
    chosen: Command = decorated
    return chosen


PRICES = click.option(
    "--prices",
    "file",
    type=common.UserPath(dir_okay=False),
    help="File of prices an hour by type (default: $BENCHDL_PRICES, or prices.toml beside the "
    "results); adds a column of costs.",
)
PRICE = click.option(
    "--price",
    "given",
    multiple=True,
    metavar="[TYPE=]PRICE[USD]",
    help="Price of an hour of a machine or GPU by a part of its name, as in p3.2xlarge=3.06USD; "
    "repeat for several.",
)
_TO_LOSS = click.option(
    "--to-loss",
    "to_loss",
    type=common.Finite(0),
    metavar="LOSS",
    help="Add the time, and with a price the cost, until a lap had this training loss.",
)
