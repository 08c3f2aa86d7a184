"""How often intervals hold the truth and verdicts are wrong: the tables of docs/method.md.

    python benchmarks/verdict_rates.py [--campaigns 4000]

Campaigns are drawn from known distributions, from series that drift, and from the recorded runs of
tests/recorded, as harness/stats/simulation.py does. It takes about a minute.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from harness.stats import medians, simulation
from harness.stats.verdicts import MARGIN, compare

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "recorded" / "tf_on_a_busy_machine.json"
FIGURES = {"fit_s": "39 %", "job_cpu_s": "3.5 %"}
REPEATS = (5, 6, 10, 20)
FACTORS = (1.05, 1.1, 1.2, 1.5, 2.0)


def main() -> None:
    """Print all tables as Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=4000)
    campaigns = parser.parse_args().campaigns
    data = json.loads(RECORDED.read_text(encoding="utf-8"))
    recorded = {
        name: [run[data["columns"].index(name)] for run in data["runs"]] for name in FIGURES
    }
    for table in (_coverage, _drawn, _interleaved, _tails):
        _print(table(campaigns, recorded))
    _print(_apart(max(1, campaigns // 10), recorded))


def _coverage(campaigns: int, _: dict[str, list[float]]) -> list[list[str]]:
    rows = [["times", *(f"{n}: median, ratio" for n in (*REPEATS, 40))]]
    rows.append(["exact, of a median", *(f"{medians.coverage(n):.2%}" for n in (*REPEATS, 40))])
    for shape in simulation.SHAPES:
        cells = []
        for n in (*REPEATS, 40):
            a, middle = simulation.shaped(shape, campaigns, n, seed=1)
            b, _middle = simulation.shaped(shape, campaigns, n, seed=2)
            cells.append(", ".join(f"{x:.1%}" for x in simulation.covered(a, b, (middle, middle))))
        rows.append([shape, *cells])
    a, first = simulation.shaped("normal", campaigns, 10, seed=1)
    b, second = simulation.shaped("two kinds, 30 %", campaigns, 20, seed=2)
    held = simulation.covered(a, b, (first, second))
    return [*rows, [f"normal (10) and two kinds (20): {held[1]:.1%} of the ratio"]]


def _drawn(campaigns: int, recorded: dict[str, list[float]]) -> list[list[str]]:
    rows = [
        ["scatter", "pairs", "repeats", "false", "same"] + [f"+{x - 1:.0%} found" for x in FACTORS]
    ]
    worst = 0.0
    for figure, scatter in FIGURES.items():
        for blocks in (False, True):
            for repeats in REPEATS:
                cells = []
                for factor in (1.0, *FACTORS):
                    found = simulation.verdicts(
                        recorded[figure], repeats, campaigns=campaigns, factor=factor, blocks=blocks
                    )
                    if factor == 1.0:
                        cells += [
                            _share(found, "faster", "slower"),
                            _share(found, "same", digits=0),
                        ]
                    else:
                        cells.append(_share(found, "slower", digits=0))
                        worst = max(worst, (found["faster"] + found["same"]) / campaigns)
                rows.append([scatter, "yes" if blocks else "no", str(repeats), *cells])
    return [*rows, [f"wrong of a true difference: at most {worst:.1%}"]]


def _interleaved(campaigns: int, _: dict[str, list[float]]) -> list[list[str]]:
    rows = [["one campaign of shuffled blocks", *(f"{n}: false, +10 % found" for n in REPEATS)]]
    for kind in simulation.SERIES:
        cells = []
        for n in REPEATS:
            times = simulation.series(kind, campaigns, 2 * n, per_campaign=max(1, n // 5))
            false = _share(simulation.interleaved(times), "faster", "slower")
            cells.append(
                f"{false}, {_share(simulation.interleaved(times, 1.1), 'slower', digits=0)}"
            )
        rows.append([f"{kind}, five times as strong", *cells])
    return rows


def _tails(campaigns: int, _: dict[str, list[float]]) -> list[list[str]]:
    sizes = (5, 10, 14, 20, 30, 60)
    rows = [["some starts of B are slower: called same", *(str(n) for n in sizes)]]
    for share, slower in ((0.0, 1.0), (0.2, 1.62), (0.1, 2.0), (0.3, 1.3)):
        cells = []
        for n in sizes:
            draw = np.random.default_rng(n)
            a, b = np.exp(draw.normal(0, 0.01, (2, campaigns, n)))
            b = b * np.where(draw.random(b.shape) < share, slower, 1.0)
            cells.append(_share(simulation.counted(a, b, MARGIN, paired=True), "same"))
        rows.append([f"{share:.0%} by {slower - 1:.0%}", *cells])
    return rows


def _apart(campaigns: int, recorded: dict[str, list[float]]) -> list[list[str]]:
    """Campaigns one after the other: with no others, and with up to ten before them."""
    rows = [["campaigns of different times", "repeats", "others", "false", "+10 % found", "+20 %"]]
    for figure, scatter in FIGURES.items():
        for n in (5, 10):
            rows += _row(f"recorded, {scatter}", [np.asarray(recorded[figure])], n, every=True)
    for kind in simulation.SERIES:
        for n in (5, 10):
            rows += _row(kind, list(simulation.series(kind, campaigns, 12 * n, per_campaign=n)), n)
    return rows


def _row(name: str, lines: list[np.ndarray], n: int, *, every: bool = False) -> list[list[str]]:
    made = []
    for with_others in (False, True):
        cells = []
        for factor in (1.0, 1.1, 1.2):
            found: Counter[str] = Counter()
            for times in lines:
                last = len(times) - 2 * n
                for first in range(last + 1) if every else (last,):
                    a, b, others = simulation.consecutive(times.tolist(), n, first, factor)
                    found[compare(a, b, MARGIN, [others] if with_others else []).verdict] += 1
            words = ("faster", "slower") if factor == 1.0 else ("slower",)
            hits = sum(found[word] for word in words)
            cells.append(f"{hits}/{found.total()} = {hits / found.total():.1%}")
        made.append([name, str(n), "yes" if with_others else "no", *cells])
    return made


def _share(found: Counter[str], *words: str, digits: int = 1) -> str:
    return f"{sum(found[word] for word in words) / found.total():.{digits}%}"


def _print(rows: list[list[str]]) -> None:
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |" if len(row) > 1 else row[0])  # noqa: T201
        if number == 0:
            print("|" + "---|" * len(row))  # noqa: T201
    print(flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
