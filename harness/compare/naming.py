"""Names under which no two lines look alike."""

from __future__ import annotations

from collections.abc import Sequence

from harness.compare.conditions import READ, Attribute
from harness.tables.rows import Row
from runner.contract.work_and_score import amount

Couple = tuple[Row, Row]

SELDOM: frozenset[Attribute] = frozenset(
    {"backend", "layout", "software", "settings", "machine", "GPU", "image", "lock files", "runner"}
)
"""Left out of a name for as long as it is the only one of its kind."""


def of_lines(couples: Sequence[Couple], varying: Sequence[Attribute]) -> list[str]:
    """A name for each line: both configurations, or one if they are alike.

    ``tf tuned against tf``; with what else tells two lines apart, such as the machine.
    """
    plain = [name for name in varying if name not in SELDOM]
    return apart([_couple(couple, plain) for couple in couples], couples)


def of_rows(rows: Sequence[Row]) -> list[str]:
    """A name for each configuration: ``tf tuned gpu 10 epochs``."""
    names = []
    for row in rows:
        words = [row.backend, row.mode, row.convolutions or "", row.variant, row.device]
        words += [amount(row.budget, row.budget_unit)]
        names.append(" ".join(word for word in words if word not in ("", "as-written", "default")))
    return apart(names, [(row, row) for row in rows])


def _couple(couple: Couple, plain: Sequence[Attribute]) -> str:
    def words(row: Row) -> str:
        shown = [row.backend]
        for name in plain:
            value = READ[name](row)
            if value is not None:
                shown.append(f"{value} {name}" if isinstance(value, int) else str(value))
        return " ".join(shown)

    a, b = map(words, couple)
    return a if a == b else f"{b} against {a}"


def apart(names: list[str], couples: Sequence[Couple]) -> list[str]:
    """The names with every attribute that tells two of the same name apart."""
    for attribute, read in READ.items():
        seen: dict[str, set[object]] = {}
        values = [(read(a), read(b)) for a, b in couples]
        for name, value in zip(names, values, strict=True):
            seen.setdefault(name, set()).add(value)
        names = [
            f"{name}, {attribute} {_said(*value)}" if len(seen[name]) > 1 else name
            for name, value in zip(names, values, strict=True)
        ]
    return names


def _said(a: object, b: object) -> str:
    first, second = ("none" if value is None else str(value) for value in (a, b))
    return first if first == second else f"{second} against {first}"
