"""The GPU side of ``benchdl doctor``: driver, GPUs, how the engine injects them, what runs here."""

from __future__ import annotations

from typing import Any

from harness import counted
from harness.catalog import Backend, Cuda
from harness.doctor.line import Line, State, broken, ok
from harness.launchers import gpu_options as injection
from harness.nvidia import architectures, cdi, host_driver, pci_devices, troubles
from harness.nvidia.host_driver import Driver, Gpu

_DRIVER = "GPU driver"
_TOOLKIT = "install nvidia-container-toolkit, then: nvidia-ctk runtime configure --runtime=docker"
# More than a desktop or a monitor takes, and than the driver keeps for itself: 0.6 % of an H100.
_BUSY_BYTES, _BUSY_SHARE = 512 * 2**20, 0.01


def examine(backends: list[Backend], info: dict[str, Any] | None) -> list[Line]:
    """Everything about GPUs; ``info`` is the engine's ``/info``, None where none answers."""
    driver = host_driver.examine()
    lines = [_driver(driver)]
    lines += [_gpu(gpu) for gpu in driver.gpus]
    if info is not None:
        lines += _injection(info, wanted=bool(driver.gpus))
    for gpu in driver.gpus:
        lines += _images(backends, driver, gpu)
    return lines


def _driver(driver: Driver) -> Line:
    if driver.gpus:
        newest = f", CUDA up to {driver.cuda}" if driver.cuda else ""
        shown = counted.things(len(driver.gpus), "GPU")
        return ok(_DRIVER, f"{driver.version}{newest}, {shown}")
    plugged = pci_devices.graphics()
    if not plugged and (not driver.installed or driver.version):
        return ok(_DRIVER, "no NVIDIA GPU on this machine: jobs run on the CPU")
    trouble = troubles.recognise(driver.problem)
    there = f"; there is an NVIDIA GPU at PCI {', '.join(plugged)}" if plugged else ""
    fix = trouble.fix if trouble else "install the NVIDIA driver, or run with --device cpu"
    return broken(_DRIVER, driver.problem + there, fix)


def _gpu(gpu: Gpu) -> Line:
    facts = [gpu.name, f"compute capability {gpu.compute_capability or 'unknown'}"]
    if gpu.memory_total_bytes is not None:
        used = (gpu.memory_used_bytes or 0) / 2**30
        facts.append(f"{used:.1f} of {gpu.memory_total_bytes / 2**30:.1f} GiB in use")
    busy = len(gpu.processes)
    if busy:
        listed = ", ".join(map(str, gpu.processes[:5]))
        facts.append(f"{counted.things(busy, 'compute process', 'compute processes')}: {listed}")
    facts.append(gpu.uuid)
    limit = max(_BUSY_BYTES, _BUSY_SHARE * (gpu.memory_total_bytes or 0))
    subject, found = f"GPU {gpu.index}", ", ".join(facts)
    if not busy and (gpu.memory_used_bytes or 0) < limit:
        return ok(subject, found)
    fix = f"end what runs on it (nvidia-smi -i {gpu.index}), or choose others with --gpus"
    return broken(subject, f"in use by others: {found}", fix)


def _injection(info: dict[str, Any], wanted: bool) -> list[Line]:
    """Which of the ways into a container this engine shows; one is enough."""
    devices = sorted(cdi.devices(info))
    runtimes = sorted(info.get("Runtimes") or {})
    default = str(info.get("DefaultRuntime") or "")
    files = [str(file) for file in cdi.specs() if cdi.named(file)]
    lines = []
    if devices:
        lines.append(ok("GPUs by CDI", ", ".join(devices)))
    elif files and wanted:
        fix = "enable CDI in the engine: Docker 28.2 or newer, or features.cdi in daemon.json"
        lines.append(broken("GPUs by CDI", f"{', '.join(files)}, not seen by the engine", fix))
    if injection.RUNTIME in runtimes:
        note = ", the engine's default" if default == injection.RUNTIME else ""
        lines.append(ok("GPUs by runtime", f"{injection.RUNTIME}{note}"))
    if not lines and wanted:
        found = f"no CDI device, no runtime {injection.RUNTIME} (runtimes: {', '.join(runtimes)})"
        lines.append(broken("GPUs in containers", found, f"{_TOOLKIT}, restart the engine"))
    elif not lines:
        found = "no CDI device, no NVIDIA runtime; without a GPU none is needed"
        lines.append(ok("GPUs in containers", found))
    return lines


def _images(backends: list[Backend], driver: Driver, gpu: Gpu) -> list[Line]:
    """Which backends' images run on a GPU.

    A driver that is too old can be mended. A GPU that an image has no code for is no fault of the
    machine, unless no image has any.
    """
    lines, hopeless = [], []
    for backend in backends:
        cuda = backend.spec.cuda
        if cuda is None:
            continue
        subject = f"{backend.name} on GPU {gpu.index}"
        problem, fix = too_old(cuda, driver.version)
        if problem:
            lines.append(broken(subject, problem, fix))
            continue
        problem, fix = without_code(cuda, gpu.compute_capability)
        if problem:
            hopeless.append(broken(subject, problem, fix))
        else:
            lines.append(ok(subject, "runs" + compiled_at_first(cuda, gpu.compute_capability)))
    if not any(line.state is State.OK for line in lines):
        return lines + hopeless
    return lines + [
        ok(line.subject, f"does not run: {line.found}; {line.fix}") for line in hopeless
    ]


def compiled_at_first(cuda: Cuda, capability: str | None) -> str:
    """What to expect where the framework has no machine code for a GPU; empty where it has."""
    built = cuda.native_capabilities
    if not capability or not built or architectures.native(capability, built):
        return ""
    return (
        f", but has no machine code for compute capability {capability} (up to {built[-1]}): the "
        "driver compiles what a network uses in its first epoch, and benchdl's cache keeps it; "
        "that was 50 s of cnn-mnist on an H200"
    )


def too_old(cuda: Cuda, driver: str | None) -> tuple[str, str]:
    """Why an image with this CUDA does not run on a driver, and the fix; empty if it does."""
    if driver and cuda.minimum_driver and _version(driver) < _version(cuda.minimum_driver):
        return (
            f"driver {driver} is older than CUDA {cuda.version} needs",
            f"update the NVIDIA driver to {cuda.minimum_driver} or newer "
            f"({cuda.full_driver or cuda.minimum_driver} for everything)",
        )
    return "", ""


def without_code(cuda: Cuda, capability: str | None) -> tuple[str, str]:
    """Why an image with this CUDA does not run on a GPU, and what else does; empty if it does."""
    if capability and cuda.compute_capabilities:
        lowest, highest = cuda.compute_capabilities
        if not _version(lowest) <= _version(capability) <= _version(highest):
            return (
                f"compute capability {capability}: CUDA {cuda.version} has code for "
                f"{lowest} to {highest}",
                "choose another GPU with --gpus, another backend, or --device cpu",
            )
    return "", ""


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
