"""Q-learning in plain JAX: Q and the update as compiled functions of the weights."""

from __future__ import annotations

from typing import Any, List, Tuple

from runner.backends.base import Facts
from runner.backends.jax import jax_optimizers
from runner.backends.jax.jax_layers import Layers
from runner.workloads.game_workload import GameWorkload


class JaxAgent:
    """Weights and those of the copy, channels last.

    As written, both functions compile when they are first called. Tuned, ahead of training; an
    update is in place (its weights are donated), and on a CPU convolutions are matrix products of
    patches (:class:`runner.backends.jax.jax_layers.Layers`).
    """

    def __init__(
        self, jax: Any, workload: GameWorkload, seed: int, tuned: bool, patches: bool
    ) -> None:
        self._jax, self._workload, self._tuned = jax, workload, tuned
        self._layers = Layers(jax, workload.network, patches)
        initial = jax.jit(self._layers.initial) if tuned else self._layers.initial
        self._weights = initial(jax.random.PRNGKey(seed))
        self._slots = jax_optimizers.begin(workload.recipe.optimizer, jax, self._weights)
        self._updates = 0
        self._q = jax.jit(self._values)
        self._step = jax.jit(self._one_update, donate_argnums=(0, 1) if tuned else ())
        self.copy_target()

    def compile(self) -> bool:
        """Tuned: Q of as many states as play and as a batch has, and the update; weights stay."""
        if not self._tuned:
            return False
        import numpy

        recipe, shape = self._workload.recipe, self._workload.rules.shape
        for count in (recipe.copies, recipe.batch_size):
            self.act(numpy.zeros((count, *shape), "uint8"))
        batch = [
            numpy.zeros(whole, kind)
            for whole, kind in (
                ((recipe.batch_size, *shape), "uint8"),
                (recipe.batch_size, "int64"),
                (recipe.batch_size, "float32"),
            )
        ]
        step = self._step.lower(self._weights, self._slots, self._updates, *batch)
        self._step = step.compile()
        return True

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._on_host(self._q(self._weights, states))

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._on_host(self._q(self._copy, states))

    def copy_target(self) -> None:
        """Arrays never change, so the copy is the same ones; donated ones are gone, so others."""
        self._copy = self._weights
        if self._tuned:
            self._copy = self._jax.tree.map(self._jax.numpy.copy, self._weights)

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; the loss stays on the device."""
        self._weights, self._slots, self._updates, loss = self._step(
            self._weights, self._slots, self._updates, states, actions, targets
        )
        return loss

    def weights(self) -> List[Any]:
        """As they are: height, width, inputs, filters, and inputs, units; channels last."""
        import numpy

        return [numpy.array(value) for value in self._jax.tree.leaves(self._weights)]

    def attest(self) -> Tuple[str, Facts]:
        """Device of the weights."""
        (device,) = self._jax.tree.leaves(self._weights)[0].devices()
        facts = {
            "layout": "channels_last",
            "weights_on": str(device),
            "convolutions_as_products": self._layers.patches,
        }
        return str(device.platform), facts

    def _values(self, weights: Any, states: Any) -> Any:
        return self._layers.logits(weights, states.astype("float32"), None)[0]

    def _loss(self, weights: Any, states: Any, actions: Any, targets: Any) -> Any:
        """Huber's, with a threshold of 1, mean over the batch."""
        jnp = self._jax.numpy
        values = self._values(weights, states)
        off = jnp.take_along_axis(values, actions[:, None], axis=1)[:, 0] - targets
        size = jnp.abs(off)
        return jnp.where(size <= 1.0, 0.5 * off * off, size - 0.5).mean()

    def _one_update(
        self, weights: Any, slots: Any, update: Any, states: Any, actions: Any, targets: Any
    ) -> Any:
        learn = self._jax.value_and_grad(self._loss)
        loss, gradients = learn(weights, states, actions, targets)
        optimizer = self._workload.recipe.optimizer
        weights, slots = jax_optimizers.step(
            optimizer, self._jax, update, weights, slots, gradients
        )
        return weights, slots, update + 1, loss

    def _on_host(self, values: Any) -> Any:
        import numpy

        return numpy.asarray(values)
