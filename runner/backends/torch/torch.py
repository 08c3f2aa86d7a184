"""Backend ``torch``: PyTorch without a high-level API, as its quickstart teaches the loop."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import malloc, translation
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.common.translation import network_of
from runner.backends.torch import torch_device, torch_layers, torch_optimizers
from runner.backends.torch.torch_agent import TorchAgent
from runner.backends.torch.torch_trainer import TorchTrainer
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.workload import Workload


class Torch:
    """PyTorch; tuned on a GPU each step is one CUDA graph, on a CPU freed memory is kept."""

    def supports(self, workload: Workload) -> Optional[str]:
        """All networks whose layers are translated."""
        return translation.missing(
            "PyTorch", workload, torch_layers.modules, torch_optimizers.stepper
        )

    def configure(self, job: Job) -> None:
        """What PyTorch reads at import."""
        self._job = job
        self._tuned = job.settings.mode == "tuned"
        self._keeps_memory = self._tuned and job.device == "cpu" and malloc.keep_freed()
        torch_device.configure(job)

    def start(self) -> None:
        """Import PyTorch; set TF32, threads and device."""
        import torch

        self._torch = torch
        torch_device.start(torch, self._job)
        # Times the algorithms of cuDNN once and keeps the fastest: documented, not the default.
        torch.backends.cudnn.benchmark = self._tuned

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """One loop; CUDA graphs live on memory of the caching allocator."""
        job, torch = self._job, self._torch
        torch.manual_seed(seed)
        device = torch.device("cuda" if job.device == "gpu" else "cpu")
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, TorchAgent(torch, device, workload, self._tuned), seed)
        pooled = job.settings.memory_pool.mode != "off"
        graphed = self._tuned and job.device == "gpu" and pooled
        return TorchTrainer(torch, device, network_of(workload), self._tuned, graphed)

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what PyTorch says of itself."""
        import numpy

        torch = self._torch
        facts = {
            "freed_memory_kept": self._keeps_memory,
            "cudnn_benchmark": bool(torch.backends.cudnn.benchmark),
            **torch_device.facts(torch),
        }
        # A build's own mark (2.13.0+cpu) is not part of the version that is pinned.
        release = str(torch.__version__).partition("+")[0]
        return {"torch": release, "numpy": numpy.__version__}, facts


def create() -> Torch:
    """The backend that the trainer drives."""
    return Torch()
