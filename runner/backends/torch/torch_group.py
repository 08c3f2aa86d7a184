"""The process group of a data-parallel job: NCCL between GPUs, Gloo between parts of a CPU.

Shared by ``torch`` and Keras 3 on it.
"""

from __future__ import annotations

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Dict

from runner.backends.base import Facts
from runner.backends.torch.torch_graph import aside
from runner.contract.job import Job

_ASYNC_ERRORS_VARIABLE = "TORCH_NCCL_ASYNC_ERROR_HANDLING"
_PATIENCE = timedelta(minutes=30)
"""For a rank that is slower: how long a job may take is for its own limit to say."""


def count(job: Job) -> int:
    """How many ranks.

    Raises:
        ValueError: the job does not say so.
    """
    if job.ranks is None:
        raise ValueError("the job does not say how many GPUs share it: name them with --gpus")
    return job.ranks


def configure(job: Job) -> str:
    """Set what Gloo, NCCL and the threads of a rank read; the file by which ranks are to meet.

    A job in a container has no network but the loopback. On a CPU the ranks share its cores, where
    each would take all of them; ``torchrun`` gives each one thread.
    """
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ.setdefault(name, "lo")
    if job.device == "cpu" and not job.threads:
        cores = len(os.sched_getaffinity(0))
        os.environ["OMP_NUM_THREADS"] = str(max(1, cores // count(job)))
    return str(Path(tempfile.mkdtemp(prefix="ranks-")) / "meeting")


def join(torch: Any, job: Job, rank: int, meeting: str) -> Any:
    """Meet the other ranks; the device of this one, which is current then.

    The meeting is over a file: no port has to be free, nor a network there.
    """
    on_gpu = job.device == "gpu"
    if on_gpu:
        torch.cuda.set_device(rank)
    torch.distributed.init_process_group(
        "nccl" if on_gpu else "gloo",
        init_method=f"file://{meeting}",
        rank=rank,
        world_size=job.ranks,
        timeout=_PATIENCE,
    )
    return torch.device("cuda", rank) if on_gpu else torch.device("cpu")


def allow_capture() -> None:
    """Let CUDA graphs hold what ranks exchange, as PyTorch's notes on them ask for.

    ("CUDA Graphs", usage with DistributedDataParallel: no asynchronous errors of NCCL, set before
    the group is made; the model made on another stream; eleven steps before the capture.)
    """
    os.environ[_ASYNC_ERRORS_VARIABLE] = "0"


def parallel(torch: Any, model: Any, device: Any, captured: bool = False) -> Any:
    """``model`` with the mean of all ranks' gradients; all begin with the weights of rank 0.

    ``captured``: its steps become part of a CUDA graph.
    """
    own = [device] if device.type == "cuda" else None
    if not captured:
        return torch.nn.parallel.DistributedDataParallel(model, device_ids=own)
    with aside(torch):
        return torch.nn.parallel.DistributedDataParallel(model, device_ids=own)


def place(torch: Any, device: Any) -> Dict[str, Any]:
    """The device of this rank, and what of PyTorch runs there."""
    versions = {"torch": str(torch.__version__)}
    if device.type != "cuda":
        return {"device": "cpu", "name": str(device), "versions": versions}
    versions["nccl"] = ".".join(map(str, torch.cuda.nccl.version()))
    found = torch.cuda.get_device_properties(device)
    uuid = f"GPU-{found.uuid}" if hasattr(found, "uuid") else None
    return {"device": "gpu", "name": str(device), "versions": versions, "uuid": uuid}


def facts(torch: Any) -> Facts:
    """What moved the gradients, and what the surroundings told it."""
    told = {name: value for name, value in sorted(os.environ.items()) if name.startswith("NCCL_")}
    return {
        "ranks": torch.distributed.get_world_size(),
        "collectives": str(torch.distributed.get_backend()),
        "nccl_variables": told,
    }
