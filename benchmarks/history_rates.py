"""How often a level is said to have changed that did not, and how soon a change is found.

    python benchmarks/history_rates.py              # the tables of docs/history.md, minutes
    python benchmarks/history_rates.py --gains      # the table of harness/stats/change_points.py

Series are drawn from known distributions, from one that drifts, and from the recorded runs of
tests/recorded: in their own order, and shuffled.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.stats.change_points import FALSE_ALARM, FEWEST, LEAST, changes
from harness.stats.verdicts import MARGIN

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "recorded"
SIZES = (*range(FEWEST, 21), 24, 28, 32, 40, 50, 64, 80, 100, 140, 200)
LENGTHS = (10, 20, 30, 60)
SCATTERS = (0.005, 0.02)
FACTORS = (1.05, 1.1)
BEFORE = (10, 20, 40)
AFTER = (4, 5, 6, 8)

Find = Callable[[Sequence[float]], list[int]]


def main() -> None:
    """Print the tables as Markdown, or the gains as Python."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gains", action="store_true")
    parser.add_argument("--series", type=int, default=500)
    asked = parser.parse_args()
    if asked.gains:
        for n in SIZES:
            found = gains(n, 200_000 if n <= 40 else 40_000 if n <= 100 else 10_000)
            told = ", ".join(_rounded_down(least) for least in found)
            print(f"    {n}: ({told}),", flush=True)  # noqa: T201
        return
    for table in (_false, _every_night, _power):
        _print(table(asked.series))
    _print(_recorded(asked.series))


# --- the least gains -----------------------------------------------------------------------------


def gains(n: int, orders: int, seed: int = 1) -> tuple[float, float]:
    """The least gains of one break and of two that at most ``FALSE_ALARM`` of all orders reach."""
    draw = np.random.default_rng(seed)
    ranks = (np.arange(1, n + 1) - (n + 1) / 2) * math.sqrt(12 / (n * (n + 1)))
    found: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    left = orders
    while left > 0:
        many = min(left, 2000)
        sums = np.cumsum(draw.permuted(np.tile(ranks, (many, 1)), axis=1), axis=1)
        for place, gained in enumerate((_one(sums, n), _two(sums, n))):
            found[place].append(gained)
        left -= many
    single, double = (_reached(np.concatenate(part)) for part in found)
    return single, double


def _one(sums: np.ndarray, n: int) -> np.ndarray:
    at = np.arange(LEAST, n - LEAST + 1)
    before = sums[:, at - 1]
    best: np.ndarray = (before**2 * (1 / at + 1 / (n - at))).max(axis=1)
    return best


def _two(sums: np.ndarray, n: int) -> np.ndarray:
    best = np.full(len(sums), -np.inf)
    for first in range(LEAST, n - 2 * LEAST + 1):
        second = np.arange(first + LEAST, n - LEAST + 1)
        a, ab = sums[:, first - 1, None], sums[:, second - 1]
        gained = a**2 / first + (ab - a) ** 2 / (second - first) + ab**2 / (n - second)
        best = np.maximum(best, gained.max(axis=1))
    return best


def _reached(gained: np.ndarray) -> float:
    """The lowest of the values that at most the allowed share is as high as; inf if none is."""
    values, counts = np.unique(np.round(gained, 9), return_counts=True)
    above = np.cumsum(counts[::-1])[::-1] / len(gained)
    low = values[above <= FALSE_ALARM]
    return float(low[0]) if len(low) and np.isfinite(low[0]) else math.inf


def _rounded_down(least: float) -> str:
    """What a sum in another order still reaches."""
    return "math.inf" if math.isinf(least) else f"{math.floor(1e4 * least - 1e-3) / 1e4:.4f}"


# --- series ------------------------------------------------------------------------------------


def drawn(kind: str, many: int, n: int, seed: int = 1) -> np.ndarray:
    """``many`` series of ``n`` figures whose level does not change; but for ``walk``."""
    draw = np.random.default_rng(seed)
    logs = draw.normal(0, 0.02, (many, n))
    if kind == "heavy tails, 2 %":
        logs = 0.02 * draw.standard_t(2, (many, n))
    elif kind == "one in ten 30 % slower":
        logs += np.where(draw.random((many, n)) < 0.1, math.log(1.3), 0)
    elif kind == "depends on the one before, 0.5":
        for i in range(1, n):
            logs[:, i] = 0.5 * logs[:, i - 1] + math.sqrt(0.75) * logs[:, i]
    elif kind == "random walk, 1 % a step":
        logs = 0.5 * logs + np.cumsum(draw.normal(0, 0.01, (many, n)), axis=1)
    values: np.ndarray = np.exp(logs)
    return values


KINDS = ("normal, 2 %", "heavy tails, 2 %", "one in ten 30 % slower",
         "depends on the one before, 0.5", "random walk, 1 % a step")  # fmt: skip


def ours(values: Sequence[float]) -> list[int]:
    """What benchdl marks."""
    return changes(values, MARGIN)


def pelt(values: Sequence[float]) -> list[int]:
    """PELT on logarithms, its penalty 2 log n times the variance that neighbours show."""
    logs = np.log(values)
    apart = np.diff(logs)
    variance = (1.4826 * np.median(np.abs(apart - np.median(apart)))) ** 2 / 2
    import ruptures  # noqa: PLC0415 - the gains need none

    search = ruptures.KernelCPD(kernel="linear", min_size=LEAST).fit(logs.reshape(-1, 1))
    return list(search.predict(pen=2 * math.log(len(logs)) * variance)[:-1])


def _share(series: np.ndarray, find: Find, wanted: Callable[[list[int]], bool] = bool) -> str:
    hits = sum(wanted(find(row.tolist())) for row in series)
    return f"{hits / len(series):.1%}"


def _false(many: int) -> Iterator[list[str]]:
    yield ["no change", *(f"{n}" for n in LENGTHS), "PELT, 30"]
    for kind in KINDS:
        found = [drawn(kind, many, n) for n in LENGTHS]
        yield [kind, *(_share(series, ours) for series in found),
               _share(drawn(kind, many, 30), pelt)]  # fmt: skip


def _every_night(many: int) -> Iterator[list[str]]:
    """Looked at after each of sixty figures: whether anything is ever marked."""
    yield ["looked at after each of 60", "ever marked"]
    for kind in KINDS[:3]:
        series = drawn(kind, many, 60)
        ever = sum(any(ours(row[:end].tolist()) for end in range(FEWEST, 61)) for row in series)
        yield [kind, f"{ever / len(series):.1%}"]


def _power(many: int) -> Iterator[list[str]]:
    """Found at the right place, give or take one figure."""
    yield ["scatter, before", "after", *(f"+{factor - 1:.0%}" for factor in FACTORS)]
    for scatter in SCATTERS:
        for before in BEFORE:
            for after in AFTER:
                cells = []
                for factor in FACTORS:
                    logs = np.random.default_rng(after).normal(0, scatter, (many, before + after))
                    logs[:, before:] += math.log(factor)
                    near = lambda found, at=before: any(abs(i - at) <= 1 for i in found)  # noqa: E731
                    cells.append(_share(np.exp(logs), ours, near))
                yield [f"{scatter:.1%}, {before}", str(after), *cells]


def _recorded(many: int) -> Iterator[list[str]]:
    yield ["recorded", "figures", "in their order", "shuffled: marked", "PELT, shuffled"]
    for file in sorted(RECORDED.glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        for figure in ("fit_s", "job_cpu_s"):
            if figure not in data.get("columns", ()):
                continue
            values = [run[data["columns"].index(figure)] for run in data["runs"]]
            draw = np.random.default_rng(1)
            shuffled = draw.permuted(np.tile(values, (many, 1)), axis=1)
            yield [f"{file.stem}, {figure}", str(len(values)), str(ours(values) or "none"),
                   _share(shuffled, ours), _share(shuffled, pelt)]  # fmt: skip


def _print(rows: Iterator[list[str]]) -> None:
    head = next(rows)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    print("\n".join(lines), flush=True)  # noqa: T201
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)  # noqa: T201
    print(flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
