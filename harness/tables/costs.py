"""What a run cost at the prices that the reader brought, and which these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import UsageError
from harness.prices import Prices
from harness.tables.column import Value
from harness.tables.columns import BY_KEY
from harness.tables.kinds import Configuration
from harness.tables.rows import Row

_PRICE = BY_KEY["price_per_hour"]
_HOUR_S = 3600.0
TIMES = {"cost": "time_s", "job_cost": "total_s", "cost_to_loss": "time_to_loss_s"}
"""Of which time each is the cost."""


def priced(rows: Sequence[Row], prices: Prices) -> list[Row]:
    """The rows with what they cost; those of no known price as they are.

    Raises:
        UsageError: a price fits none or several of the machines, or there are two currencies.
    """
    machines = {row.machine or "" for row in rows}
    if prices.only is not None and len(machines) > 1:
        raise UsageError(
            f"--price without a type, and the runs are of {len(machines)} machines",
            f"name one, as in --price '{min(machines).partition(',')[0] or 'TYPE'}=3.06USD'",
        )
    made = [row.with_values(_values(row, prices)) for row in rows]
    found = {row.values["currency"]: row for row in made if row.values["currency"]}
    if len(found) > 1:
        where = " and ".join(f"{name} for {found[name].machine}" for name in sorted(found))
        raise UsageError(
            f"the prices are in {where}", "benchdl converts none: give all of them in one currency"
        )
    return made


def _values(row: Row, prices: Prices) -> dict[str, Value]:
    gpu_name = row.gpu_name if row.device == "gpu" else None
    price = prices.of(row.machine, gpu_name, row.gpus_visible)
    if price is None:
        return {}
    known = {key: row.values[time] for key, time in TIMES.items()}
    per_s = price.price_per_hour / _HOUR_S
    return {
        "price_per_hour": price.price_per_hour,
        "currency": price.currency,
        "price_from": price.told,
        **{key: None if time_s is None else time_s * per_s for key, time_s in known.items()},
    }


def notes(found: Mapping[Configuration, Sequence[Row]]) -> list[str]:
    """Each price with its date and source, and the lines that it is of where there are several."""
    lines: dict[str, list[str]] = {}
    for configuration, members in found.items():
        for row in members:
            if row.values[_PRICE.key] is not None:
                told = row.values["price_from"]
                words = f"{_PRICE.text(row.values)} an hour{f' ({told})' if told else ''}"
                lines.setdefault(words, []).append(configuration.label)
    if not lines:
        return []
    if len(lines) == 1:
        return [f"cost at {next(iter(lines))}"]
    named = (f"{words}: {', '.join(dict.fromkeys(having))}" for words, having in lines.items())
    return [f"cost at {'; at '.join(named)}"]
