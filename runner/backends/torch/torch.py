"""Backend ``torch``: PyTorch without a high-level API, as its quickstart teaches the loop."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Callable, Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import malloc, translation
from runner.backends.common.game_trainer import GameTrainer
from runner.backends.common.rank_processes import RankProcesses
from runner.backends.common.ranked_trainer import OwnRank, RankedTrainer
from runner.backends.common.translation import network_of
from runner.backends.torch import (
    torch_compiler,
    torch_device,
    torch_group,
    torch_layers,
    torch_optimizers,
)
from runner.backends.torch.torch_agent import TorchAgent
from runner.backends.torch.torch_precision import TorchPrecision
from runner.backends.torch.torch_ranks import RankOfTorch
from runner.backends.torch.torch_trainer import TorchTrainer
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
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
        self._compiles = torch_compiler.is_asked()
        if self._compiles:
            torch_compiler.configure()
            torch_compiler.demand()
        self._processes: Optional[RankProcesses] = None
        if job.settings.strategy == "data-parallel":
            self._meeting = torch_group.configure(job)
            if torch_device.can_graph(job):
                torch_group.allow_capture()

    def if_lost(self, end: Callable[[Exception], None]) -> None:
        """What ends the job where a rank is gone."""
        self._end = end

    def start(self) -> None:
        """Import PyTorch, in each rank where there are several; set TF32, threads and device."""
        if self._job.settings.strategy == "data-parallel":
            count = torch_group.count(self._job)
            self._processes = RankProcesses(count, self._serve, self._end)
        self._own = self._begin(0)

    def _serve(self, rank: int, orders: Connection) -> None:
        self._begin(rank).serve(orders)

    def _begin(self, rank: int) -> OwnRank:
        import torch

        self._torch = torch
        torch_device.start(torch, self._job)
        device = torch.device("cuda" if self._job.device == "gpu" else "cpu")
        if self._job.settings.strategy == "data-parallel":
            device = torch_group.join(torch, self._job, rank, self._meeting)
        self._device = device
        return OwnRank(rank, self._of_rank, lambda: torch_group.place(torch, device))

    def _of_rank(self, workload: NetworkWorkload, seed: int) -> Trainer:
        torch, device = self._torch, self._device
        torch.manual_seed(seed)
        graphed = torch_device.can_graph(self._job)
        precision = self._precision(graphed)
        return RankOfTorch(seed, torch, device, workload, precision, self._tuned, graphed)

    def _precision(self, captured: bool) -> TorchPrecision:
        precision = self._job.settings.precision
        return TorchPrecision(self._torch, self._device, precision, captured=captured)

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """One loop, or one in each rank."""
        torch = self._torch
        if self._processes:
            return RankedTrainer(self._processes, self._own, network_of(workload), seed)
        torch.manual_seed(seed)
        device = self._device
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, TorchAgent(torch, device, workload, self._tuned), seed)
        graphed = torch_device.can_graph(self._job)
        network, precision = network_of(workload), self._precision(graphed)
        return TorchTrainer(
            torch, device, network, precision, self._tuned, graphed, graphed and self._compiles
        )

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what PyTorch says of itself."""
        import numpy

        torch = self._torch
        facts = {"freed_memory_kept": self._keeps_memory, **torch_device.facts(torch)}
        # A build's own mark (2.13.0+cpu) is not part of the version that is pinned.
        release = str(torch.__version__).partition("+")[0]
        return {"torch": release, "numpy": numpy.__version__}, facts


def create() -> Torch:
    """The backend that the trainer drives."""
    return Torch()
