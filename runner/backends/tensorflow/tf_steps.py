"""Q and its update as functions of TensorFlow, over models of Keras 2 or 3."""

from __future__ import annotations

from typing import Any


class TensorFlowSteps:
    """The models' own layers, loss and optimizer, traced once for each number of states."""

    def __init__(self, tf: Any, learner: Any, q: Any, copy: Any, jit: bool) -> None:
        """``learner`` is compiled: from a state and a choice, one-hot, to Q of the choice."""
        self._tf = tf
        own, other = q.trainable_variables, copy.trainable_variables

        def value(model: Any) -> Any:
            return tf.function(
                lambda states: model(tf.cast(states, tf.float32), training=False), jit_compile=jit
            )

        def update(states: Any, actions: Any, targets: Any) -> Any:
            choices = tf.one_hot(actions, q.output_shape[-1])
            with tf.GradientTape() as tape:
                found = learner([tf.cast(states, tf.float32), choices], training=True)
                loss = learner.loss(targets[:, None], found)
            gradients = tape.gradient(loss, own)
            learner.optimizer.apply_gradients(zip(gradients, own))
            return loss

        def copied() -> None:
            for mine, theirs in zip(own, other):
                theirs.assign(mine)

        learner.optimizer.build(own)
        self._act, self._target = value(q), value(copy)
        self._update = tf.function(update, jit_compile=jit)
        self._copied = tf.function(copied)

    def act(self, states: Any) -> Any:
        """Q, read on the host."""
        return self._act(self._tf.constant(states)).numpy()

    def target(self, states: Any) -> Any:
        """The copy's Q, read on the host."""
        return self._target(self._tf.constant(states)).numpy()

    def learn(self, states: Any, actions: Any, targets: Any) -> Any:
        """One update; the loss stays on the device."""
        constant = self._tf.constant
        return self._update(constant(states), constant(actions), constant(targets))

    def copy_target(self) -> None:
        """The copy gets the weights of now."""
        self._copied()

    def settle(self) -> None:
        """They are the variables' own."""
