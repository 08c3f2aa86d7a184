"""A Keras agent whose models are called by steps of one's own, compiled by what runs below.

Keras' guides have such a loop for TensorFlow, JAX and PyTorch each: ``predict_on_batch`` and
``train_on_batch`` do much besides at every call.
"""

from __future__ import annotations

from typing import Any, List, Tuple

from typing_extensions import Protocol

from runner.backends.base import Facts
from runner.backends.keras.keras_agent import KerasAgent
from runner.games.agent import Agent


class Steps(Agent, Protocol):
    """Q and the update, of models that are built and compiled."""

    def settle(self) -> None:
        """Give the models' variables their values, where these are kept elsewhere meanwhile."""


class AgentBySteps:
    """Models, weights and attestation of ``agent``, steps of ``steps``."""

    def __init__(self, agent: KerasAgent, steps: Steps) -> None:
        self._agent, self._steps = agent, steps
        self.act, self.target = steps.act, steps.target
        self.learn, self.copy_target = steps.learn, steps.copy_target

    def compile(self) -> bool:
        """Steps are traced at their first calls."""
        return False

    def weights(self) -> List[Any]:
        """Of the agent's model."""
        self._steps.settle()
        return self._agent.weights()

    def attest(self) -> Tuple[str, Facts]:
        """Of the agent, and what makes its steps."""
        device, facts = self._agent.attest()
        return device, {**facts, "steps": type(self._steps).__name__}
