"""Backend ``keras3-torch``: Keras 3 on PyTorch."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any, Callable, Dict, Optional, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import malloc
from runner.backends.common.game_trainer import GameTrainer, ToolsAgent
from runner.backends.common.rank_processes import RankProcesses
from runner.backends.common.ranked_trainer import OwnRank, RankedTrainer
from runner.backends.common.translation import network_of
from runner.backends.keras import keras3_torch_compiled, keras3_torch_loop
from runner.backends.keras.agent_by_steps import AgentBySteps
from runner.backends.keras.keras3 import Keras3
from runner.backends.keras.keras3_agent import Keras3Agent
from runner.backends.keras.keras3_torch_compiled import CompiledTrainer
from runner.backends.keras.keras3_torch_loop import TrainerInTorchsLoop
from runner.backends.keras.keras3_torch_loop_ranks import RankInTorchsLoop
from runner.backends.keras.keras3_torch_ranks import RankOfKeras
from runner.backends.keras.keras3_torch_steps import TorchSteps
from runner.backends.keras.keras3_torch_trainer import TrainerOfTensors, TrainerOnTorch, place
from runner.backends.torch import torch_compiler, torch_device, torch_group
from runner.backends.torch.torch_precision import TorchPrecision
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload


class Keras3OnTorch(Keras3):
    """Channels last as written: the default of Keras, which turns them for PyTorch at each step.

    Mode ``tuned`` has PyTorch's own layout, channels first, and the data on the device, shuffled
    there; on a GPU layers and loss are compiled, in PyTorch's loop within a CUDA graph, on a CPU
    freed memory is kept.
    """

    below = "torch"
    keeps_memory = False

    def configure(self, job: Job) -> None:
        """Keras, and what PyTorch reads at import."""
        super().configure(job)
        self.channels_first = self.tuned
        self.keeps_memory = self.tuned and job.device == "cpu" and malloc.keep_freed()
        torch_device.configure(job)
        if self._compiles():
            torch_compiler.configure()
        self._processes: Optional[RankProcesses] = None
        if job.settings.strategy == "data-parallel":
            self._meeting = torch_group.configure(job)
            if self._compiles() and not keras3_torch_loop.is_left_out():
                torch_group.allow_capture()

    def if_lost(self, end: Callable[[Exception], None]) -> None:
        """What ends the job where a rank is gone."""
        self._end = end

    def start(self) -> None:
        """Import PyTorch, then Keras on it, in each rank where there are several."""
        if self._job.settings.strategy == "data-parallel":
            count = torch_group.count(self._job)
            self._processes = RankProcesses(count, self._serve, self._end)
            self._own = self._join(0)
        else:
            self._import()

    def _serve(self, rank: int, orders: Connection) -> None:
        self._join(rank).serve(orders)

    def _import(self) -> None:
        import torch

        self._torch = torch
        torch_device.start(torch, self._job)
        self.import_keras()

    def _join(self, rank: int) -> OwnRank:
        self._import()
        torch = self._torch
        device = torch_group.join(torch, self._job, rank, self._meeting)

        def build(workload: NetworkWorkload, seed: int) -> Trainer:
            self.seed(seed)
            if self._in_torchs_loop(workload):
                precision = self._precision(device)
                return RankInTorchsLoop(torch, self.keras, device, workload, seed, precision)
            return RankOfKeras(torch, self.keras, device, workload, self.tuned, seed)

        return OwnRank(rank, build, lambda: torch_group.place(torch, device))

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Arrays as written, in mode ``tuned`` tensors on the device, compiled on a GPU."""
        if self._processes:
            return RankedTrainer(self._processes, self._own, network_of(workload), seed)
        self.seed(seed)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, self._agent(workload), seed)
        torch, keras, network = self._torch, self.keras, network_of(workload)
        if self._in_torchs_loop(network):
            precision = self._precision(torch.device("cuda"))
            return TrainerInTorchsLoop(torch, keras, network, precision)
        if self._compiles() and keras3_torch_compiled.fits(network.network):
            return CompiledTrainer(torch, keras, network, keras3_torch_compiled.options())
        if self.tuned:
            return TrainerOfTensors(torch, keras, network)
        return TrainerOnTorch(keras, network)

    def _precision(self, device: Any) -> TorchPrecision:
        return TorchPrecision(self._torch, device, self._job.settings.precision, captured=True)

    def _compiles(self) -> bool:
        """On a GPU a step is bound by its many launches."""
        return torch_device.can_graph(self._job)

    def _in_torchs_loop(self, workload: NetworkWorkload) -> bool:
        fits = self._compiles() and keras3_torch_compiled.fits(workload.network)
        return fits and not keras3_torch_loop.is_left_out()

    def _agent(self, workload: GameWorkload) -> ToolsAgent:
        """Keras' own calls as written, PyTorch's in mode ``tuned``."""
        agent = Keras3Agent(self.keras, workload, place, channels_first=self.tuned)
        if not self.tuned:
            return agent
        return AgentBySteps(agent, TorchSteps(self._torch, agent))

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what PyTorch says of itself."""
        facts = {"freed_memory_kept": self.keeps_memory, **torch_device.facts(self._torch)}
        return self.versions(self._torch), facts


def create() -> Keras3OnTorch:
    """The backend that the trainer drives."""
    return Keras3OnTorch()
