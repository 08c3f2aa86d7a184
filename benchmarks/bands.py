"""How well sound runs fit the training data, by the work done: where the bands come from.

    python benchmarks/bands.py torch --device gpu --data-dir DIR --dataset mnist --seeds 8
    python benchmarks/bands.py torch --workload dqn-bricks --dataset bricks --budget 200000

Of several at a time, `--seeds 1 --first-seed N`, each takes its part of the cores: `--threads 2`.

Trains with the backend's own loop in the present Python, and after each lap, which of a network is
an epoch, or after every few, lets the judge's NumPy look at the weights. Prints a line of JSON for
each. What counts as learned of a workload is chosen from many such lines; docs/method.md says how.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from harness.provision import discovery
from runner import blas_threads
from runner.backends import loading
from runner.backends.base import Trainer
from runner.contract import judging
from runner.contract.job import Job, Provenance, Settings
from runner.contract.work_and_score import Budget
from runner.workloads import lookup


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("backend")
    parser.add_argument("--workload", default="cnn-mnist")
    parser.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--mode", choices=["as-written", "tuned"], default="as-written")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--data-dir", type=Path, default=Path(), help="raw IDX files")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--train-samples", type=int)
    parser.add_argument("--epochs", "--budget", type=int, dest="budget", help="default: its own")
    parser.add_argument("--every", type=int, default=1, help="laps between two looks")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=judging.THREADS, help="of the judge")
    asked = parser.parse_args()
    checksums = {
        name: hashlib.sha256((asked.data_dir / name).read_bytes()).hexdigest()
        for name in discovery.load(asked.dataset).sha256
    }
    backend = loading.load(asked.backend)
    own = lookup.load(asked.workload).budget
    budget = Budget(unit=own.unit, count=asked.budget or own.count)
    job = Job(
        run_id="20200101t000000z-bands-00000000",
        campaign_id="bands",
        backend=asked.backend,
        title=asked.backend,
        workload=asked.workload,
        dataset=asked.dataset,
        launcher="local",
        device=asked.device,
        budget=budget,
        train_samples=asked.train_samples,
        data_dir=str(asked.data_dir),
        dataset_sha256=checksums,
        settings=Settings(mode=asked.mode, precision=asked.precision),
        provenance=Provenance(kind="environment", reference="here", flavour=asked.device),
    )
    backend.configure(job)
    backend.start()
    workload = lookup.of(job)
    data, proof = workload.load(job), workload.evidence(job)
    blas_threads.limit(asked.threads)
    lap = workload.lap or budget.count
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        trainer = backend.trainer(workload, seed)
        trainer.prepare(data)
        trainer.compile()
        untrained = trainer.handover()

        def lap_seen(
            number: int,
            loss: float,
            seed: int = seed,
            trainer: Trainer = trainer,
            untrained: list[Any] = untrained,
        ) -> None:
            del loss  # the tool's own, under dropout and while the weights move
            if number % asked.every and number < workload.laps(job.budget):
                return
            nothing = dict.fromkeys(workload.told, 0.0)
            opinion = workload.opinion(untrained, trainer.handover(), proof, nothing)
            done = Budget(unit=budget.unit, count=min(number * lap, budget.count))
            line = {
                "backend": asked.backend,
                "dataset": asked.dataset,
                "train_samples": len(data),
                "seed": seed,
                workload.unit: workload.count(len(data), done),
                opinion.score.metric: opinion.score.value,
                "error": opinion.score.sampling_error,
                **{proof.name: proof.value for proof in opinion.proofs if proof.unit != "tensors"},
            }
            print(json.dumps(line), flush=True)  # noqa: T201

        trainer.fit(budget.count, lap_seen)


if __name__ == "__main__":
    main()
