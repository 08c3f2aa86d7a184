"""MXNet on a GPU: its memory pool, TF32, and what it says of its device."""

from __future__ import annotations

import os
from typing import Any, Dict

from runner.backends.common import nvidia
from runner.contract.job import Job

_POOL_VARIABLE = "MXNET_GPU_MEM_POOL_TYPE"
_POOLS = {"growth": "Naive", "off": "Unpooled"}


def configure(job: Job) -> None:
    """Choose the memory pool (MXNet's page of environment variables), and allow TF32 or not."""
    os.environ[_POOL_VARIABLE] = _POOLS[job.settings.memory_pool.mode]
    nvidia.allow_tf32(job.settings.precision == "tf32")


def first(mxnet: Any) -> Any:
    """The context of the first GPU.

    Raises:
        RuntimeError: there is none that MXNet can use.
    """
    try:
        found = int(mxnet.context.num_gpus())
    except mxnet.base.MXNetError as error:
        raise RuntimeError(f"MXNet cannot use CUDA: {str(error).splitlines()[0]}") from None
    if not found:
        raise RuntimeError("MXNet sees no GPU: this is its CPU build, or the driver is missing")
    context = mxnet.gpu(0)
    try:  # its wheels hold code for compute capabilities 5.0 to 8.9 alone
        mxnet.nd.ones((1,), ctx=context).asnumpy()
    except mxnet.base.MXNetError as error:
        reason = next(
            (line for line in str(error).splitlines() if "CUDA" in line), "an unknown error"
        )
        raise RuntimeError(f"MXNet cannot compute on this GPU: {reason.strip()}") from None
    return context


def facts(mxnet: Any) -> Dict[str, Any]:
    """Pool, memory of the GPU and TF32 in the live process.

    Whether a convolution ran in cuDNN MXNet does not tell.
    """
    free, total = mxnet.context.gpu_memory_info(0)
    pool = os.environ.get(_POOL_VARIABLE)
    return {
        "pool_mode": {value: key for key, value in _POOLS.items()}.get(str(pool), pool),
        "gpu_memory_bytes": int(total),
        "gpu_memory_taken_bytes": int(total - free),
        "tf32": nvidia.tf32_allowed(),
    }
