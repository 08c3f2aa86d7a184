"""PyTorch's devices: visibility, threads, TF32 and cuDNN's choice, set and read back.

Shared by ``torch`` and Keras 3 on it.
"""

from __future__ import annotations

import os
from typing import Any, Dict

from runner.backends.common import nvidia
from runner.contract.job import Job

_NO_POOL_VARIABLE = "PYTORCH_NO_CUDA_MEMORY_CACHING"


def configure(job: Job) -> None:
    """Which devices are seen, the memory pool and the threads are fixed at import.

    Source of the pool's variable: PyTorch documentation, "CUDA Environment Variables".
    """
    if job.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if job.settings.memory_pool.mode == "off":
        os.environ[_NO_POOL_VARIABLE] = "1"
    if job.threads:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(job.threads)


def can_graph(job: Job) -> bool:
    """Whether a tuned job may capture CUDA graphs: they live on the caching allocator's memory."""
    settings = job.settings
    return settings.mode == "tuned" and job.device == "gpu" and settings.memory_pool.mode != "off"


def start(torch: Any, job: Job) -> None:
    """Set TF32, threads and how cuDNN chooses; for a GPU job initialise CUDA.

    PyTorch's own default of TF32 differs by operation: convolutions in it, products of matrices
    not. Mode ``tuned`` has cuDNN time its algorithms once for each shape and keep the fastest:
    documented (docs.pytorch.org, "Performance Tuning Guide"), and not the default.

    Raises:
        RuntimeError: a GPU job without a usable GPU, in PyTorch's own words.
    """
    allowed = job.settings.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cudnn.benchmark = job.settings.mode == "tuned"
    if job.threads:
        torch.set_num_threads(job.threads)
        torch.set_num_interop_threads(job.threads)
    if job.device == "gpu":
        torch.cuda.init()
        if not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no GPU: CUDA is not available")


def facts(torch: Any) -> Dict[str, Any]:
    """What PyTorch says of its devices."""
    found: Dict[str, Any] = {
        "intra_op_threads": torch.get_num_threads(),
        "build_cuda": torch.version.cuda,
        "cudnn_benchmark": bool(torch.backends.cudnn.benchmark),
    }
    if torch.cuda.is_available():
        from runner.libraries import cudnn_version

        allowed = torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32
        free, total = torch.cuda.mem_get_info()
        found.update(
            tf32=bool(allowed) and nvidia.tf32_allowed(),
            device_name=torch.cuda.get_device_name(),
            cudnn_version=cudnn_version(int(torch.backends.cudnn.version())),
            pool_mode="off" if _NO_POOL_VARIABLE in os.environ else "growth",
            allocator=torch.cuda.memory.get_allocator_backend(),
            gpu_memory_bytes=int(total),
            gpu_memory_taken_bytes=int(total - free),
        )
    return found
