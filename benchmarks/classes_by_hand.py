"""Tuned jobs of each workload beside the loop by hand of the same tool, in interleaved blocks.

    python -m benchmarks.classes_by_hand --python PATH torch jax --workload lstm-imdb --blocks 3

Both arms run in the Python at PATH. Prints each block as it ends, then a Markdown table: the median
of the ratios of blocks, and the lowest and highest. On a machine that does nothing else. The data
has to be in benchdl's cache (``benchdl data fetch NAME``).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.provision import obtain
from runner.contract.result import load_result

REPO = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Work:
    """What both arms train.

    Attributes:
        script: the first part of its scripts' names in ``by_hand``.
        budget: of the job, in its workload's unit.
        words: those of the script that ask for the same work.
        samples: only so many are trained with.
        by_epoch: the script tells the seconds of its epochs, so that a steady one is compared.
    """

    script: str
    dataset: str
    budget: int
    words: tuple[str, ...]
    samples: int | None = None
    by_epoch: bool = False


WORKS = {
    "mlp-flights": Work("flights", "flights", 5, ("--epochs", "5")),
    "lstm-imdb": Work("text", "spamassassin", 2, ("--network", "lstm", "--epochs", "2")),
    "conv1d-imdb": Work("text", "spamassassin", 2, ("--network", "conv1d", "--epochs", "2")),
    "dscnn-speech": Work("dscnn", "spoken-words", 3, ("--epochs", "3"), by_epoch=True),
    "resnet20-cifar10": Work(
        "resnet", "synthetic-cifar10", 1, ("--epochs", "1", "--samples", "2000"), 2000
    ),
    "gpt-shakespeare-small": Work("gpt", "shakespeare", 1, ("--updates", "1000")),
    "dqn-bricks": Work("dqn", "bricks", 20_000, ("--steps", "20000")),
}


@dataclass(frozen=True)
class Block:
    """Seconds of one job and of one loop."""

    job_s: float
    by_hand_s: float


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for, print the table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tools", nargs="+", choices=["torch", "jax"])
    parser.add_argument("--python", required=True, help="with the frameworks")
    parser.add_argument("--workload", nargs="+", choices=list(WORKS), default=list(WORKS))
    parser.add_argument("--blocks", type=int, choices=range(1, 101), default=3, metavar="1..100")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    asked = parser.parse_args(words)
    found: dict[tuple[str, str], list[Block]] = {}
    try:
        places = _places(asked.workload)
        for number in range(asked.blocks):
            for name in asked.workload:
                for tool in asked.tools:
                    block = measure(asked, tool, name, places, number)
                    found.setdefault((name, tool), []).append(block)
                    print(name, tool, block, flush=True)  # noqa: T201
    except (OSError, RuntimeError) as error:
        print(f"classes_by_hand: {error}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        if found:
            print(table(found))  # noqa: T201
    return 0


def _places(names: Sequence[str]) -> dict[str, Path]:
    """Where each dataset lies that is files.

    Raises:
        RuntimeError: one of those that these workloads take is not in the cache.
    """
    states = {state.spec.name: state for state in obtain.listing(None)}
    for dataset in {WORKS[name].dataset for name in names} & states.keys():
        if states[dataset].state != "complete":
            raise RuntimeError(f"no {dataset} in the cache: benchdl data fetch {dataset}")
    return {name: state.where for name, state in states.items()}


def measure(
    asked: argparse.Namespace, tool: str, name: str, places: dict[str, Path], number: int
) -> Block:
    """Both arms, in another order from block to block."""
    if number % 2:
        by_hand = by_hand_s(asked, tool, name, places, number)
        return Block(job_s(asked, tool, name, number), by_hand)
    job = job_s(asked, tool, name, number)
    return Block(job, by_hand_s(asked, tool, name, places, number))


def job_s(asked: argparse.Namespace, tool: str, name: str, number: int) -> float:
    """Seconds of a tuned job, as :func:`by_hand_s` counts them.

    Raises:
        RuntimeError: it failed.
    """
    work = WORKS[name]
    samples = ["--train-samples", str(work.samples)] if work.samples else []
    with tempfile.TemporaryDirectory() as results:
        done = subprocess.run(
            [sys.executable, "-m", "benchdl", "run", tool, "--workload", name, "--mode", "tuned",
             "--dataset", work.dataset, "--budget", str(work.budget), *samples,
             "--device", asked.device, "--launcher", "python", "--python", asked.python,
             "--seed", str(number + 1), "--no-conform", "--idle-wait", "0", "--cool-down", "0",
             "--results", results],
            cwd=REPO, capture_output=True, text=True, check=False,
        )  # fmt: skip
        texts = [file.read_text() for file in Path(results).glob("*/result.json")]
    measured = load_result(texts[0]).measurement if texts else None
    if measured is None:
        raise RuntimeError(f"{tool} {name}: {(done.stdout + done.stderr).strip()[-500:]}")
    if work.by_epoch:
        return statistics.median(lap.duration_s for lap in measured.laps[1:])
    return measured.phases.fit_s


def by_hand_s(
    asked: argparse.Namespace, tool: str, name: str, places: dict[str, Path], number: int
) -> float:
    """Seconds of the training loop, compilation left out: of a steady epoch where it tells epochs.

    Raises:
        RuntimeError: it failed.
    """
    work = WORKS[name]
    data = ["--data", str(places[work.dataset])] if work.dataset in places else []
    script = REPO / "benchmarks" / "by_hand" / f"{work.script}_{tool}.py"
    done = subprocess.run(
        [asked.python, str(script), *data, *work.words, "--device", asked.device,
         "--seed", str(number + 1)],
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{script.name}: {done.stderr.strip()[-500:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    if work.by_epoch:
        return float(statistics.median(told["epochs_s"][1:]))
    return float(told["fit_s"] - told.get("first_update_s", 0.0))


def table(found: dict[tuple[str, str], list[Block]]) -> str:
    """A line for each workload and tool, in Markdown."""
    lines = [
        "| Workload | Tool | By hand (s) | Tuned (s) | Tuned over by hand | Lowest, highest |",
        "|---|---|--:|--:|--:|--:|",
    ]
    lines += [_line(name, tool, blocks) for (name, tool), blocks in found.items()]
    return "\n".join(lines)


def _line(name: str, tool: str, blocks: Sequence[Block]) -> str:
    ratios = [block.job_s / block.by_hand_s for block in blocks]
    by_hand, job = (
        statistics.median(getattr(block, arm) for block in blocks) for arm in ("by_hand_s", "job_s")
    )
    return (
        f"| `{name}` | {tool} | {by_hand:.2f} | {job:.2f} | {statistics.median(ratios):.2f} "
        f"| {min(ratios):.2f}, {max(ratios):.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
