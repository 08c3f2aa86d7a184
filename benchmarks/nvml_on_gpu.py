"""Measures our GPU meters on a real NVIDIA GPU, beside loads that are known.

    python benchmarks/nvml_on_gpu.py [--seconds 8] [--pairs 5] [--gpu 0]

Needs PyTorch with CUDA, pydantic 2, psutil, typing_extensions and a module ``pynvml``
(nvidia-ml-py3, or nvidia-ml-py); no network. Prints a Markdown report, and writes it with a JSON
file of all figures into ``$OUT``, if that is set. Takes about three minutes.

It answers: does the utilisation follow a known duty cycle; does the energy counter agree with
integrated power; which NVML calls work here and what they cost; what does the sampler cost a
training loop. The trainer is this process, and the meter is the sampler's process, as in a job.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pynvml
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gpu_loads import DutyLoad, training_loop  # noqa: E402
from runner.contract.samples import Samples, facts_path, gpu_column, read_samples  # noqa: E402
from runner.meters.gpu_figures import gpu_use  # noqa: E402
from runner.meters.gpu_meter import NvmlReader, open_gpus  # noqa: E402
from runner.sampler import Sampler  # noqa: E402

DUTIES = (0, 25, 50, 75, 100)
SETTLE_S = 1.5
INTERVAL_S = 0.1


def measured(samples: Samples, gpu: int, start: float, end: float) -> dict[str, Any]:
    """The product's own figures over a window, and the two energies side by side."""
    device = gpu_use(samples, start, end).devices[gpu].model_dump()
    device["integrated_power_j"] = samples.integral(gpu_column(gpu, "power_w"), start, end)
    device["counter_j"] = samples.growth(gpu_column(gpu, "energy_j"), start, end)
    values = samples.inside(gpu_column(gpu, "util_percent"), start, end)
    device["utilisation_min"], device["utilisation_max"] = (
        min(values, default=None),
        max(values, default=None),
    )
    device["distinct_powers"] = len(set(samples.inside(gpu_column(gpu, "power_w"), start, end)))
    return device


def duty_cycles(folder: Path, gpu: int, seconds: float) -> dict[str, Any]:
    """Idle before CUDA is touched, then each duty, under one sampler; figures by window."""
    out = folder / "duty.csv"
    windows: list[tuple[str, float, float, float | None]] = []
    with Sampler(out, INTERVAL_S) as sampler:
        start = time.monotonic()
        time.sleep(4.0)
        windows.append(("idle, no CUDA context", start, time.monotonic(), None))
        load = DutyLoad(gpu)
        for duty in DUTIES:
            load.run(duty, SETTLE_S)
            start = time.monotonic()
            busy = load.run(duty, seconds)
            end = time.monotonic()
            windows.append((f"{duty} %", start, end, 100 * busy / (end - start)))
    samples = read_samples(out)
    rows = []
    for label, start, end, achieved in windows:
        figures = measured(samples, gpu, start + (0.5 if achieved is None else 0), end)
        rows.append({"load": label, "achieved_duty_percent": achieved, **figures})
    return {
        "product_ms": 1000 * load.product_s,
        "sampler": {"ok": sampler.end and sampler.end.ok, "detail": sampler.end},
        "facts": json.loads(facts_path(out).read_text(encoding="utf-8")),
        "rows": rows,
    }


def sampler_cost(folder: Path, gpu: int, pairs: int, seconds: float) -> dict[str, Any]:
    """Steps/s with the sampler off and on, in pairs; the order changes from pair to pair."""
    run = training_loop(gpu)
    run(3.0)
    off, on, cpu_s, samples = [], [], 0.0, 0
    for number in range(pairs):
        for sampled in (False, True) if number % 2 == 0 else (True, False):
            if not sampled:
                off.append(run(seconds))
                continue
            out = folder / f"cost{number}.csv"
            with Sampler(out, INTERVAL_S) as sampler:
                on.append(run(seconds))
            facts = json.loads(facts_path(out).read_text(encoding="utf-8"))
            cpu_s, samples = cpu_s + facts["sampler_cpu_s"], samples + facts["samples"]
            if sampler.end is None or not sampler.end.ok:
                raise SystemExit(f"the sampler broke: {sampler.end}")
    costs = [100 * (1 - b / a) for a, b in zip(off, on, strict=True)]
    return {
        "off_steps_per_s": off,
        "on_steps_per_s": on,
        "cost_percent": costs,
        "cost_median_percent": statistics.median(costs),
        "sampler_cpu_ms_per_sample": 1000 * cpu_s / max(1, samples),
    }


def calls(gpu: int) -> dict[str, Any]:
    """Every figure once, what it said, and what a reading costs in this process."""
    reader = open_gpus()
    if not isinstance(reader, NvmlReader) or reader.facts.state != "ok":
        raise SystemExit(f"no usable GPU: {reader.facts.state}: {reader.facts.detail}")

    def cost_ms(call: Callable[[], object]) -> float:
        took = []
        for _ in range(100):
            begin = time.perf_counter()
            call()
            took.append(time.perf_counter() - begin)
        return 1000 * statistics.median(took)

    listed = reader.processes()[gpu]
    return {
        "driver": reader.facts.driver,
        "reading": reader.read()[gpu]._asdict(),
        "reading_ms": cost_ms(reader.read),
        "processes_ms": cost_ms(reader.processes),
        "processes": listed if listed is None else [process._asdict() for process in listed],
        "own_pid": os.getpid(),
        "own_pid_listed": listed is not None and os.getpid() in {p.pid for p in listed},
    }


def versions() -> dict[str, Any]:
    """Which software this was, the flavour of pynvml above all."""
    found = {}
    for name in ("nvidia-ml-py3", "nvidia-ml-py", "pydantic", "psutil"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return {
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "pynvml": pynvml.__file__,
        "pynvml_is": "nvidia-ml-py"
        if hasattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption")
        else "nvidia-ml-py3",
        "packages": found,
    }


def show(value: float | None, digits: int = 1) -> str:
    """A figure of the report; a dash is "not available"."""
    return "-" if value is None else f"{value:.{digits}f}"


def mib(value: int | None) -> str:
    """Bytes in MiB."""
    return show(None if value is None else value / 2**20, 0)


def report(result: dict[str, Any]) -> str:
    """The Markdown."""
    software, nvml, duty, cost = (result[k] for k in ("versions", "nvml", "duty", "cost"))
    idle = duty["rows"][0]
    lines = [
        f"# GPU meters on {idle['name']}, driver {nvml['driver']}, {result['date']}",
        "",
        f"Python {software['python']}, torch {software['torch']}, module pynvml of "
        f"{software['pynvml_is']}; compute capability {idle['compute_capability']}, "
        f"SM clock up to {show(idle['sm_clock_max_mhz'], 0)} MHz; {os.cpu_count()} cores.",
        "",
        "| load | true duty (%) | GPU (%) | min..max | counter (J) | power (J) | counter/power "
        "| W | SM MHz | busy MHz | °C | memory (MiB) | throttle |",
        "|" + "---|" * 13,
    ]
    for row in duty["rows"]:
        counter, power = row["counter_j"], row["integrated_power_j"]
        ratio = counter / power if counter is not None and power else None
        reasons = row["throttle"]
        cells = [
            row["load"],
            show(row["achieved_duty_percent"]),
            show(row["utilisation_percent"]),
            f"{show(row['utilisation_min'], 0)}..{show(row['utilisation_max'], 0)}",
            show(counter),
            show(power),
            show(ratio, 3),
            show(row["power_mean_w"]),
            show(row["sm_clock_mean_mhz"], 0),
            show(row["sm_clock_busy_mhz"], 0),
            show(row["temperature_max_c"], 0),
            mib(row["memory_peak_bytes"]),
            "-" if reasons is None else ", ".join(f"{k} {v:.0%}" for k, v in reasons.items()),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    listed = nvml["processes"]
    lines += [
        "",
        f"- Sampler cost at {1 / INTERVAL_S:g} Hz: median {cost['cost_median_percent']:.2f} % of "
        f"steps/s over {len(cost['cost_percent'])} pairs "
        f"({', '.join(f'{c:.2f}' for c in cost['cost_percent'])}); "
        f"{cost['sampler_cpu_ms_per_sample']:.2f} ms CPU a sample, its start included.",
        f"- Steps/s off {[round(v) for v in cost['off_steps_per_s']]}, "
        f"on {[round(v) for v in cost['on_steps_per_s']]}.",
        f"- One reading of all GPUs {nvml['reading_ms']:.2f} ms, the process list "
        f"{nvml['processes_ms']:.2f} ms.",
        f"- Processes listed while this one had a context: {listed}; own PID {nvml['own_pid']} "
        f"{'is' if nvml['own_pid_listed'] else 'is not'} among them; foreign by our count: "
        f"{duty['rows'][-1]['foreign_processes']}.",
        f"- Memory before CUDA: {mib(idle['memory_before_bytes'])} MiB; "
        f"utilisation before: {show(duty['rows'][-1]['utilisation_before_percent'])} %.",
        f"- A reading: {nvml['reading']}",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and report; the exit code is 0 unless something broke."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8.0, help="of each duty")
    parser.add_argument("--pairs", type=int, default=5, help="of training with and without sampler")
    parser.add_argument(
        "--gpu", type=int, default=0, help="NVML's index; as torch's if one is seen"
    )
    options = parser.parse_args()
    result: dict[str, Any] = {"date": time.strftime("%Y-%m-%d"), "versions": versions()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result["duty"] = duty_cycles(folder, options.gpu, options.seconds)
        result["nvml"] = calls(options.gpu)
        result["cost"] = sampler_cost(folder, options.gpu, options.pairs, options.seconds * 0.6)
    text = report(result)
    sys.stdout.write(text)
    if os.environ.get("OUT"):
        out = Path(os.environ["OUT"])
        (out / "nvml_on_gpu.md").write_text(text, encoding="utf-8")
        (out / "nvml_on_gpu.json").write_text(
            json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
