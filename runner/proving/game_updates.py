"""Are a game's updates those of the recipe, and does it play by its own weights?

NumPy plays and learns the same in double precision, from the weights that were handed over.
"""

from __future__ import annotations

from typing import Any, List

from runner.channel import tensors
from runner.contract.conformance import Check
from runner.games.q_in_numpy import NumPyAgent
from runner.games.q_loop import QLoop
from runner.networks import in_numpy
from runner.proving.trials import Told
from runner.proving.weights_apart import apart

AS_IN_NUMPY = 0.005
"""The worst of 42 sound trials was 0.00006 (seven tools, both modes, 2026-11-26). Steps that are a
hundredth longer make 0.01."""

A_VALUE = 1e-5
"""Or as a share of the value where that is more than one; of float32 against float32."""

_MORE = 2
"""Times as many updates are made in NumPy, to say how many there were."""


class _Remembering(NumPyAgent):
    """Keeps the weights after each update."""

    def learn(self, states: Any, actions: Any, targets: Any) -> float:
        loss = super().learn(states, actions, targets)
        self.history = [*getattr(self, "history", []), self.now]
        return loss


def whole_batches(told: Told) -> List[Check]:
    """Of :func:`runner.proving.game_plans.whole_batches`."""
    return [_as_in_numpy("update", told)]


def small_batches(told: Told) -> List[Check]:
    """Of :func:`runner.proving.game_plans.small_batches`."""
    return [_as_in_numpy("updates", told)]


def greedy(told: Told) -> List[Check]:
    """Of :func:`runner.proving.game_plans.greedy`."""
    return [_as_in_numpy("act", told)]


def of_its_value(told: Told) -> List[Check]:
    """The value of states that the backend finds with the trained weights."""
    workload = told.trial.workload
    states = workload.fixed_states().states
    values = in_numpy.probabilities(workload.network, tensors(told.trained), states.astype("f4"))
    value = float(values.max(axis=1).mean())
    check = Check(
        name="value",
        expected=value,
        seen=float(told.done.facts["claims"]["state_value"]),
        tolerance=A_VALUE * max(1.0, abs(value)),
        detail="the largest Q of a state, mean over states of play, after the updates",
    )
    return [check]


def _as_in_numpy(name: str, told: Told) -> Check:
    """How far the trained weights are from NumPy's.

    Raises:
        ChannelError: shapes and bytes of the weights do not fit together.
        ValueError: they are not those of the network.
    """
    workload, steps, seed = told.trial
    recipe, untrained, trained = workload.recipe, tensors(told.untrained), tensors(told.trained)
    due = [weight.shape for weight in workload.network.weights()]
    for weights in (untrained, trained):
        if [weight.shape for weight in weights] != due:
            raise ValueError("the weights do not have the shapes of the network's")
    agent = _Remembering(workload.network, recipe.optimizer, untrained)
    count = recipe.updates(steps)
    further = steps + (_MORE - 1) * count * recipe.copies
    QLoop(workload.rules, recipe, seed).run(agent, further, further, lambda *_: None)
    shares = [apart(workload.network, trained, weights, untrained) for weights in agent.history]
    nearest = shares.index(min(shares)) + 1
    return Check(
        name=name,
        expected=0.0,
        seen=shares[count - 1],
        tolerance=AS_IN_NUMPY,
        detail=f"the weights are nearest to those of {nearest} updates on batches of "
        f"{recipe.batch_size}, {count} were due",
    )
