"""Were the GPUs there that the job was given, and no others?"""

from __future__ import annotations

from collections.abc import Iterator

from runner.contract.job import Job
from runner.contract.measurement import GpuUse, Measurement
from runner.contract.result import Finding

_DOCTOR = "benchdl doctor tells what this machine offers; try another --injection"


def findings(job: Job, measured: Measurement) -> Iterator[Finding]:
    """Findings on what the job saw of GPUs."""
    if job.device == "cpu":
        yield from _hidden(job, measured)
    elif not measured.gpu.devices and measured.sampler.problem:
        return  # nobody looked: that is sampler-broke
    elif measured.gpu.state != "lost" or not measured.gpu.devices:  # lost later: gpu_guards
        yield from _given(job, measured.gpu)


def _hidden(job: Job, measured: Measurement) -> Iterator[Finding]:
    inside = measured.isolation
    seen = [f"/dev/{name}" for name in inside.nvidia_device_files]
    seen += [f"NVML's {uuid}" for uuid in inside.nvml_gpus or []]
    if job.launcher == "docker" and seen:
        yield Finding(
            code="gpu-visible",
            severity="invalid",
            evidence=f"a CPU job sees {', '.join(seen)}",
            advice="the engine injects GPUs by default: check its default runtime",
        )


def _given(job: Job, use: GpuUse) -> Iterator[Finding]:
    seen = [device.uuid for device in use.devices]
    asked = job.gpus or []
    absent = [gpu for gpu in asked if gpu.startswith(("GPU-", "MIG-")) and gpu not in seen]
    if not seen:
        evidence = f"NVML shows no GPU to the job ({use.state}: {use.detail})"
    elif absent:
        evidence = f"{', '.join(absent)} was asked for, NVML shows {', '.join(seen)}"
    elif len(seen) < len(asked):
        evidence = f"{len(asked)} GPUs were asked for, NVML shows {len(seen)}"
    elif asked and len(seen) > len(asked):
        yield Finding(
            code="gpu-extra",
            severity="invalid",
            evidence=f"{len(asked)} GPUs were asked for, the job sees {len(seen)}",
            advice=_DOCTOR,
        )
        return
    else:
        return
    yield Finding(code="gpu-missing", severity="invalid", evidence=evidence, advice=_DOCTOR)
