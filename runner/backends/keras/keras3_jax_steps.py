"""Q and its update as functions of JAX, over models of Keras 3."""

from __future__ import annotations

from typing import Any


class JaxSteps:
    """Keras' stateless calls in compiled functions, as its guide to loops in JAX has them.

    The values of all variables are kept here while it learns; those of an update are donated.
    """

    def __init__(self, jax: Any, learner: Any, q: Any, copy: Any) -> None:
        """``learner`` is compiled: from a state and a choice, one-hot, to Q of the choice."""
        import numpy

        self._jax, self._numpy, self._learner = jax, numpy, learner
        self._actions = q.output_shape[-1]
        self._of_q, self._of_copy = q, copy
        learner.optimizer.build(learner.trainable_variables)
        self._trained = [variable.value for variable in learner.trainable_variables]
        self._fixed = [variable.value for variable in learner.non_trainable_variables]
        self._slots = [variable.value for variable in learner.optimizer.variables]
        self._values = jax.jit(self._value)
        self._update = jax.jit(self._updated, donate_argnums=(0, 1))
        self.copy_target()

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._numpy.asarray(self._values(self._trained, states))

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._numpy.asarray(self._values(self._copied, states))

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; the loss stays on the device."""
        self._trained, self._slots, loss = self._update(
            self._trained, self._slots, states, actions, targets
        )
        return loss

    def copy_target(self) -> None:
        """Arrays of its own: those of the network are donated."""
        self._copied = [self._jax.numpy.copy(value) for value in self._trained]

    def settle(self) -> None:
        """All variables get their values."""
        for model, values in ((self._learner, self._trained), (self._of_copy, self._copied)):
            for variable, value in zip(model.trainable_variables, values):
                variable.assign(value)

    def _value(self, trained: Any, states: Any) -> Any:
        return self._of_q.stateless_call(trained, [], states.astype("float32"))[0]

    def _updated(self, trained: Any, slots: Any, states: Any, actions: Any, targets: Any) -> Any:
        choices = self._jax.nn.one_hot(actions, self._actions)

        def loss_of(trained: Any) -> Any:
            inputs = [states.astype("float32"), choices]
            found, _ = self._learner.stateless_call(trained, self._fixed, inputs, training=True)
            return self._learner.loss(targets[:, None], found)

        loss, gradients = self._jax.value_and_grad(loss_of)(trained)
        trained, slots = self._learner.optimizer.stateless_apply(slots, gradients, trained)
        return trained, slots, loss
