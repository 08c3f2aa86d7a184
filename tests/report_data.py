"""Made results for reports: plausible, of no machine, and only under tests/.

A stand-in for what other hardware would give: GPUs, eight tools, failures, ten thousand runs.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest import merged, tf_on_cpu

from runner.contract.result import Result

TOOLS = {
    "tf": ("Keras (tensorflow)", 176.0),
    "theano": ("Keras (theano)", 420.0),
    "mxnet": ("MXNet Gluon", 165.0),
    "keras3-jax": ("Keras 3 (jax)", 370.0),
    "keras3-torch": ("Keras 3 (torch)", 230.0),
    "keras3-tf": ("Keras 3 (tensorflow)", 150.0),
    "torch": ("PyTorch", 160.0),
    "jax-plain": ("JAX with im2col convolutions and a scan over the epoch", 110.0),
}
MACHINES = (
    ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz, 4 cores", 1.0, "Tesla K80", 1),
    ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz, 32 cores", 0.45, "Tesla K80", 8),
    ("AMD EPYC 7763 64-Core Processor, 16 cores", 0.3, "NVIDIA H100 80GB HBM3", 1),
)
FINDINGS = {
    "foreign-load": ("suspect", "41.2 s of CPU time in the window was not the job's", "run again"),
    "not-learned": ("invalid", "error rate 90.20 %, expected 0.5 to 2.5 %", "try another seed"),
    "not-idle": ("info", "CPUs 34 % busy after 10 s", "close other programs"),
    "gpu-throttled": ("suspect", "GPU 0: power cap in 22 % of the samples", "cool it"),
}


def results(
    tools: list[str] | None = None,
    modes: tuple[str, ...] = ("as-written",),
    variants: tuple[str, ...] = ("default",),
    devices: tuple[str, ...] = ("cpu",),
    machines: int = 1,
    repeats: int = 5,
    spoil: bool = True,
    campaigns: int = 1,
) -> Iterator[Result]:
    """Every combination, ``repeats`` times; with ``spoil`` one in about fifteen is bad."""
    draw = random.Random(7)
    number = 0
    for campaign in range(campaigns):
        for repeat in range(1, repeats + 1):
            for machine, speed, gpu, visible in MACHINES[:machines]:
                for device in devices:
                    for tool in tools or list(TOOLS):
                        for mode in modes:
                            for variant in variants:
                                number += 1
                                yield _result(
                                    draw, number, f"20261123t{campaign % 24:02}5900z-campaign-"
                                    f"{campaign:08x}", repeat, tool, mode, variant, device,
                                    (machine, speed, gpu, visible), spoil,
                                )  # fmt: skip


def _result(draw, number, campaign, repeat, tool, mode, variant, device, machine, spoil) -> Result:
    name, speed, gpu, visible = machine
    title, base = TOOLS[tool]
    time_s = base * (speed if device == "cpu" else speed * 0.11)
    time_s *= (0.7 if mode == "tuned" else 1) * (1.25 if variant == "no-pool" else 1)
    time_s *= draw.lognormvariate(0, 0.03)
    day, hour, minute = 23 + number // 9000, number // 360 % 24, number // 6 % 60
    run_id = f"202611{day}t{hour:02}{minute:02}00z-{tool}-{device}-{number:08x}"
    epochs = [{"number": n, "duration_s": time_s / 10 * (1.3 if n == 1 else 0.96),
               "loss": 0.3 / n} for n in range(1, 11)]  # fmt: skip
    data = merged(tf_on_cpu(), {
        "run_id": run_id,
        "started_at": f"2026-11-{day}T{hour:02}:{minute:02}:00+00:00",
        "job": {
            "run_id": run_id, "campaign_id": campaign, "backend": tool, "title": title,
            "variant": variant, "device": device, "repeat": repeat, "seed": 122 + repeat,
            "settings": {"mode": mode}, "pins": {"packages": {tool: "1.0"}},
            "provenance": {"reference": f"benchdl/{tool}:{device}", "flavour": device},
        },
        "launch": {"machine": name},
        "measurement": {
            "phases": {"import_s": 3.1 * draw.lognormvariate(0, 0.1), "fit_s": time_s,
                       "compile_s": 40 * speed if tool == "theano" else None,
                       "total_s": time_s + 7 + (40 * speed if tool == "theano" else 0)},
            "laps": epochs,
            "score": {"value": 0.0080 + 0.0008 * draw.random()},
            "attestation": {"packages": {tool: "1.0"}, "device": device},
        },
    })  # fmt: skip
    if device == "gpu":
        devices = [{"index": n, "uuid": f"GPU-{n:08x}", "name": gpu, "used": n == 0,
                    "utilisation_percent": 66.0 + draw.random() * 5 if n == 0 else 0.0,
                    "memory_peak_bytes": 2**31, "power_mean_w": 110.0, "energy_j": 110 * time_s,
                    "energy_source": "power"} for n in range(visible)]  # fmt: skip
        data["measurement"]["gpu"] = {"state": "ok", "driver": "525.60.13", "devices": devices}
    if spoil:
        _spoil(draw, data)
    return Result.model_validate(data)


def _spoil(draw: random.Random, data: dict[str, Any]) -> None:
    luck = draw.random()
    if luck < 0.02:
        data["status"], data["measurement"] = "failed", None
        data["failure"] = {"reason": "out-of-memory", "advice": "use a machine with more memory",
                           "message": "the container was killed for memory"}  # fmt: skip
    elif luck < 0.14:
        codes = list(FINDINGS)
        code = codes[min(int((luck - 0.02) / 0.03), 3)]
        severity, evidence, advice = FINDINGS[code]
        data["findings"] = [
            {"code": code, "severity": severity, "evidence": evidence, "advice": advice}
        ]


def store(folder: Path, made: Iterator[Result], samples: int = 0) -> list[Result]:
    """Write results as a store holds them, the last ``samples`` of them with their samples."""
    kept = list(made)
    for number, result in enumerate(kept):
        where = folder / result.run_id
        where.mkdir(parents=True)
        (where / "result.json").write_text(result.model_dump_json(indent=1))
        if number >= len(kept) - samples and result.measurement:
            write_samples(where, result)
    return kept


def write_samples(where: Path, result: Result, interval_s: float = 0.1) -> None:
    """Samples as the sampler would leave them: the cores are busy while the job trains."""
    assert result.measurement is not None
    phases, gpus = result.measurement.phases, result.measurement.gpu.devices
    head = ["t_s", "cpu0_busy_s", "cpu1_busy_s", "steal_s", "job_cpu_s", "rss_bytes"]
    head += [f"gpu{g.index}_{q}" for g in gpus for q in ("util_percent", "memory_bytes")]
    fit_end = phases.total_s - phases.evaluate_s
    lines, busy = [",".join(head)], 0.0
    for n in range(math.ceil(phases.total_s / interval_s)):
        t = n * interval_s
        training = fit_end - phases.fit_s <= t <= fit_end
        busy += interval_s * (0.95 if training else 0.5)
        row = [1000 + t, busy, busy * 0.9, 0, busy * 1.8, 3e8 + 4e8 * min(1, t / 10)]
        for gpu in gpus:
            row += [66 + n % 7 if training and gpu.used else 0, 2**31 if gpu.used else 2**24]
        lines.append(",".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in row))
    last = [1000 + phases.total_s, *[float(figure) for figure in lines[-1].split(",")[1:]]]
    lines.append(",".join(str(value) for value in last))
    (where / "samples.csv").write_text("\n".join(lines) + "\n")
    (where / "samples.json").write_text(json.dumps({"ended": "stopped"}))
