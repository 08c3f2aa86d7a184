"""Backend ``keras3-torch``: Keras 3 on PyTorch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Dict, Iterator, Tuple

from runner.backends.base import Facts, Trainer
from runner.backends.common import lstm_code, malloc
from runner.backends.common.game_trainer import GameTrainer, ToolsAgent
from runner.backends.common.translation import network_of
from runner.backends.keras.agent_by_steps import AgentBySteps
from runner.backends.keras.keras3 import Keras3
from runner.backends.keras.keras3_agent import Keras3Agent
from runner.backends.keras.keras3_torch_steps import TorchSteps
from runner.backends.keras.keras3_trainer import Keras3Trainer
from runner.backends.torch import torch_device
from runner.contract.job import Job
from runner.workloads.game_workload import GameWorkload
from runner.workloads.network_workload import NetworkWorkload
from runner.workloads.workload import Workload

if TYPE_CHECKING:  # NumPy must not be imported before configure()
    from runner.data.arrays import Arrays


class Keras3OnTorch(Keras3):
    """Channels last as written: the default of Keras, which turns them for PyTorch at each step.

    Mode ``tuned`` has PyTorch's own layout, channels first, and the data on the device, shuffled
    there; on a CPU freed memory is kept.
    """

    below = "torch"
    keeps_memory = False

    def configure(self, job: Job) -> None:
        """Keras, and what PyTorch reads at import."""
        super().configure(job)
        self.channels_first = self.tuned
        self.keeps_memory = self.tuned and job.device == "cpu" and malloc.keep_freed()
        torch_device.configure(job)

    def start(self) -> None:
        """Import PyTorch, then Keras on it."""
        import torch

        self._torch = torch
        torch_device.start(torch, self._job)
        self.import_keras()

    def trainer(self, workload: Workload, seed: int) -> Trainer:
        """Arrays as written, tensors on the device in mode ``tuned``."""
        self.seed(seed)
        if isinstance(workload, GameWorkload):
            return GameTrainer(workload, self._agent(workload), seed)
        if self.tuned:
            return TrainerOfTensors(self._torch, self.keras, network_of(workload))
        return TrainerOnTorch(self.keras, network_of(workload))

    def _agent(self, workload: GameWorkload) -> ToolsAgent:
        """Keras' own calls as written, PyTorch's in mode ``tuned``."""
        agent = Keras3Agent(self.keras, workload, _place, channels_first=self.tuned)
        if not self.tuned:
            return agent
        return AgentBySteps(agent, TorchSteps(self._torch, agent))

    def attest(self) -> Tuple[Dict[str, str], Facts]:
        """Live versions, and what PyTorch says of itself."""
        facts = {"freed_memory_kept": self.keeps_memory, **torch_device.facts(self._torch)}
        return self.versions(self._torch), facts


class TrainerOnTorch(Keras3Trainer):
    """Keras' own ``fit`` over arrays."""

    def attest(self) -> Tuple[str, Facts]:
        """Device of a trained weight."""
        device, name = _place(self._model.trainable_variables[0].value)
        of_lstm = lstm_code.facts(
            self._workload.network,
            lambda: lstm_code.of_gradients(self._model(self._test_x[:1])),
        )
        return device, {"weights_on": name, **self.facts(), **of_lstm}


class TrainerOfTensors(TrainerOnTorch):
    """Keras' own ``fit`` over a DataLoader that cuts batches out of tensors on the device."""

    def __init__(self, torch: Any, keras: Any, workload: NetworkWorkload) -> None:
        self._torch = torch
        super().__init__(keras, workload, channels_first=True)

    def prepare(self, data: Arrays) -> None:
        """The training data to the device."""
        super().prepare(data)
        to_tensor = self.keras.ops.convert_to_tensor
        self._train_x, self._train_y = to_tensor(self._train_x), to_tensor(self._train_y)

    def fit_data(self) -> Dict[str, Any]:
        """Batches, in an order that is drawn on the device."""
        from torch.utils.data import DataLoader, TensorDataset

        rows = _ShuffledRows(self._torch, self._train_x, self._workload.recipe.batch_size)
        data = TensorDataset(self._train_x, self._train_y)
        return {"x": DataLoader(data, sampler=rows, batch_size=None), "shuffle": False}


class _ShuffledRows:
    """Row numbers of each batch as tensors on the device, in a new order in each epoch."""

    def __init__(self, torch: Any, inputs: Any, batch: int) -> None:
        self._torch, self._device = torch, inputs.device
        self._samples, self._batch = len(inputs), batch

    def __len__(self) -> int:
        return math.ceil(self._samples / self._batch)

    def __iter__(self) -> Iterator[Any]:
        order = self._torch.randperm(self._samples, device=self._device)
        yield from order.split(self._batch)


def _place(value: Any) -> Tuple[str, str]:
    """The kind of device that a value is on, and its name."""
    kind = str(value.device.type)
    return ("gpu" if kind == "cuda" else kind), str(value.device)


def create() -> Keras3OnTorch:
    """The backend that the trainer drives."""
    return Keras3OnTorch()
