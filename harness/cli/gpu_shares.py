"""Options of several GPUs in one job: whether they share it, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from harness.errors import UsageError
from runner.contract.rank import MOST_RANKS

Command = TypeVar("Command", bound=Callable[..., Any])


class Counts(click.ParamType[list[int]]):
    """Numbers from 1, separated by commas: each once, as they were given."""

    name = "counts"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        """The numbers that were meant."""
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isascii() and word.isdigit() for word in words):
            self.fail(f"{value!r}: expected numbers separated by commas, as in 1,2,4", param, ctx)
        counts = [int(word) for word in words if len(word) < len(str(MOST_RANKS)) + 1]
        if len(counts) < len(words) or not all(1 <= count <= MOST_RANKS for count in counts):
            self.fail(f"{value!r}: each from 1 to {MOST_RANKS}", param, ctx)
        if len(set(counts)) < len(counts):
            self.fail(f"{value!r} has a number twice", param, ctx)
        return counts


def options(command: Command) -> Command:
    """``--strategy``, ``--gpus-axis``, ``--ranks``."""
    for option in reversed(
        [
            click.option(
                "--strategy",
                type=click.Choice(["default", "data-parallel"]),
                help="Of several GPUs: what the tool does by itself (default), or a copy of the "
                "model on each, which share every batch.",
            ),
            click.option(
                "--gpus-axis",
                type=Counts(),
                metavar="N,N,...",
                help="Run on the first N GPUs, for each N: data-parallel from 2 on.",
            ),
            click.option(
                "--ranks",
                type=Counts(),
                metavar="N,N,...",
                help="The same on a CPU, in N parts: to try it where there is no GPU.",
            ),
        ]
    ):
        command = option(command)
    return command


def axis(asked: dict[str, Any], device: str) -> list[int | None]:
    """The numbers of GPUs, or of parts of a CPU, that are asked for.

    Raises:
        UsageError: those of the other device.
    """
    if asked["gpus_axis"] and device == "cpu":
        raise UsageError("--gpus-axis with device cpu", "--ranks shares a CPU; or add --device gpu")
    if asked["ranks"] and device == "gpu":
        raise UsageError("--ranks with device gpu", "--gpus-axis N is the first N GPUs")
    return [*(asked["gpus_axis"] or asked["ranks"] or [None])]
