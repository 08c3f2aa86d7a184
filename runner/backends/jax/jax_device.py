"""JAX's devices: platform, memory, threads and precision, set and read back.

Shared by ``jax`` and Keras 3 on it.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from runner.backends.common import nvidia
from runner.backends.jax import jax_mesh
from runner.contract.job import Job, MemoryPool

_FLOAT32 = "highest"
_TF32 = "tensorfloat32"


def configure(job: Job) -> None:
    """Platform, memory and threads: JAX reads them when it first looks for devices."""
    os.environ["JAX_PLATFORMS"] = "cuda" if job.device == "gpu" else "cpu"
    os.environ.update(pool_variables(job.settings.memory_pool))
    if job.threads:
        # The size of XLA's thread pool on a CPU (DefaultThreadPoolSize in xla/pjrt/utils.cc).
        os.environ["NPROC"] = str(job.threads)
        os.environ["OMP_NUM_THREADS"] = str(job.threads)
    if job.settings.strategy == "data-parallel":
        jax_mesh.configure(job)


def pool_variables(pool: MemoryPool) -> Dict[str, str]:
    """The variables that set JAX's memory pool on a GPU.

    Source: JAX documentation, "GPU memory allocation". JAX's own default is to take 75 % ahead.
    """
    if pool.mode == "off":
        return {"XLA_PYTHON_CLIENT_ALLOCATOR": "platform"}
    if pool.mode == "fraction":
        return {
            "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
            "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{pool.fraction:g}",
        }
    return {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def start(jax: Any, job: Job) -> None:
    """Set the precision of products and convolutions, and find the device.

    On a GPU JAX multiplies float32 in TF32 unless told otherwise.

    Raises:
        RuntimeError: the platform that was asked for cannot be had.
    """
    precision = _TF32 if job.settings.precision == "tf32" else _FLOAT32
    jax.config.update("jax_default_matmul_precision", precision)
    try:
        jax.devices()
    except (AssertionError, RuntimeError) as error:  # the first without a word, when CUDA is there
        reason = " ".join(str(error).split()) or "its plugin's reason is in log.txt"
        raise RuntimeError(f"JAX finds no {job.device}: {reason}") from error
    if job.settings.strategy == "data-parallel":
        jax_mesh.check(jax, job)


def first(value: Any) -> Any:
    """The device that an array is on, of several the first."""
    return min(value.devices(), key=lambda device: device.id)


def facts(jax: Any) -> Dict[str, Any]:
    """What JAX says of its devices."""
    device = jax.devices()[0]
    found: Dict[str, Any] = {
        "compiler": "XLA",  # for the device at hand, when a function is first called
        "devices": [str(known) for known in jax.devices()],
        "matmul_precision": str(jax.config.jax_default_matmul_precision),
    }
    if device.platform == "gpu":
        allowed = jax.config.jax_default_matmul_precision not in (_FLOAT32, "float32")
        found["tf32"] = allowed and nvidia.tf32_allowed()
        found["device_name"] = str(device.device_kind)
        stats = device.memory_stats()
        mode = pool_mode(stats)
        if mode:
            found["pool_mode"] = mode
        found["memory_stats"] = {name: int(value) for name, value in (stats or {}).items()}
    return found


def pool_mode(stats: Optional[Dict[str, int]]) -> Optional[str]:
    """The pool in force, from the allocator's own figures; None where they do not tell.

    Without a pool there are no figures. One that was taken ahead is as large as its limit.
    """
    if not stats:
        return "off"
    limit, taken = stats.get("bytes_limit"), stats.get("pool_bytes")
    if not limit or taken is None:
        return None
    return "fraction" if taken >= limit else "growth"
