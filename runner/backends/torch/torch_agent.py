"""Q-learning with PyTorch, as its own tutorial on it has the model, the loss and the step."""

from __future__ import annotations

import copy
from typing import Any, List, Tuple

from runner.backends.base import Facts
from runner.backends.torch import torch_layers, torch_optimizers
from runner.backends.torch.torch_precision import TorchPrecision
from runner.networks.layout import channels_first, from_outputs_first
from runner.workloads.game_workload import GameWorkload


class TorchAgent:
    """A module and its copy, channels first: PyTorch's default layout.

    As written, states become float32 on the host and are moved. Tuned, they are moved as the bytes
    that they are.
    """

    def __init__(self, torch: Any, device: Any, workload: GameWorkload, tuned: bool) -> None:
        self._torch, self._device, self._tuned = torch, device, tuned
        self._network = network = workload.network
        model = torch_layers.sequence(torch.nn, network.layers, network.input_shape)
        self._model = model.to(device)
        torch_layers.initialise(torch.nn, network, torch_layers.tensors(self._model))
        self._copy = copy.deepcopy(self._model)
        self._loss = torch.nn.SmoothL1Loss()  # Huber's with a threshold of 1
        self._stepper = torch_optimizers.stepper(
            workload.recipe.optimizer,
            torch,
            list(self._model.parameters()),
            TorchPrecision(torch, device, "float32", captured=False),
            False,
        )
        self._updates = 0

    def compile(self) -> bool:
        """Nothing is compiled."""
        return False

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._values(self._model, states)

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._values(self._copy, states)

    def copy_target(self) -> None:
        """By the state dictionary."""
        self._copy.load_state_dict(self._model.state_dict())

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; the loss stays on the device."""
        torch, device = self._torch, self._device
        chosen = torch.from_numpy(actions).to(device).unsqueeze(1)
        values = self._model(self._inputs(states)).gather(1, chosen).squeeze(1)
        loss = self._loss(values, torch.from_numpy(targets).to(device))
        self._stepper.clear()
        self._stepper.step(loss, self._updates)
        self._updates += 1
        return loss.detach()

    def weights(self) -> List[Any]:
        """PyTorch has outputs and channels first."""
        kept = torch_layers.tensors(self._model)
        values = [value.detach().cpu().numpy() for value in kept]
        return [value.copy() for value in from_outputs_first(self._network, values)]

    def attest(self) -> Tuple[str, Facts]:
        """Device of the parameters."""
        device = next(self._model.parameters()).device
        facts = {"layout": "channels_first", "weights_on": str(device)}
        return ("gpu" if device.type == "cuda" else "cpu"), facts

    def _values(self, model: Any, states: Any) -> Any:
        with self._torch.no_grad():
            return model(self._inputs(states)).cpu().numpy()

    def _inputs(self, states: Any) -> Any:
        first = self._torch.from_numpy(channels_first(states))
        if self._tuned:
            return first.to(self._device).float()
        return first.float().to(self._device)
