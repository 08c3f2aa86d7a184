"""Q and its update by PyTorch's own calls, over models of Keras 3."""

from __future__ import annotations

from typing import Any

from runner.backends.keras.keras_agent import KerasAgent
from runner.networks.layout import channels_first


class TorchSteps:
    """Keras' models as modules of PyTorch, as its guide to loops in PyTorch has them.

    States are moved as the bytes that they are, channels first.
    """

    def __init__(self, torch: Any, agent: KerasAgent) -> None:
        self._torch, self._agent = torch, agent
        self._learner = agent.learner
        self._variables = agent.learner.trainable_variables
        self._learner.optimizer.build(self._variables)
        self._device = self._variables[0].value.device

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._value(self._agent.q, states)

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._value(self._agent.copy, states)

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; the loss stays on the device."""
        torch, device = self._torch, self._device
        chosen = torch.from_numpy(actions).to(device).unsqueeze(1)
        wanted = torch.from_numpy(targets).to(device).unsqueeze(1)
        values = self._agent.q(self._inputs(states), training=True).gather(1, chosen)
        loss = self._learner.loss(wanted, values)
        self._learner.zero_grad()
        loss.backward()
        with torch.no_grad():
            gradients = [variable.value.grad for variable in self._variables]
            self._learner.optimizer.apply(gradients, self._variables)
        return loss.detach()

    def copy_target(self) -> None:
        """On the device."""
        with self._torch.no_grad():
            pairs = zip(self._agent.q.trainable_variables, self._agent.copy.trainable_variables)
            for own, other in pairs:
                other.value.copy_(own.value)

    def settle(self) -> None:
        """They are the variables' own."""

    def _value(self, model: Any, states: Any) -> Any:
        with self._torch.no_grad():
            return model(self._inputs(states), training=False).cpu().numpy()

    def _inputs(self, states: Any) -> Any:
        return self._torch.from_numpy(channels_first(states)).to(self._device).float()
