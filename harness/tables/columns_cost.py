"""Columns of what a run cost: by prices that the reader brings, so no result tells them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from harness.tables.column import Column, beside


def _sum_of_money(values: Sequence[Any]) -> Any:
    """The median; of the currency, which all of a line share, the last."""
    return values[-1] if isinstance(values[-1], str) else median(values)


def _money(key: str, title: str, definition: str, more: str = "", **own: Any) -> Column:
    """A column of money: its cell ends with the currency, and less is better."""
    return Column(
        key,
        title,
        definition,
        more,
        read=beside,
        better="lower",
        beside="currency",
        joint=" ",
        fold=_sum_of_money,
        **{"digits": 5, "shown": {"detail": 1}, **own},
    )


COLUMNS = (
    _money(
        "cost",
        "Cost",
        "Time (s) at the price of an hour of the machine, or of the GPUs that the job saw.",
        "`--prices FILE`, `--price`: docs/machines.md. Nothing is rounded up to a minute or an "
        "hour as a bill may be; what is paid while no job runs is not in it.",
        shown={"chart": 5, "detail": 1},
    ),
    _money(
        "job_cost",
        "Cost of the job",
        "Total (s) at the same price: with import, build, compilation and evaluation.",
    ),
    Column(
        "time_to_loss_s",
        "Time to the loss",
        "Time (s) to the end of the first lap whose loss is as low as `--to-loss` says.",
        "The tool's own mean loss over that lap (`benchdl show`), so to whole laps, and an upper "
        "bound; `null`: no lap came to it, or the tool tells none. A line has it if each of its "
        "runs came to it.",
        read=beside,
        unit="s",
        digits=1,
        better="lower",
        shown={"detail": 1},
        whole=True,
    ),
    _money("cost_to_loss", "Cost to the loss", "that time at the price of an hour.", whole=True),
    _money(
        "price_per_hour",
        "Price of an hour",
        "of the machine, or of all GPUs that the job saw.",
        digits=4,
    ),
    Column(
        "currency",
        "Currency",
        "of the price, three letters; none is converted into another.",
        read=beside,
    ),
    Column(
        "price_from",
        "Price from",
        "its date and source, as the file of prices has them.",
        read=beside,
        shown={"about": 2},
    ),
)
