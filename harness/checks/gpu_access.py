"""Had the job the GPUs that it was given, no others, and to the end?"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.case import Case
from runner.contract.result import Finding

_DOCTOR = "benchdl doctor tells what this machine offers; try another --injection"
_IDLE_PERCENT = 1.0


def device(case: Case) -> Iterator[Finding]:
    """The training ran on the device that was asked for."""
    asked, ran_on = case.job.device, case.measured.attestation.device
    if ran_on != asked:
        yield Finding(
            code="other-device",
            severity="invalid",
            evidence=f"asked for {asked}, the training ran on {ran_on}",
            advice="benchdl doctor tells what this machine offers",
        )


def hidden(case: Case) -> Iterator[Finding]:
    """A container of a CPU job sees no GPU."""
    inside = case.measured.isolation
    seen = [f"/dev/{name}" for name in inside.nvidia_device_files]
    seen += [f"NVML's {uuid}" for uuid in inside.nvml_gpus or []]
    if case.job.device == "cpu" and case.job.launcher == "docker" and seen:
        yield Finding(
            code="gpu-visible",
            severity="invalid",
            evidence=f"a CPU job sees {', '.join(seen)}",
            advice="the engine injects GPUs by default: check its default runtime",
        )


def given(case: Case) -> Iterator[Finding]:
    """A GPU job sees the GPUs that it asked for, and no others."""
    use, asked = case.measured.gpu, case.job.gpus or []
    seen = [device.uuid for device in use.devices]
    nobody_looked = case.measured.sampler.problem and not seen  # that is sampler-broke
    lost_later = use.state == "lost" and seen  # that is nvml-lost
    if case.job.device != "gpu" or nobody_looked or lost_later:
        return
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


def lost(case: Case) -> Iterator[Finding]:
    """NVML told of a GPU job's GPUs, from its start to its end."""
    gpu = case.measured.gpu
    if case.job.device != "gpu" or gpu.state == "ok":
        return
    if gpu.state == "lost" and gpu.devices:
        yield Finding(
            code="nvml-lost",
            severity="invalid",
            evidence=gpu.detail or "NVML failed while the job ran",
            advice="the GPU or the container's access to it was lost (a daemon reload does that: "
            "start the container anew); look for Xid in the kernel's log",
        )
    elif gpu.state != "lost" and case.measured.attestation.device == "gpu":
        yield Finding(
            code="gpu-unmeasured",
            severity="suspect",
            evidence=f"a job on the GPU, and NVML's state is {gpu.state}: {gpu.detail}",
            advice="give the container the driver's capability utility beside compute; the time "
            "is right, GPU figures are missing",
        )


def idle(case: Case) -> Iterator[Finding]:
    """A GPU job used a GPU."""
    gpu = case.measured.gpu
    if case.job.device != "gpu" or gpu.state != "ok" or any(card.used for card in gpu.devices):
        return
    shares = {card.index: card.utilisation_percent for card in gpu.devices}
    known = {index: share for index, share in shares.items() if share is not None}
    if known and len(known) == len(gpu.devices):
        seen = ", ".join(
            f"GPU {index} {share:.1f} %" + (" by others" if share >= _IDLE_PERCENT else "")
            for index, share in known.items()
        )
        yield Finding(
            code="gpu-idle",
            severity="invalid",
            evidence=f"a GPU was asked for and none was used: {seen} in the window",
            advice="the framework trained on the CPU: see the attestation's device and log.txt",
        )
