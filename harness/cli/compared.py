"""The options of verbs that judge a figure: which one, and what of a difference does not matter."""

from __future__ import annotations

from collections.abc import Callable

import click

from harness.cli import common
from harness.cli.common import Command
from harness.stats.verdicts import MARGIN
from harness.tables.columns import COMPARED


def options(to_do: str, margin: str) -> Callable[[Command], Command]:
    """``--figure``, of which the verb does ``to_do``, and ``--margin``, told by ``margin``."""
    figure = click.option(
        "--figure",
        type=click.Choice(list(COMPARED)),
        default="time",
        show_default=True,
        help=f"What to {to_do}; time is the tables' Time (s).",
    )
    within = click.option(
        "--margin",
        type=common.Finite(0, 100, min_open=True),
        default=100 * MARGIN,
        show_default=True,
        metavar="PERCENT",
        help=margin,
    )
    return lambda command: figure(within(command))
