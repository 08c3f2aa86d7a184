"""How often verdicts are wrong, and how often they find a true difference: for docs/method.md.

    python benchmarks/verdict_rates.py [--campaigns 1000]

Campaigns are drawn from the recorded runs of tests/recorded, as harness/stats/simulation.py does.
It takes some minutes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from harness.stats.simulation import verdicts

RECORDED = Path(__file__).resolve().parents[1] / "tests" / "recorded" / "tf_on_a_busy_machine.json"
FIGURES = {"fit_s": "39 %", "job_cpu_s": "3.5 %"}
REPEATS = (5, 6, 10, 20)
FACTORS = (1.05, 1.1, 1.2, 1.5, 2.0)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=1000)
    campaigns = parser.parse_args().campaigns
    data = json.loads(RECORDED.read_text(encoding="utf-8"))
    print(f"{campaigns} campaigns a cell, {data['campaign']}")  # noqa: T201
    for figure, scatter in FIGURES.items():
        column = data["columns"].index(figure)
        values = [run[column] for run in data["runs"]]
        for blocks in (False, True):
            how = "in blocks" if blocks else "independent"
            for repeats in REPEATS:
                cells = []
                for factor in (1.0, *FACTORS):
                    found = verdicts(
                        values, repeats, campaigns=campaigns, factor=factor, blocks=blocks
                    )
                    share = {word: count / campaigns for word, count in found.items()}
                    wrong = share.get("faster", 0.0)
                    wrong += share.get("slower", 0.0) if factor == 1.0 else share.get("same", 0.0)
                    right = share.get("same" if factor == 1.0 else "slower", 0.0)
                    cells.append(f"{factor:g}: wrong {wrong:.1%} right {right:.0%}")
                print(f"{figure} ({scatter}) {how} {repeats}: {'; '.join(cells)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
