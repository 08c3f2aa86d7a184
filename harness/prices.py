"""What an hour of a machine costs whoever reads a table: never part of a result.

A price is of a type: of a machine, by a part of what tables call it (``p3.2xlarge``, ``lab 3``), or
of one GPU by a part of its name (``NVIDIA H100``), times those that the job saw.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness import files, named_paths, toml_models
from harness.errors import UsageError
from runner.contract.schema import Model

NAME = "prices.toml"
"""Beside the results, where no other file is named."""

VARIABLE = "BENCHDL_PRICES"
USUAL_CURRENCY = "USD"

_HIGHEST = 1e6
_CURRENCY = r"^[A-Z]{3}$"
_GIVEN = re.compile(
    r"(?:(?P<type>.*)=)?(?P<price>\d{1,9}(?:\.\d{1,9})?) ?(?P<currency>[A-Za-z]{3})?", re.ASCII
)


class Price(Model):
    """Of an hour. ``currency``: three capital letters, as ISO 4217 has them."""

    price_per_hour: Annotated[float, Field(ge=0, le=_HIGHEST)]
    currency: Annotated[str, Field(pattern=_CURRENCY)]
    date: datetime.date | None = None
    source: str = ""

    @property
    def told(self) -> str | None:
        """Date and source in words; None where neither is known."""
        return ", ".join(filter(None, [str(self.date or ""), self.source])) or None


@dataclass(frozen=True)
class Prices:
    """``by_type``: of machines and GPUs. ``only``: of the one machine that all runs are on."""

    by_type: Mapping[str, Price] = field(default_factory=dict)
    only: Price | None = None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.by_type) or self.only is not None

    def of(self, machine: str | None, gpu_name: str | None, gpus: int | None) -> Price | None:
        """Of an hour of this machine, or of these GPUs; None where neither is known.

        Args:
            machine: what tables call it, with its processor.
            gpu_name: of the GPUs that the job saw.
            gpus: how many it saw.

        Raises:
            UsageError: two types fit equally well.
        """
        if self.only is not None:
            return self.only
        of_machine = self._fitting(machine)
        if of_machine is not None:
            return of_machine
        of_gpu = self._fitting(gpu_name) if gpus else None
        if of_gpu is None or gpus is None:
            return None
        return of_gpu.model_copy(update={"price_per_hour": of_gpu.price_per_hour * gpus})

    def _fitting(self, words: str | None) -> Price | None:
        """The price of the longest type that stands in ``words`` as a whole."""
        found = [name for name in self.by_type if words and _within(name, words)]
        longest = max(map(len, found), default=0)
        best = [name for name in found if len(name) == longest]
        if len({self.by_type[name] for name in best}) > 1:
            raise UsageError(
                f"'{best[0]}' and '{best[1]}' are both prices of {words}",
                "name more of it, as tables do",
            )
        return self.by_type[best[0]] if best else None


NONE = Prices()


def read(file: Path | None, given: Sequence[str], beside: Iterable[Path]) -> Prices:
    """The prices of a file, under those that were given by ``--price``.

    Args:
        file: the one that was named; else ``$BENCHDL_PRICES``; else what lies in ``beside``.
        given: as in ``p3.2xlarge=3.06USD``, or ``3.06`` for the one machine that there is.
        beside: folders of results, which may hold a ``prices.toml``.

    Raises:
        UsageError: one of them cannot be read, or is no price.
    """
    named = file or named_paths.variable(VARIABLE)
    sources = [named] if named else [place / NAME for place in beside]
    by_type: dict[str, Price] = {}
    for source in sources:
        if named or files.exists(source):
            for name, price in _of_file(source).items():
                if by_type.setdefault(name, price) != price:
                    raise UsageError(
                        f"{source} has another price of '{name}' than {sources[0]}",
                        "say which with --prices FILE",
                    )
    only = None
    for words in given:
        given_type, price = _of_words(words)
        if given_type is None:
            only = price
        else:
            by_type[given_type] = price
    if only is not None and len(given) > 1:
        raise UsageError("a --price without a type beside others", "as in --price p3.2xlarge=3.06")
    return Prices(by_type, only)


def _of_file(path: Path) -> dict[str, Price]:
    tables, _ = toml_models.parsed(path)
    found = {}
    for name, table in tables.items():
        where = f"{path}: '{name}'"
        if not isinstance(table, dict):
            raise UsageError(f"{where} is no table", f'as in ["{name}"] price_per_hour = 3.06')
        inner = [key for key, value in table.items() if isinstance(value, dict)]
        if inner:
            raise UsageError(
                f"{where} holds a table '{inner[0]}'",
                f'a name with a point needs quotes: ["{name}.{inner[0]}"]',
            )
        if not name.strip():
            raise UsageError(f"{path}: a type has no name")
        found[name] = toml_models.validate(table, Price, where)
    return found


def _of_words(words: str) -> tuple[str | None, Price]:
    parts = _GIVEN.fullmatch(words.strip())
    name = parts["type"].strip() if parts and parts["type"] is not None else None
    if parts is None or name == "" or float(parts["price"]) > _HIGHEST:
        raise UsageError(
            f"--price {words[:80]!a} is no price", "as in 3.06, or in p3.2xlarge=3.06USD"
        )
    currency = (parts["currency"] or USUAL_CURRENCY).upper()
    return name, Price(price_per_hour=float(parts["price"]), currency=currency, source="--price")


def _within(name: str, words: str) -> bool:
    whole = rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"
    return re.search(whole, words, re.IGNORECASE) is not None
