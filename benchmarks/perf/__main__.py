"""``python -m benchmarks.perf``: measure, interleaved, and write one Markdown document.

What was measured stays in ``--work``: a run that was stopped goes on there, and does nothing twice.
Needs a Docker engine. On a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import random
import subprocess
import sys
from pathlib import Path

from docker.errors import DockerException

from benchmarks.perf import arms, document, sampler_cost
from benchmarks.perf.records import Record, Records
from harness import catalog, paths
from harness.campaign.question import DEFAULT_WORKLOAD
from harness.errors import BenchdlError
from harness.provision import obtain
from runner import attest

_PARTS = ("backends", "sampler")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make perf", description=__doc__)
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    parser.add_argument("backends", nargs="*", metavar="BACKEND", help="default: all")
    parser.add_argument("--out", type=Path, help="the document; default: in --work")
    parser.add_argument("--work", type=Path, default=Path("results/perf") / today)
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--blocks", type=int, default=5, help="of every arm of every backend")
    parser.add_argument("--train-samples", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--part", action="append", choices=_PARTS, help="default: both")
    parser.add_argument("--sampler-backend", default="mxnet")
    parser.add_argument("--sampler-blocks", type=int, default=8)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--seed", type=int, default=123)
    asked = parser.parse_args()
    asked.backends = catalog.chosen(asked.backends or ["all"], DEFAULT_WORKLOAD)
    asked.part = asked.part or list(_PARTS)
    for name in [*asked.backends, asked.sampler_backend]:
        catalog.load(name)
    return asked


def main() -> int:
    """Measure what is missing and write the document."""
    try:
        return _measure(_arguments())
    except (BenchdlError, DockerException, ValueError, RuntimeError) as error:
        sys.stderr.write(f"perf: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("perf: stopped; the same command goes on\n")
        return 130


def _measure(asked: argparse.Namespace) -> int:
    def say(text: str) -> None:
        sys.stderr.write(f"{text}\n")

    data = obtain.resolve("auto", DEFAULT_WORKLOAD, asked.data_dir, say)
    conditions: Record = {
        "device": asked.device,
        "dataset": data.name,
        "images": asked.train_samples,
        "epochs": asked.epochs,
    }
    work_folder = asked.work.absolute()
    records = Records(work_folder / "measured.jsonl", conditions)
    work = arms.Work(
        device=asked.device,
        train_samples=asked.train_samples,
        epochs=asked.epochs,
        dataset=data.name,
        data_dir=asked.data_dir and asked.data_dir.absolute(),
        data=data.served(),
        folder=work_folder,
    )
    load = os.getloadavg()[0]
    if "backends" in asked.part:
        _backends(records, work, asked)
    sampled: Record = {}
    if "sampler" in asked.part:
        for rate in sampler_cost.RATES_HZ:
            sampled[str(rate)] = sampler_cost.cpu_per_s(rate, asked.device == "gpu")
        sampler_cost.train(records, work, asked.sampler_backend, asked.sampler_blocks, asked.seed)
    written = document.text(records, conditions, _machine(load), sampled)
    out: Path = asked.out or work_folder / "perf.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(written, encoding="utf-8")
    sys.stdout.write(written)
    sys.stderr.write(f"wrote {out}\n")
    return 0


def _backends(records: Records, work: arms.Work, asked: argparse.Namespace) -> None:
    measuring = arms.Arms(work, asked.backends)
    for block in range(1, asked.blocks + 1):
        pairs = [(name, arm) for name in asked.backends for arm in measuring.names(name)]
        random.Random(asked.seed + block).shuffle(pairs)  # noqa: S311 - an order, no secret
        for name, arm in pairs:
            if records.has(block, name, arm):
                continue
            found = measuring.measure(name, arm, asked.seed)
            records.add({"block": block, "backend": name, "arm": arm, **found})
            shown = found.get("fit_s", found["wall_s"])
            sys.stderr.write(f"block {block}/{asked.blocks}, {name}, {arm}: {shown:.2f} s\n")


def _machine(load: float) -> list[str]:
    host = attest.host()
    commit = subprocess.run(
        ["git", "-C", str(paths.root()), "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    gpus = subprocess.run(
        ["sh", "-c", "nvidia-smi --query-gpu=name,driver_version --format=csv,noheader"],
        capture_output=True, text=True, check=False,
    ).stdout.split("\n")  # fmt: skip
    return [
        f"machine: {host.cpu_model}, {host.logical_cores} cores, "
        f"{host.memory_bytes / 2**30:.0f} GiB, Linux {host.kernel}, Docker {arms.engine_version()}",
        *[f"GPU: {line}" for line in gpus if line],
        f"load average before {load:.1f}, after {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}; commit {commit or 'unknown'}",
    ]


if __name__ == "__main__":
    sys.exit(main())
