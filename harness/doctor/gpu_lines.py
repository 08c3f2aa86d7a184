"""The GPU side of ``benchdl doctor``: driver, GPUs, how the engine injects them, what runs here."""

from __future__ import annotations

from typing import Any

from harness.catalog import Backend, Cuda
from harness.doctor.line import Line
from harness.launchers import gpu_options as injection
from harness.nvidia import architectures, cdi, host_driver, troubles
from harness.nvidia.host_driver import Driver, Gpu

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
    if driver.gpus:
        lines += [line for backend in backends for line in _images(backend, driver)]
    return lines


def _driver(driver: Driver) -> Line:
    if driver.gpus:
        newest = f", CUDA up to {driver.cuda}" if driver.cuda else ""
        return Line(True, "GPU driver", f"{driver.version}{newest}, {len(driver.gpus)} GPU(s)")
    trouble = troubles.recognise(driver.problem)
    fix = "install the NVIDIA driver, or run with --device cpu"
    return Line(False, "GPU driver", driver.problem, trouble.fix if trouble else fix)


def _gpu(gpu: Gpu) -> Line:
    facts = [gpu.name, f"compute capability {gpu.compute_capability or 'unknown'}"]
    if gpu.memory_total_bytes is not None:
        used = (gpu.memory_used_bytes or 0) / 2**30
        facts.append(f"{used:.1f} of {gpu.memory_total_bytes / 2**30:.1f} GiB in use")
    busy = len(gpu.processes)
    if busy:
        facts.append(f"{busy} compute process(es): {', '.join(map(str, gpu.processes[:5]))}")
    facts.append(gpu.uuid)
    limit = max(_BUSY_BYTES, _BUSY_SHARE * (gpu.memory_total_bytes or 0))
    idle = not busy and (gpu.memory_used_bytes or 0) < limit
    fix = f"end what runs on it (nvidia-smi -i {gpu.index}), or choose others with --gpus"
    return Line(idle, f"GPU {gpu.index}", ", ".join(facts), fix)


def _injection(info: dict[str, Any], wanted: bool) -> list[Line]:
    """Which of the ways into a container this engine shows; one is enough."""
    devices = sorted(cdi.devices(info))
    runtimes = sorted(info.get("Runtimes") or {})
    default = str(info.get("DefaultRuntime") or "")
    files = [str(file) for file in cdi.specs() if cdi.named(file)]
    lines = []
    if devices:
        lines.append(Line(True, "GPUs by CDI", ", ".join(devices)))
    elif files:
        fix = "enable CDI in the engine: Docker 28.2 or newer, or features.cdi in daemon.json"
        lines.append(Line(False, "GPUs by CDI", f"{', '.join(files)}, not seen by the engine", fix))
    if injection.RUNTIME in runtimes:
        note = ", the engine's default" if default == injection.RUNTIME else ""
        lines.append(Line(True, "GPUs by runtime", f"{injection.RUNTIME}{note}"))
    if not lines and wanted:
        found = f"no CDI device, no runtime {injection.RUNTIME} (runtimes: {', '.join(runtimes)})"
        lines.append(Line(False, "GPUs in containers", found, f"{_TOOLKIT}, restart the engine"))
    elif not lines:
        found = "no CDI device, no NVIDIA runtime; without a GPU none is needed"
        lines.append(Line(True, "GPUs in containers", found))
    return lines


def _images(backend: Backend, driver: Driver) -> list[Line]:
    if backend.spec.cuda is None:
        return []
    name = backend.name
    lines = []
    for gpu in driver.gpus:
        problem, fix = fits(backend.spec.cuda, driver.version, gpu.compute_capability)
        found = problem or "runs" + compiled_at_first(backend.spec.cuda, gpu.compute_capability)
        lines.append(Line(not problem, f"{name} on GPU {gpu.index}", found, fix))
    return lines


def compiled_at_first(cuda: Cuda, capability: str | None) -> str:
    """What to expect where the framework has no machine code for a GPU; empty where it has."""
    built = cuda.native_capabilities
    if not capability or not built or architectures.native(capability, built):
        return ""
    return (
        f", but has no machine code for compute capability {capability} (up to {built[-1]}): the "
        "driver compiles it when first used, which takes many minutes and is kept in benchdl's "
        "cache; give a first job a long --timeout"
    )


def fits(cuda: Cuda, driver: str | None, capability: str | None) -> tuple[str, str]:
    """Why an image with this CUDA does not run there, and the fix; two empty texts if it does."""
    if driver and cuda.minimum_driver and _version(driver) < _version(cuda.minimum_driver):
        return (
            f"driver {driver} is older than CUDA {cuda.version} needs",
            f"update the NVIDIA driver to {cuda.minimum_driver} or newer "
            f"({cuda.full_driver or cuda.minimum_driver} for everything)",
        )
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
