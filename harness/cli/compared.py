"""The options of verbs that judge a figure: which one, and what of a difference does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from harness.cli import common
from harness.cli.common import Command
from harness.stats.verdicts import MARGIN
from harness.tables import judged
from harness.tables.columns import COMPARED


class _Figure(click.Choice[str]):
    """One of the figures that are judged; of a cost the line says where it stands."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The figure's name."""
        why = judged.refusal(value)
        return self.fail(why, param, ctx) if why else super().convert(value, param, ctx)


def options(to_do: str, margin: str) -> Callable[[Command], Command]:
    """``--figure``, of which the verb does ``to_do``, and ``--margin``, told by ``margin``."""
    figure = click.option(
        "--figure",
        type=_Figure(list(COMPARED)),
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
