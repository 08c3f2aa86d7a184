"""Theano on a GPU: where it finds cuDNN, and the proof of what its compiled functions use.

Theano goes on without cuDNN, without a pool and even without the GPU when it cannot have them, and
says "Using cuDNN" before it knows. So everything here is read from the live context and from the
compiled graph, nothing from what was configured.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterable, List, Tuple

from runner.backends.common import nvidia
from runner.contract.job import Job
from runner.libraries import cudnn_version

CUDNN_INCLUDE_VARIABLE = "BENCHDL_CUDNN_INCLUDE"
"""Set by the image: the folder of the cudnn.h that makes Theano fit cuDNN 8."""
CUDA_ROOT_VARIABLE = "CUDA_ROOT"

_CUDNN = "GpuDnn"
_DESCRIPTOR = "ConvDesc"


def flags(job: Job) -> List[str]:
    """THEANO_FLAGS of a GPU job; also tells NVIDIA's libraries whether TF32 is allowed."""
    nvidia.allow_tf32(job.settings.precision == "tf32")
    found = []
    root = os.environ.get(CUDA_ROOT_VARIABLE)
    if root:
        found += [f"dnn.base_path={root}", f"dnn.library_path={Path(root) / 'lib64'}"]
    include = os.environ.get(CUDNN_INCLUDE_VARIABLE)
    if include:
        found.append(f"dnn.include_path={include}")
    return found


def convolutions(operations: Iterable[str]) -> Dict[str, int]:
    """How often each implementation of a convolution stands in a compiled function.

    Args:
        operations: class names of the function's nodes. ``GpuDnnConv*`` is cuDNN,
            ``GpuCorr*`` Theano's own code on the GPU, ``Corr*`` and ``Conv*`` run on the CPU.
    """
    found = (
        name
        for name in operations
        if ("Conv" in name or "Corr" in name) and not name.endswith(_DESCRIPTOR)
    )
    return dict(sorted(Counter(found).items()))


def cudnn_operations(operations: Iterable[str]) -> Dict[str, int]:
    """The same for everything that cuDNN does, such as pooling and softmax."""
    found = (n for n in operations if n.startswith(_CUDNN) and not n.endswith(_DESCRIPTOR))
    return dict(sorted(Counter(found).items()))


def facts(theano: Any, operations: List[str]) -> Dict[str, Any]:
    """What the live process says of its GPU, its pool and cuDNN."""
    from theano import gpuarray
    from theano.gpuarray import dnn

    context = gpuarray.get_context(None)
    found = convolutions(operations)
    number = int(dnn.version(raises=False))
    preallocate = float(theano.config.gpuarray.preallocate)
    return {
        "pygpu_activated": bool(gpuarray.pygpu_activated),
        "device_name": _text(context.devname),
        "architecture": _text(context.bin_id),
        "dnn_present": bool(dnn.dnn_present()),
        "dnn_message": dnn.dnn_present.msg,
        "cudnn_version": cudnn_version(number) if number > 0 else None,
        "cudnn_operations": cudnn_operations(operations),
        "cudnn_convolutions": all(n.startswith(_CUDNN) for n in found) if found else None,
        "pool_mode": "off" if preallocate < 0 else "fraction" if preallocate else "growth",
        # The whole GPU's, as the driver tells it to this context.
        "gpu_memory_bytes": int(context.total_gmem),
        "gpu_memory_taken_bytes": int(context.total_gmem) - int(context.free_gmem),
        "tf32": nvidia.tf32_allowed(),
    }


def operations(function: Any) -> List[str]:
    """The operations of a compiled function, by the names of their classes."""
    nodes = function.maker.fgraph.apply_nodes
    return [type(node.op).__name__ for node in nodes]


def attested(theano: Any, names: List[str]) -> Tuple[str, Dict[str, Any]]:
    """The device that a function of these operations runs on, and what is known of them."""
    found: Dict[str, Any] = {
        "layout": "channels_first",
        "convolutions": convolutions(names),
    }
    if str(theano.config.device) != "cpu":
        found.update(facts(theano, names))
    on_gpu = any(name.startswith("Gpu") for name in names)
    return ("gpu" if on_gpu else "cpu"), found


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
