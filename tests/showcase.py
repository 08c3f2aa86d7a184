"""A reader's store: six workloads of many tools on three machines, GPUs by number, many nights.

Made results, of no machine and only under tests/: what pages and terminals are looked at with.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from conftest import merged, tf_on_cpu

from harness import catalog
from harness.provision import discovery
from runner.contract.result import Result
from runner.workloads import lookup


class Machine(NamedTuple):
    """Where jobs ran; ``slowness`` of its cores and of a GPU of its own, beside the first's."""

    name: str
    slowness: float
    gpu: str = ""
    gpu_slowness: float = 0.0
    gpus: int = 0
    peak_flop_per_s: float = 0.0


MACHINES = (
    Machine("Amazon EC2 c6a.2xlarge, AMD EPYC 7R13 Processor, 8 cores, 16 GiB", 1.0),
    Machine("Amazon EC2 p5.4xlarge, AMD EPYC 7R13 Processor, 16 cores, 256 GiB", 0.6,
            "NVIDIA H100 80GB HBM3", 0.03, 1, 5.1e13),
    Machine("lab 3, Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz, 32 cores, 488 GiB", 0.7,
            "Tesla V100-SXM2-16GB", 0.08, 8, 1.4e13),
)  # fmt: skip
PRICES = ("c6a.2xlarge=0.306USD", "p5.4xlarge=6.88USD", "lab 3=11.5USD")

WORKLOADS = {
    "cnn-mnist": (160.0, 0.0083),
    "conv1d-imdb": (75.0, 0.118),
    "lstm-imdb": (420.0, 0.142),
    "mlp-flights": (48.0, 0.731),
    "boosting-flights": (9.5, 0.752),
    "gpt-shakespeare-small": (700.0, 1.62),
}
"""Seconds of training with a tool of speed 1 on the first machine, and the score."""

_SPEEDS = {
    "torch": 1.0, "jax": 0.8, "keras3-jax": 0.9, "keras3-torch": 1.25, "keras3-tf": 1.1, "tf": 1.15,
    "mxnet": 1.05, "theano": 2.4, "xgboost": 1.0, "lightgbm": 0.85, "sklearn": 1.9,
}  # fmt: skip
_BEGIN = datetime(2026, 10, 20, 3, tzinfo=timezone.utc)
_LOAD = {"code": "foreign-load", "severity": "suspect", "advice": "run again",
         "evidence": "41.2 s of CPU time in the window was not the job's"}  # fmt: skip


class _Run(NamedTuple):
    """What one run is of."""

    workload: str
    tool: str
    machine: Machine
    mode: str = "as-written"
    device: str = "cpu"
    ranks: int = 1


def results(
    repeats: int = 6,
    nights: int = 24,
    machines: Sequence[Machine] = MACHINES,
    workloads: Sequence[str] = tuple(WORKLOADS),
) -> Iterator[Result]:
    """All of it, or some, in the order of time: every tool in both modes on every device.

    About one run in 40 is suspect or failed.
    """
    draw = random.Random(11)
    numbers = itertools.count(1)
    for night in range(nights):
        campaign = _BEGIN + timedelta(days=night)
        for tool in ("torch", "tf"):
            slower = 1.12 if tool == "tf" and night >= 15 else 1.0
            run = _Run("cnn-mnist", tool, MACHINES[0])
            version = "2.16.1" if slower > 1 else ""
            yield _result(draw, next(numbers), campaign, 1, run, slower, version, tags=["nightly"])
    for day, (machine, workload) in enumerate(itertools.product(machines, workloads)):
        campaign = _BEGIN + timedelta(days=nights + 1, hours=day)
        for repeat, run in itertools.product(range(1, repeats + 1), _runs(machine, workload)):
            yield _result(draw, next(numbers), campaign, repeat, run)


def _runs(machine: Machine, workload: str) -> Iterator[_Run]:
    for tool in _SPEEDS:
        if catalog.load(tool).runs(workload):
            trees = workload == "boosting-flights"
            devices = ["cpu"] if trees or not machine.gpu else ["cpu", "gpu"]
            for device, mode in itertools.product(devices, ("as-written", "tuned")):
                yield _Run(workload, tool, machine, mode, device)
    if machine.gpus > 1 and workload == "gpt-shakespeare-small":
        for tool, ranks in itertools.product(("torch", "jax"), (2, 4, 8)):
            yield _Run(workload, tool, machine, "tuned", "gpu", ranks)


def _result(
    draw: random.Random,
    number: int,
    campaign: datetime,
    repeat: int,
    run: _Run,
    slower: float = 1.0,
    version: str = "",
    tags: list[str] | None = None,
) -> Result:
    known = lookup.load(run.workload)
    base_s, score = WORKLOADS[run.workload]
    machine = run.machine
    time_s = base_s * _SPEEDS[run.tool] * slower * draw.lognormvariate(0, 0.015)
    time_s *= machine.gpu_slowness if run.device == "gpu" else machine.slowness
    time_s *= 0.72 if run.mode == "tuned" else 1.0
    time_s /= run.ranks**0.8
    budget, batch = known.budget, known.batch_size
    different = known.train_samples_of(discovery.load(known.datasets[0]).train_samples)
    samples = different * budget.count if budget.unit == "epochs" else budget.count * (batch or 1)
    laps = known.laps(budget)
    start = f"{campaign:%Y%m%dt%H%M%Sz}"
    run_id = f"{start}-{run.tool}-{run.device}-{number:08x}"
    import_s, compile_s = 3.1 * draw.lognormvariate(0, 0.1), 40.0 if run.tool == "theano" else None
    package = {run.tool: version or "2.15.0"}
    settings = {"mode": run.mode, "strategy": "data-parallel" if run.ranks > 1 else "default"}
    data = merged(tf_on_cpu(), {
        "run_id": run_id,
        "started_at": (campaign + timedelta(seconds=number % 3000)).isoformat(),
        "job": {
            "run_id": run_id, "campaign_id": f"{start}-campaign-{run.device}-00c0ffee",
            "backend": run.tool, "title": catalog.load(run.tool).spec.title,
            "workload": run.workload, "dataset": known.datasets[0], "device": run.device,
            "repeat": repeat, "seed": 122 + repeat, "budget": budget.model_dump(),
            "settings": settings,
            "ranks": run.ranks if run.ranks > 1 else None, "tags": tags or [],
            "pins": {"packages": package},
            "provenance": {"reference": f"benchdl/{run.tool}:{run.device}", "flavour": run.device},
        },
        "launch": {"machine": machine.name, "wall_s": time_s + 12},
        "measurement": {
            "phases": {"import_s": import_s, "fit_s": time_s, "compile_s": compile_s,
                       "total_s": time_s + import_s + (compile_s or 0) + 2.4},
            "laps": [{"number": n, "duration_s": time_s / laps * (1.3 if n == 1 else 0.96),
                      "loss": 0.3 / n} for n in range(1, laps + 1)],
            "work": {"unit": known.unit, "count": 10 * budget.count, "samples": samples,
                     "train_samples": different, "batch_size": batch,
                     "parameters": known.parameters()},
            "score": {"metric": known.metric.name, "unit": known.metric.unit,
                      "better": known.metric.better, "value": score * draw.lognormvariate(0, 0.01),
                      "samples": 10_000, "sampling_error": 0.004 if score < 1 else 0.01,
                      "claimed": None},
            "attestation": {"packages": package, "device": run.device},
        },
    })  # fmt: skip
    if run.device == "gpu":
        data["measurement"] |= _on_gpu(draw, run, time_s)
    _spoil(draw, data)
    return Result.model_validate(data)


def _on_gpu(draw: random.Random, run: _Run, time_s: float) -> dict[str, Any]:
    visible = run.ranks if run.ranks > 1 else 1
    devices = [{"index": n, "uuid": f"GPU-{n:08x}", "name": run.machine.gpu, "used": True,
                "utilisation_percent": 71.0 + draw.random() * 9, "memory_peak_bytes": 3 * 2**30,
                "power_mean_w": 310.0, "energy_j": 310 * time_s, "energy_source": "counter"}
               for n in range(visible)]  # fmt: skip
    peak = {"multiplied_in": "float32", "flop_per_s": run.machine.peak_flop_per_s, "size": 8192,
            "seconds": 0.5, "library": "cuBLAS"}  # fmt: skip
    return {
        "gpu": {"state": "ok", "driver": "580.95.05", "devices": devices},
        "peaks": [{**peak, "device": device["uuid"]} for device in devices],
    }


def _spoil(draw: random.Random, data: dict[str, Any]) -> None:
    luck = draw.random()
    if luck < 0.008:
        data["status"], data["measurement"] = "failed", None
        data["failure"] = {"reason": "out-of-memory", "advice": "use a machine with more memory",
                           "message": "the container was killed for memory"}  # fmt: skip
    elif luck < 0.025:
        data["findings"] = [_LOAD]
