"""TensorFlow's devices: memory limits, growth, threads and TF32, set and read back.

Shared by Keras 2 (``tf``) and Keras 3 (``keras3-tf``).
"""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from runner.backends.common import nvidia
from runner.backends.tensorflow import tf_ranks
from runner.contract.job import Job

STEPS_PER_CALL = 100
"""``steps_per_execution`` of mode ``tuned``: Keras runs the rest of an epoch in a shorter call."""

_GROWTH_VARIABLE = "TF_FORCE_GPU_ALLOW_GROWTH"


def configure(job: Job) -> None:
    """Device visibility, memory growth and threads are environment variables."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    if job.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    if job.settings.memory_pool.mode == "growth":
        os.environ[_GROWTH_VARIABLE] = "true"
    if job.threads:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(job.threads)


def start(tensorflow: Any, job: Job) -> None:
    """Limit memory and set TF32, before the first operation.

    Raises:
        RuntimeError: a GPU job, and TensorFlow sees no GPU.
    """
    allowed = job.settings.precision == "tf32"
    tensorflow.config.experimental.enable_tensor_float_32_execution(allowed)
    if job.settings.strategy == "data-parallel":
        tf_ranks.start(tensorflow, job)
    gpus = tensorflow.config.list_physical_devices("GPU")
    if job.device == "gpu" and not gpus:
        raise RuntimeError("TensorFlow sees no GPU: its CUDA libraries or the driver are missing")
    pool = job.settings.memory_pool
    for gpu in gpus:
        if pool.mode == "fraction" and pool.fraction is not None:
            _set_limit(tensorflow, gpu, pool.fraction)
        elif pool.mode == "growth":
            # As well as the variable: only this can be asked for afterwards.
            tensorflow.config.experimental.set_memory_growth(gpu, True)


def _set_limit(tensorflow: Any, gpu: Any, fraction: float) -> None:
    """TF 2 knows limits in MiB only, so the share is taken of what NVML says is there."""
    import pynvml

    pynvml.nvmlInit()
    index = int(gpu.name.rsplit(":", 1)[1])
    total = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index)).total
    limit = tensorflow.config.LogicalDeviceConfiguration(memory_limit=int(total * fraction / 2**20))
    tensorflow.config.set_logical_device_configuration(gpu, [limit])


def facts(tensorflow: Any) -> Dict[str, Any]:
    """What TensorFlow says of its devices.

    Whether a convolution ran in cuDNN it does not tell; on NVIDIA GPUs it has no other one, and
    loads the library only for that.
    """
    config = tensorflow.config
    gpus = config.get_visible_devices("GPU")
    growth = {gpu.name: _growth(config, gpu) for gpu in gpus}
    limits = {gpu.name: _limit(config, gpu) for gpu in gpus}
    allowed = bool(config.experimental.tensor_float_32_execution_enabled())
    build = tensorflow.sysconfig.get_build_info()
    found: Dict[str, Any] = {
        "visible_devices": [device.name for device in config.get_visible_devices()],
        "intra_op_threads": config.threading.get_intra_op_parallelism_threads(),
        "build_cuda": build.get("cuda_version"),
        "build_cudnn": build.get("cudnn_version"),
        "tf32": allowed and nvidia.tf32_allowed(),
        "memory_growth": growth,
        "memory_limit_bytes": limits,
    }
    built = build.get("cuda_compute_capabilities")
    if built:
        found["native_capabilities"] = [capability(name) for name in built]
    if gpus:
        # Neither is TensorFlow's own default: all memory, less a reserve, at the start.
        default = "growth" if all(growth.values()) else "all"
        found["pool_mode"] = "fraction" if all(limits.values()) else default
    return found


def capability(name: str) -> str:
    """``sm_35`` and ``compute_80`` as ``3.5`` and ``8.0``.

    The second has PTX as well as machine code (TF_CUDA_COMPUTE_CAPABILITIES in TensorFlow's
    configure.py).
    """
    digits = name.rpartition("_")[2]
    return f"{digits[:-1]}.{digits[-1]}"


def _growth(config: Any, gpu: Any) -> Optional[bool]:
    """The variable wins over the call (GetAllowGrowthValue in TensorFlow's gpu_bfc_allocator)."""
    forced = os.environ.get(_GROWTH_VARIABLE, "").lower()
    if forced in ("true", "false"):
        return forced == "true"
    return bool(config.experimental.get_memory_growth(gpu))


def _limit(config: Any, gpu: Any) -> Optional[int]:
    """Bytes of the one logical device that a limit makes of a GPU; None where there is no limit."""
    logical = config.get_logical_device_configuration(gpu) or []
    limits = [device.memory_limit for device in logical if device.memory_limit]
    return int(sum(limits) * 2**20) if limits else None
